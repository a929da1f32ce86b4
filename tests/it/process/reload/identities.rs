//! What a reload does to identities: whose role is assumed anew, and what stays of its target.

use servicecatalog_exporter::sim::{Fault, Operation, Role};

use super::*;

/// Another text that a role wants to hear.
const OTHER: &str = "close-sesame-18";

/// The trust of account `n` wants another external id from now on.
fn rotate(watch: &Watch, n: usize) {
    let fleet = fleet();
    let role = Role::new(&Fleet::account(n), &fleet.role).trusting([Fleet::MANAGEMENT]);
    watch.simulator.with_world(|world| world.add_role(role.with_external_id(OTHER)));
}

fn assumed(watch: &Watch, n: usize) -> u64 {
    watch.simulator.count_of_role(&fleet().role_arn(&Fleet::account(n)))
}

/// Targets in every enabled region, with that external id.
fn everywhere(n: usize, external_id: &str) -> String {
    let arn = fleet().role_arn(&Fleet::account(n));
    format!("targets:\n  - {{role_arn: '{arn}', external_id: {external_id}, regions: auto}}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn another_external_id_renews_the_credentials_of_that_role_alone() {
    let watch = Watch::start(&targets(&[0, 1, 2]), &["--web.enable-lifecycle"]).await;
    let before = watch.shows(&[0, 1, 2]).await;
    rotate(&watch, 1);
    let yaml = targets(&[0, 1, 2]).replacen(SECRET, "\u{1}", 1);
    let yaml = yaml.replacen(SECRET, OTHER, 1).replacen('\u{1}', SECRET, 1);
    watch.reload(&yaml).await;
    assert_eq!(http::post(watch.address, "/-/scan", &[]).await.status, 202);
    let after = watch.scrape_until(|scrape| scrape.sum(SCANS, &[]) == 6.0).await;
    assert_eq!(after.sum("servicecatalog_scan_failures_total", &[]), 0.0);
    assert_eq!(after.all(PRODUCTS, &[]), before.all(PRODUCTS, &[]));
    assert_eq!(after.sum("servicecatalog_scans_skipped_total", &[]), 0.0);
    assert_eq!([0, 1, 2].map(|n| assumed(&watch, n)), [1, 2, 1]);
    // The published hash helps nobody to guess them.
    assert_eq!(after.value(HASH, &[]), before.value(HASH, &[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_is_asked_for_after_a_reload_is_one_of_the_new_targets() {
    let watch = Watch::start(&targets(&[0]), &["--web.enable-lifecycle"]).await;
    watch.shows(&[0]).await;
    for n in 1..8 {
        watch.reload(&targets(&[0, n])).await;
        assert_eq!(http::post(watch.address, "/-/scan", &[]).await.status, 202);
        let after = watch.shows(&[0, n]).await;
        // Due and asked for at once, it is scanned; neither is left out.
        assert_eq!(after.sum("servicecatalog_scans_skipped_total", &[]), 0.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_target_is_asked_at_once_when_its_settings_are_mended() {
    const SCAN_NEXT: &str = "servicecatalog_scan_next_attempt_timestamp_seconds";
    const LAST: &str = "servicecatalog_scan_last_attempt_timestamp_seconds";
    let account = Fleet::account(0);
    let watch = Watch::start(&targets(&[0]), &["--web.enable-lifecycle"]).await;
    watch.shows(&[0]).await;
    let yaml = targets(&[0]);
    // The file is wrong, and the target backs off.
    watch.reload(&yaml.replace(SECRET, OTHER)).await;
    for scans in 2..=4 {
        assert_eq!(http::post(watch.address, "/-/scan", &[]).await.status, 202);
        watch.scrape_until(|scrape| scrape.sum(SCANS, &[]) == f64::from(scans)).await;
    }
    let denied = watch.scrape().await;
    let denied_at = [("reason", "credentials"), ("aws_account_id", &*account)];
    assert_eq!(denied.sum("servicecatalog_scan_failure_reason", &denied_at), 1.0);
    let pause = denied.sum(SCAN_NEXT, &[]) - denied.sum(LAST, &[]);
    assert!((590.0..610.0).contains(&pause), "twice the interval, not {pause}");
    // Nobody asks for a scan now: the mended file does.
    watch.reload(&yaml).await;
    let mended = watch.scrape_until(|scrape| scrape.sum(SCANS, &[]) == 5.0).await;
    assert_eq!(mended.value("servicecatalog_scan_success", &[("stage", "products")]), Some(1.0));
    let pause = mended.sum(SCAN_NEXT, &[]) - mended.sum(LAST, &[]);
    assert!((0.0..=301.0).contains(&pause), "within the interval, not {pause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_in_all_enabled_regions_stay_while_their_settings_change() {
    let watch = Watch::start(&everywhere(0, SECRET), &["--web.enable-lifecycle"]).await;
    let success =
        |scrape: &Scrape| scrape.sum("servicecatalog_scan_success", &[("stage", "products")]);
    let wanted = watch.scrape().await.value("servicecatalog_exporter_targets", &[]);
    let before = watch.scrape_until(|scrape| Some(success(scrape)) == wanted).await;
    assert!(wanted > Some(10.0), "{wanted:?}");
    rotate(&watch, 0);
    // Whoever asks for the regions waits.
    let asked = watch.simulator.count(Operation::ListRegions);
    watch.simulator.set_latency(Duration::from_millis(300));
    watch.reload(&everywhere(0, OTHER)).await;
    let answered = [("aws_region", "aws-global"), ("operation", "ListRegions")];
    // Reading a scrape checks that no series is there twice.
    let renewed = watch.scrape_until(|scrape| {
        assert_eq!(scrape.all(PRODUCTS, &[]), before.all(PRODUCTS, &[]));
        assert_eq!(scrape.all(SCANS, &[]), before.all(SCANS, &[]));
        scrape.sum("servicecatalog_aws_requests_total", &answered) == (asked + 1) as f64
    });
    renewed.await;
    assert_eq!(assumed(&watch, 0), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_target_stays_while_the_regions_of_its_account_are_asked_for() {
    let watch = Watch::start(&targets(&[0]), &["--web.enable-lifecycle"]).await;
    let before = watch.shows(&[0]).await;
    watch.simulator.set_latency(Duration::from_millis(300));
    watch.reload(&everywhere(0, SECRET)).await;
    let here = [("aws_region", "eu-central-1")];
    let grown = watch.scrape_until(|scrape| {
        assert_eq!(scrape.all(PRODUCTS, &here), before.all(PRODUCTS, &here));
        assert_eq!(scrape.value(SCANS, &here), Some(1.0));
        scrape.all(SCANS, &[]).len() > 10
    });
    grown.await;
    assert_eq!(assumed(&watch, 0), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_about_an_account_is_counted_no_more_when_the_account_is_gone() {
    let yaml = everywhere(0, SECRET) + targets(&[1]).trim_start_matches("targets:\n");
    let watch = Watch::start(&yaml, &["--web.enable-lifecycle"]).await;
    let global = [("aws_region", "aws-global")];
    let requests = "servicecatalog_aws_requests_total";
    watch.scrape_until(|scrape| !scrape.all(requests, &global).is_empty()).await;
    watch.reload(&targets(&[1])).await;
    let after = watch.shows(&[1]).await;
    assert_eq!(after.all(requests, &global).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_external_id_is_ever_said() {
    let args = ["--web.enable-lifecycle", "--log.level=debug"];
    let mut world = World::fleet(&fleet());
    world.inject(Fault::role_denied(fleet().role_arn(&Fleet::account(1))));
    let yaml = targets(&[0, 1]);
    let watch = Watch::of(world, &args, |folder| {
        std::fs::write(folder.join("exporter.yml"), &yaml).unwrap();
    });
    let watch = watch.await;
    let mut said = String::new();
    for yaml in [
        yaml.replace(SECRET, OTHER),
        yaml.replace("external_id", "externalid"),
        yaml.replace(SECRET, &format!("[{SECRET}]")),
        yaml.replace(SECRET, &format!("\"{SECRET}")),
        format!("{SECRET}\n"),
        yaml.clone(),
    ] {
        watch.write(&yaml);
        said += &http::post(watch.address, "/-/reload", &[]).await.text();
        said += &http::post(watch.address, "/-/scan", &[]).await.text();
    }
    watch.scrape_until(|scrape| scrape.sum(SCANS, &[]) >= 4.0).await;
    for path in ["/", "/metrics", "/-/ready", "/-/healthy"] {
        said += &http::get(watch.address, path, &[]).await.text();
    }
    watch.program.signal("TERM");
    said += &watch.program.end().await.stderr.join("\n");
    assert!(said.contains("Refused") && said.contains("credentials"), "{said}");
    for secret in [SECRET, OTHER, "sesame"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}
