//! Before the first scan, and until the account is known.

use std::time::Duration;

use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Operation, Page, ProvisionedProduct, REGION, What, World,
};
use tokio::time::timeout;

use super::{FOR_EVER, PRODUCTS, SCAN, STACK_INSTANCES, denied, world};
use crate::support::{PATIENCE, Rig, http};

const WHO: Operation = Operation::GetCallerIdentity;

async fn is_ready(rig: &Rig) -> bool {
    match http::get(rig.address, "/-/ready", &[]).await.status {
        200 => true,
        503 => false,
        other => panic!("/-/ready answers {other}"),
    }
}

/// There is no event to wait for: a client sees readiness by asking.
async fn until_ready(rig: &Rig) {
    let asking = async { while !is_ready(rig).await {} };
    timeout(PATIENCE, asking).await.expect("it never became ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_tick_metrics_answers_with_the_daemons_families() {
    let rig = Rig::new(World::sized(5, 0, 0)).await;
    let scrape = rig.scrape().await;
    assert_eq!(scrape.value("servicecatalog_exporter_ready", &[]), Some(0.0));
    assert_eq!(scrape.all("servicecatalog_exporter_build_info", &[]).len(), 1);
    assert!(rig.simulator.calls().is_empty());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn during_the_first_scan_the_scan_families_say_that_nothing_is_known_yet() {
    let rig =
        Rig::with(World::sized(5, 1, 3), |config| config.aws.attempt_timeout = FOR_EVER).await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN));
    rig.tick().await;
    rig.wait_for(|target| target.account.is_some()).await;
    let scrape = rig.scrape().await;
    for stage in [PRODUCTS, STACK_INSTANCES] {
        for family in ["success", "last_success_timestamp_seconds", "stale", "failures_total"] {
            assert_eq!(scrape.of_stage(family, stage), Some(0.0), "{family} of {stage}");
        }
        assert_eq!(scrape.of_stage("duration_seconds", stage), None);
        assert_eq!(scrape.reasons(stage), [""; 0]);
    }
    assert_eq!(scrape.scan("last_attempt_timestamp_seconds"), Some(0.0));
    assert_eq!(scrape.scan("interval_seconds"), Some(300.0));
    assert!(scrape.scan("next_attempt_timestamp_seconds") > Some(1e9));
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(0.0));
    assert_eq!(scrape.value("servicecatalog_scans_skipped_total", &[]), Some(0.0));
    let target = [("aws_account_id", ACCOUNT), ("aws_region", REGION), ("role_arn", "")];
    assert_eq!(scrape.value("servicecatalog_target_info", &target), Some(1.0));
    let data = [
        "servicecatalog_provisioned_",
        "servicecatalog_stack_",
        "servicecatalog_series_dropped",
        "servicecatalog_scan_provisioned_products",
        "servicecatalog_scan_stack_",
    ];
    assert_eq!(scrape.families(&data), [""; 0], "no zero before anything is known");
    rig.stop().await;
}

/// The families that have T labels.
const OF_TARGETS: [&str; 5] = [
    "servicecatalog_scan",
    "servicecatalog_provisioned_",
    "servicecatalog_stack_",
    "servicecatalog_target_info",
    "servicecatalog_aws_requests_total",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_account_is_read_from_the_first_arn_where_aws_does_not_say_it_even_during_the_scan() {
    let rig =
        Rig::with(World::sized(30, 0, 0), |config| config.aws.attempt_timeout = FOR_EVER).await;
    rig.simulator.inject(denied(WHO));
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN).on_page(Page::Nth(2)));
    rig.tick().await;
    rig.wait_for(|target| target.account.is_some()).await;
    let scrape = rig.scrape().await;
    let account = [("aws_account_id", ACCOUNT)];
    assert_eq!(scrape.value("servicecatalog_scans_total", &account), Some(0.0));
    assert_eq!(scrape.families(&["servicecatalog_provisioned_"]), [""; 0]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_without_an_arn_leaves_the_account_to_the_next_one() {
    let mut nameless = ProvisionedProduct::healthy(0);
    nameless.arn = None;
    let rig = Rig::new(world(vec![nameless, ProvisionedProduct::healthy(1)])).await;
    rig.simulator.inject(denied(WHO));
    let scrape = rig.scan_and_scrape().await;
    let account = [("aws_account_id", ACCOUNT)];
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &account), Some(2.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_question_for_the_account_does_not_delay_the_scan() {
    let rig =
        Rig::with(World::sized(5, 0, 0), |config| config.aws.attempt_timeout = FOR_EVER).await;
    rig.simulator.inject(Fault::new(What::Hang).on(WHO));
    let scrape = rig.scan_and_scrape().await;
    rig.simulator.wait_for_call(|call| call.operation == Some(WHO)).await;
    assert_eq!(scrape.scan("provisioned_products"), Some(5.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_names_the_account_the_target_has_no_series_and_is_asked_again() {
    let rig = Rig::new(World::empty(ACCOUNT, REGION)).await;
    rig.simulator.inject(denied(WHO));
    rig.tick().await;
    rig.wait_for(|target| target.scans() == 1).await;
    let scrape = rig.scrape().await;
    assert_eq!(scrape.families(&OF_TARGETS), [""; 0]);
    // The target was tried.
    until_ready(&rig).await;
    rig.simulator.clear_faults();
    // The question of one scan may still be open when the next scan begins.
    rig.tick().await;
    rig.wait_for(|target| target.scans() == 2).await;
    let scrape = rig.scan_and_scrape().await;
    let account = [("aws_account_id", ACCOUNT)];
    assert_eq!(scrape.value("servicecatalog_scans_total", &account), Some(3.0));
    assert_eq!(scrape.scan("provisioned_products"), Some(0.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_known_is_not_asked_for_again() {
    let rig = Rig::new(World::sized(5, 0, 0)).await;
    for _ in 0..3 {
        rig.scan().await;
    }
    assert_eq!(rig.simulator.count(WHO), 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_while_the_first_scan_runs() {
    let rig =
        Rig::with(World::sized(5, 0, 0), |config| config.aws.attempt_timeout = FOR_EVER).await;
    assert!(!is_ready(&rig).await);
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN).times(1));
    rig.tick().await;
    rig.wait_for(|target| target.account.is_some()).await;
    assert!(!is_ready(&rig).await, "the first scan still runs");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_it_ready_scrapes_the_first_scan() {
    let rig = Rig::new(World::sized(100, 5, 3)).await;
    rig.tick().await;
    until_ready(&rig).await;
    // Not /metrics: that shows the target only with its account, which is asked for beside.
    let published = rig.reader.latest();
    assert_eq!(published.snapshot.targets[0].scans(), 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_scan_that_failed_counts_as_tried() {
    let rig = Rig::new(World::sized(5, 0, 0)).await;
    rig.simulator.inject(denied(SCAN));
    rig.tick().await;
    until_ready(&rig).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_time_for_it_over_it_is_ready_although_the_first_scan_still_hangs() {
    let rig = Rig::with(World::sized(5, 0, 0), |config| {
        config.aws.attempt_timeout = FOR_EVER;
        config.scan.ready_after = Duration::from_millis(300);
    })
    .await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN));
    rig.tick().await;
    until_ready(&rig).await;
    assert_eq!(rig.scans(), 0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_ready_it_stays_ready_whatever_fails() {
    let rig = Rig::with(World::sized(5, 0, 0), |config| {
        config.scan.serve_stale_for = Duration::from_millis(500);
    })
    .await;
    rig.scan().await;
    until_ready(&rig).await;
    rig.simulator.inject(denied(SCAN));
    rig.scan().await;
    assert!(is_ready(&rig).await);
    rig.wait_for(|target| target.products().is_none()).await;
    assert!(is_ready(&rig).await, "nothing is served any more");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gauge_says_ready_too() {
    let rig = Rig::new(World::sized(5, 0, 0)).await;
    rig.scan().await;
    until_ready(&rig).await;
    let scrape = rig.scrape().await;
    assert_eq!(scrape.value("servicecatalog_exporter_ready", &[]), Some(1.0));
    rig.stop().await;
}
