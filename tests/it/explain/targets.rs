//! Why an account and region has the series that it has.

use std::time::Duration;

use servicecatalog_exporter::config::Shard;
use servicecatalog_exporter::sim::Fleet;

use super::*;
use crate::fleet;

const HOUR: Duration = Duration::from_secs(3600);

fn denied(operation: Operation) -> Fault {
    Fault::new(What::Denied).on(operation)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_well_says_how_old_its_list_is_and_when_the_next_comes() {
    let (rig, hands) = Rig::by_hand(World::sized(5, 2, 3), |_| ()).await;
    rig.scan().await;
    hands.forward(Duration::from_secs(77));
    let json = of_target(&rig).await;
    assert_eq!(json["verdict"], "ok");
    says(&json, &["All is well: the complete list of 5 products is of", "(1 min ago)"]);
    says(&json, &["the next attempt is due 20"]);
    assert_eq!(json["summary"].as_array().unwrap().len(), 1);
    assert_eq!(json["target"]["products_age_seconds"], 77.0);
    assert_eq!(json["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(json["attempts"][0]["listings"]["never_listed"], 2);
    assert!(fact(&json, "stack_sets").starts_with("2 stack sets, 0 of them unknown"), "{json:#}");
    assert!(fact(&json, "dropped_at").contains("in 58 min"), "{json:#}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_names_the_permission_and_the_request_and_what_is_still_served() {
    let rig = Rig::new(World::sized(3, 0, 0)).await;
    rig.scan().await;
    rig.simulator.inject(denied(SCAN));
    rig.attempt().await;
    let json = of_target(&rig).await;
    assert_eq!(json["verdict"], "failing");
    assert_eq!(
        json["missing_iam_actions"],
        serde_json::json!(["servicecatalog:ScanProvisionedProducts"])
    );
    says(&json, &["The stage products fails", "access_denied, from ScanProvisionedProducts"]);
    says(
        &json,
        &[
            "AccessDeniedException, request id ",
            "allow servicecatalog:ScanProvisionedProducts on *",
        ],
    );
    says(
        &json,
        &["What is served of its products is from", "without a complete list it is dropped at"],
    );
    assert_eq!(fact(&json, "missing_iam_action"), "servicecatalog:ScanProvisionedProducts");
    let error = &json["attempts"][0]["stages"][0]["error"];
    assert_eq!(error["code"], "AccessDeniedException");
    assert!(error["request_id"].as_str().is_some_and(|id| summary(&json).contains(id)), "{error}");
    assert_eq!(json["attempts"][1]["stages"][0]["result"], "succeeded");
    assert_eq!(facts(&json, "backed_off"), [""; 0]);
    for _ in 0..2 {
        rig.attempt().await;
    }
    let json = of_target(&rig).await;
    assert!(fact(&json, "backed_off").contains("asked less often"), "{json:#}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_target_says_so_with_the_request_and_the_last_attempts_are_five() {
    let rig = Rig::with(World::sized(3, 0, 0), |config| {
        config.scan.timeout = Duration::from_millis(300);
    });
    let rig = rig.await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Throttle).on(SCAN));
    for _ in 0..6 {
        rig.attempt().await;
    }
    let json = of_target(&rig).await;
    says(&json, &["throttled, from ScanProvisionedProducts (", "request id "]);
    says(&json, &["lower aws.max_requests_per_second"]);
    assert_eq!(json["missing_iam_actions"], serde_json::json!([]));
    let attempts = json["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 5);
    for attempt in attempts {
        assert_eq!(attempt["stages"][0]["reason"], "throttled", "{attempt}");
        assert!(attempt["stages"][0]["error"]["request_id"].is_string(), "{attempt}");
    }
    let lines = facts(&json, "attempt");
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| line.contains("throttled, from")), "{lines:#?}");
    assert!(!fact(&json, "calls").contains(" 0 of these throttled"), "{json:#}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_hangs_is_seen_to_run() {
    let (rig, hands) = Rig::by_hand(World::sized(3, 0, 0), |_| ()).await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN));
    rig.tick().await;
    hands.forward(HOUR / 2);
    // The tick that is left out is published.
    rig.tick().await;
    rig.wait_for(|target| target.skipped() > 0).await;
    let json = of_target(&rig).await;
    assert_eq!(json["verdict"], "stale");
    says(&json, &["was not renewed for more than three intervals: an attempt runs since"]);
    assert!(json["running_since_timestamp_seconds"].is_number(), "{json:#}");
    assert!(fact(&json, "skipped").starts_with("1 scan was left out"), "{json:#}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_attempt_hangs_nothing_is_known_and_that_is_no_zero() {
    let rig = Rig::new(World::sized(3, 0, 0)).await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN));
    let before = of_target(&rig).await;
    assert_eq!(before["verdict"], "not_a_target");
    rig.tick().await;
    rig.wait_for(|target| target.account.is_some() && target.running().is_some()).await;
    let json = of_target(&rig).await;
    assert_eq!(json["verdict"], "never_scanned");
    says(&json, &["never scanned to an end: an attempt runs since", "unknown, which is no zero"]);
    assert_eq!(json["target"]["products"], Value::Null);
    assert_eq!(fact(&json, "product_list"), "unknown");
    let product = of_product(&rig, &id(0)).await;
    assert_eq!(product["product"]["verdict"], "unknown");
    says(&product, &["is not known, as no product list is"]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_dropped_for_its_age_is_unknown_and_says_when_and_why() {
    let (rig, hands) = Rig::by_hand(World::sized(3, 0, 0), |_| ()).await;
    rig.scan().await;
    rig.simulator.inject(denied(SCAN));
    hands.forward(HOUR + HOUR);
    rig.attempt().await;
    rig.wait_for(|target| target.products().is_none()).await;
    let json = of_target(&rig).await;
    assert_eq!((&json["verdict"], &json["target"]["products"]), (&"failing".into(), &Value::Null));
    says(&json, &["Its products are unknown, and their series absent: the last complete list, of"]);
    says(&json, &["(2 h ago), was dropped after scan.serve_stale_for (1h)"]);
    let product = of_product(&rig, &id(0)).await;
    says(&product, &["Whether there is a", "access_denied"]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_denied_limit_a_target_and_name_the_permission() {
    let rig = Rig::with(World::sized(3, 0, 0), |config| config.enrich.names_and_tags = true).await;
    rig.simulator.inject(denied(Operation::SearchProvisionedProducts));
    rig.scan().await;
    let json = of_target(&rig).await;
    assert_eq!(json["verdict"], "limited");
    assert_eq!(
        json["missing_iam_actions"],
        serde_json::json!(["servicecatalog:SearchProvisionedProducts"])
    );
    says(&json, &["The stage names_and_tags fails", "do not suffer from it"]);
    let product = of_product(&rig, &id(0)).await;
    assert_eq!(fact(&product, "names"), "unknown, since the search for them failed");
    let stages = facts(&json, "stage");
    assert!(stages.iter().any(|line| line.contains("half an hour after a denial")), "{stages:#?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_target_is_told_with_what_is_one() {
    let rig = Rig::new(World::sized(3, 0, 0)).await;
    rig.scan().await;
    let json = ask(&rig, "account=999999999999&region=eu-central-1&product=pp-x").await;
    assert_eq!(json["verdict"], "not_a_target");
    assert_eq!((&json["target"], &json["product"]), (&Value::Null, &Value::Null));
    says(&json, &["Account 999999999999 in eu-central-1 is not among the targets"]);
    says(&json, &["All targets are known: check the number and the region"]);
    assert_eq!(fact(&json, "accounts_in_the_region"), ACCOUNT);
    assert_eq!(fact(&json, "regions_of_the_account"), "none");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_of_another_shard_is_told_with_its_shard() {
    let fleet = Fleet { accounts: 4, ..Fleet::default() };
    let mut homes = Vec::new();
    let asked = Fleet::account(1);
    for ordinal in 0..2 {
        let rig =
            fleet::watching(&fleet, |config| config.shard = Shard { ordinal, total: 2 }).await;
        fleet::found(&rig).await;
        let json = ask(&rig, &format!("account={asked}&region={REGION}")).await;
        match json["verdict"].as_str() {
            Some("not_a_target") => {
                let other = 1 - ordinal;
                says(
                    &json,
                    &[&format!("it belongs to shard {other}"), &format!("this is shard {ordinal}")],
                );
            }
            _ => homes.push(ordinal),
        }
        rig.stop().await;
    }
    assert_eq!(homes.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_question_is_refused_in_plain_words_and_off_is_off() {
    let rig = Rig::new(World::sized(1, 0, 0)).await;
    for (query, words) in [
        ("", "account is missing"),
        ("account=123456789012", "region is missing"),
        ("account=%zz&region=eu-central-1", "broken escape"),
    ] {
        let answer = get(rig.address, &format!("/api/v1/explain?{query}"), &[]).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/json")));
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    rig.stop().await;
    let off = |config: &mut Config| config.web.status_page = StatusPage::Off;
    let rig = Rig::with(World::sized(1, 0, 0), off).await;
    let path = format!("/api/v1/explain?account={ACCOUNT}&region={REGION}");
    let answer = get(rig.address, &path, &[]).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("web.status_page is off"), "{}", answer.text());
    rig.stop().await;
}
