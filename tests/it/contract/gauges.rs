//! The gauges of the scans describe the last finished attempt.

use std::time::Duration;

use servicecatalog_exporter::sim::{Fault, What, World};

use super::{FOR_EVER, LIST, PRODUCTS, SCAN, STACK_INSTANCES, denied};
use crate::support::Rig;

const LAST_SUCCESS: &str = "last_success_timestamp_seconds";
const LAST_ATTEMPT: &str = "last_attempt_timestamp_seconds";
const NEXT_ATTEMPT: &str = "next_attempt_timestamp_seconds";
const DURATION: &str = "duration_seconds";

#[tokio::test(flavor = "multi_thread")]
async fn a_success_is_dated_by_the_begin_of_its_attempt() {
    let rig = Rig::new(World::sized(5, 1, 3)).await;
    let scrape = rig.scan_and_scrape().await;
    let begun = scrape.scan(LAST_ATTEMPT);
    assert!(begun > Some(1e9));
    assert_eq!(scrape.of_stage(LAST_SUCCESS, PRODUCTS), begun);
    assert_eq!(scrape.of_stage(LAST_SUCCESS, STACK_INSTANCES), begun);
    assert!(scrape.listed(0) >= begun, "a listing is asked for after the list that names it");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_moves_the_last_attempt_and_leaves_the_last_success_of_its_stage() {
    let rig = Rig::new(World::sized(5, 1, 3)).await;
    let first = rig.scan_and_scrape().await;
    rig.simulator.inject(denied(LIST));
    let second = rig.scan_and_scrape().await;
    assert!(second.scan(LAST_ATTEMPT) > first.scan(LAST_ATTEMPT));
    assert_eq!(second.of_stage(LAST_SUCCESS, PRODUCTS), second.scan(LAST_ATTEMPT));
    assert_eq!(second.of_stage(LAST_SUCCESS, STACK_INSTANCES), first.scan(LAST_ATTEMPT));
    rig.simulator.inject(denied(SCAN));
    let third = rig.scan_and_scrape().await;
    assert!(third.scan(LAST_ATTEMPT) > second.scan(LAST_ATTEMPT));
    assert_eq!(third.of_stage(LAST_SUCCESS, PRODUCTS), second.scan(LAST_ATTEMPT));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_duration_of_a_stage_is_that_of_its_last_attempt_failed_or_not() {
    let rig = Rig::new(World::sized(5, 1, 3)).await;
    let slow = Duration::from_millis(100);
    rig.simulator.set_latency(slow);
    let first = rig.scan_and_scrape().await;
    for stage in [PRODUCTS, STACK_INSTANCES] {
        assert!(first.of_stage(DURATION, stage) >= Some(slow.as_secs_f64()), "{stage}");
    }
    rig.simulator.inject(denied(SCAN));
    let second = rig.scan_and_scrape().await;
    assert_ne!(second.of_stage(DURATION, PRODUCTS), first.of_stage(DURATION, PRODUCTS));
    assert!(second.of_stage(DURATION, PRODUCTS) >= Some(slow.as_secs_f64()));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_is_there_only_while_the_last_attempt_of_its_stage_failed() {
    let rig = Rig::new(World::sized(5, 1, 3)).await;
    rig.simulator.inject(Fault::new(What::Expired).on(SCAN).times(1));
    rig.scan_and_scrape().await.assert_failed(PRODUCTS, "credentials");
    rig.simulator.inject(denied(SCAN).times(1));
    rig.scan_and_scrape().await.assert_failed(PRODUCTS, "access_denied");
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    assert_eq!(scrape.families(&["servicecatalog_scan_failure_reason"]), [""; 0]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_scan_does_not_change_what_is_stale() {
    let rig =
        Rig::with(World::sized(5, 1, 3), |config| config.aws.attempt_timeout = FOR_EVER).await;
    rig.scan().await;
    rig.simulator.inject(denied(LIST).times(1));
    rig.scan_and_scrape().await.assert_failed(STACK_INSTANCES, "access_denied");
    rig.simulator.inject(Fault::new(What::Hang).on(LIST));
    let listings = rig.simulator.count(LIST);
    rig.tick().await;
    rig.simulator.wait_until(|calls| calls.count(LIST) > listings).await;
    let scrape = rig.scrape().await;
    scrape.assert_failed(STACK_INSTANCES, "access_denied");
    scrape.assert_succeeded(PRODUCTS);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_attempt_is_due_an_interval_after_the_tick_skipped_or_not() {
    let rig = Rig::with(World::sized(5, 0, 0), |config| {
        config.scan.interval = Duration::from_secs(3600);
        config.aws.attempt_timeout = FOR_EVER;
    })
    .await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.scan("interval_seconds"), Some(3600.0));
    let ahead = scrape.scan(NEXT_ATTEMPT).unwrap() - scrape.scan(LAST_ATTEMPT).unwrap();
    assert!((3500.0..=3600.0).contains(&ahead), "{ahead}");
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN));
    rig.tick().await;
    rig.tick().await;
    rig.wait_for(|target| target.skipped() == 1).await;
    let skipped = rig.scrape().await;
    assert!(skipped.scan(NEXT_ATTEMPT) > scrape.scan(NEXT_ATTEMPT));
    assert_eq!(skipped.scan(LAST_ATTEMPT), scrape.scan(LAST_ATTEMPT));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timer_scans_at_once_and_again_after_every_interval() {
    let rig = Rig::timed(World::sized(5, 0, 0), |config| {
        config.scan.interval = Duration::from_millis(200);
    })
    .await;
    rig.wait_for(|target| target.scans() >= 3 && target.account.is_some()).await;
    let scrape = rig.scrape().await;
    assert_eq!(scrape.scan("provisioned_products"), Some(5.0));
    assert_eq!(scrape.scan("interval_seconds"), Some(0.2));
    rig.stop().await;
}
