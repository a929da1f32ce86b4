//! Counters of a target move at the end of an attempt, at a skipped tick, and every 15 s during
//! an attempt.

use std::time::Duration;

use servicecatalog_exporter::sim::{Call, Fault, Outcome, Page, What, World};

use super::{FOR_EVER, LIST, PRODUCTS, SCAN, STACK_INSTANCES, denied};
use crate::support::Rig;

/// An exporter whose first scan hangs on its second page, the first one answered.
async fn hanging() -> Rig {
    let rig =
        Rig::with(World::sized(30, 0, 0), |config| config.aws.attempt_timeout = FOR_EVER).await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN).on_page(Page::Nth(2)));
    rig.tick().await;
    rig.simulator.wait_until(|calls| calls.count(SCAN) == 2).await;
    rig.wait_for(|target| target.account.is_some()).await;
    rig
}

#[tokio::test(flavor = "multi_thread")]
async fn they_move_at_the_end_of_an_attempt() {
    let rig = Rig::new(World::sized(30, 2, 3)).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.requests(SCAN), Some(2.0));
    assert_eq!(scrape.requests(LIST), Some(2.0));
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(1.0));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.requests(SCAN), Some(4.0));
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(2.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_came_moves_none_before_its_time() {
    let rig = hanging().await;
    let scrape = rig.scrape().await;
    assert_eq!(scrape.requests(SCAN), None, "the series appears with the first move");
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(0.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_move_at_a_skipped_tick() {
    let rig = hanging().await;
    rig.tick().await;
    rig.wait_for(|target| target.skipped() == 1).await;
    let scrape = rig.scrape().await;
    assert_eq!(scrape.value("servicecatalog_scans_skipped_total", &[]), Some(1.0));
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(0.0));
    assert_eq!(scrape.requests(SCAN), Some(1.0));
    rig.stop().await;
}

/// This one waits for the 15 seconds.
#[tokio::test(flavor = "multi_thread")]
async fn they_move_during_an_attempt_that_takes_long() {
    let rig = hanging().await;
    rig.wait_for(|target| !target.calls.operations.is_empty()).await;
    let scrape = rig.scrape().await;
    assert_eq!(scrape.requests(SCAN), Some(1.0));
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(0.0), "it still runs");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tick_is_skipped_while_a_scan_runs_and_no_second_scan_begins() {
    let rig = hanging().await;
    for _ in 0..3 {
        rig.tick().await;
    }
    rig.wait_for(|target| target.skipped() == 3).await;
    assert_eq!(rig.simulator.count(SCAN), 2);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_of_the_timer_that_fall_into_a_running_scan_are_skipped_and_counted() {
    let rig = Rig::timed(World::sized(5, 0, 0), |config| {
        config.scan.interval = Duration::from_millis(100);
        config.aws.attempt_timeout = FOR_EVER;
    })
    .await;
    rig.wait_for(|target| target.scans() >= 2).await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN));
    let hangs = |call: &Call| call.outcome == Outcome::Faulted(What::Hang);
    rig.simulator.wait_for_call(hangs).await;
    let before = rig.reader.latest().snapshot.targets[0].skipped();
    rig.wait_for(|target| target.skipped() >= before + 3).await;
    let hanging = rig.simulator.calls().into_iter().filter(hangs).count();
    assert_eq!(hanging, 1, "no other scan began meanwhile");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_attempts_are_counted_with_the_failed_ones_and_failures_by_stage() {
    let rig = Rig::new(World::sized(5, 1, 3)).await;
    rig.scan().await;
    rig.simulator.inject(denied(SCAN).times(2));
    rig.scan().await;
    rig.scan().await;
    rig.simulator.inject(denied(LIST).times(1));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(4.0));
    assert_eq!(scrape.of_stage("failures_total", PRODUCTS), Some(2.0));
    assert_eq!(scrape.of_stage("failures_total", STACK_INSTANCES), Some(1.0));
    rig.stop().await;
}
