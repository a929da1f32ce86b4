//! How soon a target is scanned again, by what its last scan found.

use std::time::Duration;

use servicecatalog_exporter::config::{Config, Pace};
use servicecatalog_exporter::sim::{self, Fault, Operation, ProvisionedProduct, What, World};

use crate::support::clock::Hands;
use crate::support::exposition::Scrape;
use crate::support::{PATIENCE, Rig};

const SCAN: Operation = Operation::ScanProvisionedProducts;
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn adaptive(config: &mut Config) {
    config.scan.pace = Pace::Adaptive { busy: MINUTE, idle: 30 * MINUTE };
}

/// A product of that status, if any.
fn world(status: Option<&'static str>) -> World {
    let mut world = World::empty(sim::ACCOUNT, sim::REGION);
    if let Some(status) = status {
        let product = ProvisionedProduct::healthy(1).with_status(status);
        world.add(sim::ACCOUNT, sim::REGION, product);
    }
    world
}

fn interval(scrape: &Scrape) -> Option<f64> {
    scrape.value("servicecatalog_scan_interval_seconds", &[])
}

/// Scans and tells the interval, and when the next scan is due from now on, to the second.
async fn scanned(rig: &Rig, hands: &Hands) -> (Option<f64>, f64) {
    let scrape = rig.scan_and_scrape().await;
    let next = scrape.value("servicecatalog_scan_next_attempt_timestamp_seconds", &[]).unwrap();
    (interval(&scrape), (next - hands.now().unix).round())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interval_that_is_exported_is_the_one_after_which_the_next_scan_is_due() {
    for (status, seconds) in
        [(Some("AVAILABLE"), 300.0), (Some("UNDER_CHANGE"), 60.0), (Some("PLAN_IN_PROGRESS"), 60.0)]
    {
        let (rig, hands) = Rig::by_hand(world(status), adaptive).await;
        assert_eq!(scanned(&rig, &hands).await, (Some(seconds), seconds), "{status:?}");
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_returns_to_the_usual_interval_when_nothing_moves_any_more_and_when_it_fails() {
    let (rig, hands) = Rig::by_hand(world(Some("UNDER_CHANGE")), adaptive).await;
    assert_eq!(scanned(&rig, &hands).await.0, Some(60.0));
    rig.simulator.inject(Fault::new(What::Denied).on(SCAN).times(1));
    assert_eq!(scanned(&rig, &hands).await.0, Some(300.0));
    assert_eq!(scanned(&rig, &hands).await.0, Some(60.0));
    rig.simulator.with_world(|world| {
        let products = world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut();
        products[0].status = Some("AVAILABLE".into());
    });
    assert_eq!(scanned(&rig, &hands).await.0, Some(300.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_was_empty_for_a_day_waits_longer_until_a_product_is_there() {
    let (rig, hands) = Rig::by_hand(world(None), adaptive).await;
    // Nobody sees the account of an empty target but by its identity.
    assert_eq!(scanned(&rig, &hands).await.0, Some(300.0));
    hands.forward(DAY);
    assert_eq!(scanned(&rig, &hands).await, (Some(1800.0), 1800.0));
    rig.simulator.with_world(|world| {
        world.add(sim::ACCOUNT, sim::REGION, ProvisionedProduct::healthy(1));
    });
    hands.forward(30 * MINUTE);
    assert_eq!(scanned(&rig, &hands).await.0, Some(300.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_the_pace_is_fixed() {
    let (rig, hands) = Rig::by_hand(world(Some("UNDER_CHANGE")), |_| ()).await;
    assert_eq!(scanned(&rig, &hands).await, (Some(300.0), 300.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_timer_a_target_in_which_something_moves_is_scanned_while_others_wait() {
    let rig = Rig::timed(world(Some("UNDER_CHANGE")), |config| {
        config.scan.pace = Pace::Adaptive { busy: Duration::from_millis(50), idle: 30 * MINUTE };
    })
    .await;
    let scanned = rig.simulator.wait_until(|log| log.count(SCAN) >= 4);
    tokio::time::timeout(PATIENCE, scanned).await.expect("it is not scanned again soon");
    rig.stop().await;
}
