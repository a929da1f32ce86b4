//! A configuration that is refused changes nothing, and says so.

use super::*;

/// The same exporter as before that file: its data, its configuration, and no word of the secret.
async fn goes_on(watch: &Watch, before: &Scrape) -> Scrape {
    let refused = watch.scrape_until(|scrape| scrape.value(SUCCESSFUL, &[]) == Some(0.0)).await;
    for name in [HASH, LOADED_AT] {
        assert_eq!(refused.value(name, &[]), before.value(name, &[]), "{name}");
    }
    assert_eq!(refused.all(PRODUCTS, &[]), before.all(PRODUCTS, &[]));
    assert_eq!(shown(&refused), shown(before));
    let log = watch.program.log();
    assert!(log.contains("what ran before goes on"), "{log}");
    assert!(!log.contains(SECRET), "{log}");
    refused
}

/// A file that is mended counts again.
async fn is_mended(watch: &Watch, refused: &Scrape) {
    let mended = watch.scrape_until(|scrape| scrape.value(SUCCESSFUL, &[]) == Some(1.0)).await;
    assert!(mended.value(LOADED_AT, &[]) > refused.value(LOADED_AT, &[]));
    assert_ne!(mended.value(HASH, &[]), refused.value(HASH, &[]));
    watch.shows(&[0, 2]).await;
}

/// A target beside a secret whose ARN is none; it stands in line 3.
fn bad_arn() -> String {
    let bad = format!("  - {{external_id: {SECRET}, role_arn: 'arn:aws:iam::12:role/x'}}\n");
    targets(&[0]) + &bad
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_answers_where_the_file_is_wrong_and_keeps_its_secrets() {
    let watch = Watch::start(&targets(&[0, 1]), &["--web.enable-lifecycle"]).await;
    let before = watch.shows(&[0, 1]).await;
    let cases = [
        // A quote that does not end; the secret is on the line before.
        (format!("{}web: {{telemetry_path: \"/x}}\n", targets(&[0])), 3),
        (format!("{}scan: {{intervall: 1m}}\n", targets(&[0])), 3),
        (bad_arn(), 3),
        // The secret itself is what is wrong.
        (targets(&[0]).replace(SECRET, &format!("'{SECRET} has a blank'")), 2),
    ];
    for (yaml, line) in cases {
        watch.write(&yaml);
        let answer = http::post(watch.address, "/-/reload", &[]).await;
        let text = answer.text();
        assert_eq!(answer.status, 400, "{text}");
        let place = format!("{}:{line}:", watch.file.display());
        let (_, rest) = text.split_once(&place).expect(&text);
        let column = rest.split(':').next().unwrap();
        assert!(column.parse::<u32>().is_ok(), "a column: {text}");
        assert!(!text.contains(SECRET), "{text}");
        goes_on(&watch, &before).await;
    }
    let refused = goes_on(&watch, &before).await;
    watch.reload(&targets(&[0, 2])).await;
    is_mended(&watch, &refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_with_a_bad_file_changes_nothing_until_it_is_mended() {
    let watch = Watch::start(&targets(&[0, 1]), &[]).await;
    let before = watch.shows(&[0, 1]).await;
    watch.write(&bad_arn());
    watch.program.signal("HUP");
    let line = watch.program.logs("the configuration is refused").await;
    assert!(line.contains("why=\"SIGHUP\"") && line.contains("exporter.yml:3:"), "{line}");
    let refused = goes_on(&watch, &before).await;
    watch.write(&targets(&[0, 2]));
    watch.program.signal("HUP");
    is_mended(&watch, &refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_becomes_bad_is_refused_once_and_noticed_when_it_is_mended() {
    let watch = Watch::start(&targets(&[0, 1]), &[]).await;
    let before = watch.shows(&[0, 1]).await;
    watch.write(&bad_arn());
    let line = watch.program.logs("the configuration is refused").await;
    assert!(line.contains("why=\"its file changed\""), "{line}");
    let refused = goes_on(&watch, &before).await;
    watch.write(&targets(&[0, 2]));
    is_mended(&watch, &refused).await;
    assert_eq!(watch.program.log().matches("is refused").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_a_bad_one_until_it_is_back() {
    let watch = Watch::start(&targets(&[0, 1]), &["--web.enable-lifecycle"]).await;
    let before = watch.shows(&[0, 1]).await;
    std::fs::remove_file(&watch.file).unwrap();
    let answer = http::post(watch.address, "/-/reload", &[]).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("cannot be read"), "{}", answer.text());
    let refused = goes_on(&watch, &before).await;
    watch.write(&targets(&[0, 2]));
    is_mended(&watch, &refused).await;
}
