//! Age is kept for each product list and each listing; each is dropped by itself when it was not
//! confirmed for too long, at that instant. Dropped data is unknown, not zero.

use std::time::{Duration, Instant};

use servicecatalog_exporter::sim::{Fault, What, World};
use servicecatalog_exporter::snapshot::TargetState;
use tokio::time::timeout;

use super::{FOR_EVER, LIST, PRODUCTS, SCAN, STACK_INSTANCES, denied, id};
use crate::support::exposition::Scrape;
use crate::support::{PATIENCE, Rig};

const SHORT: Duration = Duration::from_secs(2);

/// An exporter that keeps what is not confirmed for a short time only. Its scans take a moment,
/// so that one after the other is no busy loop.
async fn forgetful(world: World) -> Rig {
    let rig = Rig::with(world, |config| config.scan.serve_stale_for = SHORT).await;
    rig.simulator.set_latency(Duration::from_millis(20));
    rig
}

/// Scans again and again until the target is as wanted.
async fn scan_until(rig: &Rig, wanted: impl Fn(&TargetState) -> bool) {
    let scanning = async { while !wanted(&rig.scan().await.snapshot.targets[0]) {} };
    timeout(PATIENCE, scanning).await.expect("no scan brought what the test waits for");
}

/// Asserts that no family of served data has a series, and that the scan families do. A counter
/// says what was, and stays.
#[track_caller]
fn assert_nothing_served(scrape: &Scrape) {
    let data = [
        "servicecatalog_provisioned_",
        "servicecatalog_stack_",
        "servicecatalog_series_dropped",
        "servicecatalog_scan_provisioned_products",
        "servicecatalog_scan_stack_",
    ];
    let mut served = scrape.families(&data);
    served.retain(|family| *family != "servicecatalog_provisioned_product_transitions_total");
    assert_eq!(served, [""; 0]);
    assert!(scrape.families(&["servicecatalog_scan_"]).len() >= 8, "the scan families stay");
    assert_eq!(scrape.all("servicecatalog_target_info", &[]).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_dropped_at_the_instant_and_not_at_the_next_scan() {
    let rig = forgetful(World::sized(5, 2, 3)).await;
    let before = Instant::now();
    rig.scan().await;
    // No further tick: nothing but the age drops it.
    rig.wait_for(|target| target.products().is_none()).await;
    assert!(before.elapsed() >= SHORT, "dropped before its time");
    let scrape = rig.scrape().await;
    assert_nothing_served(&scrape);
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(1.0));
    for stage in [PRODUCTS, STACK_INSTANCES] {
        scrape.assert_succeeded(stage);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_target_is_stale_also_when_nothing_of_it_is_served_any_more() {
    let rig = forgetful(World::sized(5, 2, 3)).await;
    let first = rig.scan_and_scrape().await;
    rig.simulator.inject(denied(SCAN));
    rig.scan().await;
    rig.wait_for(|target| target.products().is_none()).await;
    let scrape = rig.scrape().await;
    assert_nothing_served(&scrape);
    scrape.assert_failed(PRODUCTS, "access_denied");
    let success = "last_success_timestamp_seconds";
    assert_eq!(scrape.of_stage(success, PRODUCTS), first.of_stage(success, PRODUCTS));
    rig.simulator.clear_faults();
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    assert_eq!(scrape.scan("provisioned_products"), Some(5.0));
    assert_eq!(scrape.instances("CURRENT"), Some(6.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_scan_confirms_nothing() {
    let rig = forgetful(World::sized(5, 0, 0)).await;
    rig.scan().await;
    rig.simulator.inject(denied(SCAN));
    scan_until(&rig, |target| target.products().is_none()).await;
    assert_nothing_served(&rig.scrape().await);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_is_dropped_by_itself_while_the_list_and_other_listings_are_confirmed() {
    let rig = forgetful(World::sized(5, 2, 3)).await;
    let before = Instant::now();
    rig.scan().await;
    rig.simulator.inject(denied(LIST).for_product(id(0)));
    scan_until(&rig, |target| target.listing(&id(0)).is_none()).await;
    assert!(before.elapsed() >= SHORT, "dropped before its time");
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    assert_eq!(scrape.scan("provisioned_products"), Some(5.0));
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(1.0));
    assert_eq!(scrape.instances_of(0, "CURRENT"), None);
    assert_eq!(scrape.listed(0), None);
    assert_eq!(scrape.instances_of(1, "CURRENT"), Some(3.0));
    assert_eq!(scrape.instances("CURRENT"), Some(3.0), "the sum is over what is known");
    let info = [("provisioned_product_id", &*id(0))];
    assert_eq!(scrape.value("servicecatalog_provisioned_product_info", &info), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_listing_that_is_dropped_takes_the_sum_with_it() {
    let rig = forgetful(World::sized(3, 1, 3)).await;
    rig.scan().await;
    rig.simulator.inject(denied(LIST));
    scan_until(&rig, |target| target.listing(&id(0)).is_none()).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.scan("provisioned_products"), Some(3.0));
    assert_eq!(scrape.families(&["servicecatalog_stack_instance"]), [""; 0]);
    assert_eq!(scrape.scan("stack_instances"), None);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_confirms_the_data_although_nothing_in_it_changed() {
    let rig = forgetful(World::sized(5, 1, 3)).await;
    rig.scan().await;
    let begin = Instant::now();
    scan_until(&rig, |_| begin.elapsed() > SHORT).await;
    // What was known first is too old by now.
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.scan("provisioned_products"), Some(5.0));
    assert_eq!(scrape.instances("CURRENT"), Some(3.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_runs_does_not_keep_old_data_alive() {
    let rig = Rig::with(World::sized(5, 1, 3), |config| {
        config.scan.serve_stale_for = SHORT;
        config.aws.attempt_timeout = FOR_EVER;
    })
    .await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN));
    rig.tick().await;
    rig.wait_for(|target| target.products().is_none()).await;
    assert_eq!(rig.scans(), 1, "the second scan still hangs");
    assert_nothing_served(&rig.scrape().await);
    rig.stop().await;
}
