//! Who may ask for what over HTTP, and what a wish for a scan does.

use servicecatalog_exporter::sim::Operation;

use super::*;
use crate::process::soon;

const SCAN: Operation = Operation::ScanProvisionedProducts;
const HOURLY: &str = "scan: {interval: 1h, timeout: 1h, serve_stale_for: 4h}\n";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reloads_or_scans_over_http_where_that_is_not_enabled() {
    let watch = Watch::start(&targets(&[0]), &[]).await;
    watch.write(&targets(&[0, 1]));
    for path in ["/-/reload", "/-/scan"] {
        let answer = http::post(watch.address, path, &[]).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().contains("--web.enable-lifecycle"), "{}", answer.text());
        assert_eq!(http::get(watch.address, path, &[]).await.status, 403);
    }
    assert_eq!(watch.simulator.count(SCAN), 1);
    assert!(!watch.program.log().contains("a request"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_and_a_get_change_nothing() {
    let watch = Watch::start(&targets(&[0]), &["--web.enable-lifecycle"]).await;
    let own = format!("http://{}", watch.address);
    for path in ["/-/reload", "/-/scan"] {
        let refused = [
            ("Origin", "http://elsewhere.example"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ];
        for header in refused {
            let answer = http::post(watch.address, path, &[header]).await;
            assert_eq!(answer.status, 403, "{header:?}");
        }
        let both = [("Sec-Fetch-Site", "cross-site"), ("Origin", &*own)];
        assert_eq!(http::post(watch.address, path, &both).await.status, 403);
        let got = http::get(watch.address, path, &[]).await;
        assert_eq!((got.status, got.header("allow")), (405, Some("POST")));
    }
    assert_eq!(watch.simulator.count(SCAN), 1);
    assert!(!watch.program.log().contains("was read again"));
    let same = [("Origin", &*own), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(http::post(watch.address, "/-/reload", &same).await.status, 200);
    assert_eq!(http::post(watch.address, "/-/scan", &same).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_scans_every_target_now_however_long_the_interval_is() {
    let yaml = targets(&[0, 1]) + HOURLY;
    let watch = Watch::start(&yaml, &["--web.enable-lifecycle"]).await;
    watch.shows(&[0, 1]).await;
    let answer = http::post(watch.address, "/-/scan", &[]).await;
    assert_eq!(answer.status, 202);
    watch.scrape_until(|scrape| scrape.sum(SCANS, &[]) == 4.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_wishes_during_a_scan_one_more_scan_comes() {
    let yaml = targets(&[0]) + HOURLY;
    let watch = Watch::start(&yaml, &["--web.enable-lifecycle"]).await;
    watch.shows(&[0]).await;
    let asked = |times| watch.simulator.wait_until(move |log| log.count(SCAN) == times);
    watch.simulator.set_latency(Duration::from_secs(2));
    assert_eq!(http::post(watch.address, "/-/scan", &[]).await.status, 202);
    soon(asked(2)).await;
    for _ in 0..5 {
        assert_eq!(http::post(watch.address, "/-/scan", &[]).await.status, 202);
    }
    watch.simulator.set_latency(Duration::ZERO);
    watch.scrape_until(|scrape| scrape.sum(SCANS, &[]) == 3.0).await;
    // A further one would have begun before whatever begins now.
    watch.reload(&(targets(&[0, 1]) + HOURLY)).await;
    let after = watch.shows(&[0, 1]).await;
    let account = Fleet::account(0);
    assert_eq!(after.value(SCANS, &[("aws_account_id", &*account)]), Some(3.0));
    assert_eq!(watch.simulator.count_in(SCAN, &account, "eu-central-1"), 3);
}
