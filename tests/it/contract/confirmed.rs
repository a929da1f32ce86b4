//! A listing that was not needed again, because nothing changed, is confirmed by the product list
//! that says so; one that was needed and failed is confirmed by nothing.

use std::time::Duration;

use servicecatalog_exporter::config::Config;
use servicecatalog_exporter::sim::{Fault, Page, What, World};

use super::{LIST, PRODUCTS, SCAN, STACK_INSTANCES, change, denied, id, outdated};
use crate::support::Rig;
use crate::support::clock::Hands;
use crate::support::exposition::Scrape;

const INTERVAL: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(3600);

/// Three stack sets whose turns do not come in these tests; what is not confirmed is dropped after
/// an hour.
async fn unhurried(config: impl FnOnce(&mut Config)) -> (Rig, Hands) {
    let (rig, hands) = Rig::by_hand(World::sized(5, 3, 2), |ours| {
        ours.scan.interval = INTERVAL;
        ours.scan.serve_stale_for = HOUR;
        ours.scan.stack_instances.max_age = 1000 * HOUR;
        config(ours);
    })
    .await;
    (rig, hands)
}

/// Scans every five minutes for so long; what is served at the end.
async fn scan_for(rig: &Rig, hands: &Hands, time: Duration) -> Scrape {
    let end = hands.now().uptime + time;
    while hands.now().uptime < end {
        hands.forward(INTERVAL);
        rig.scan().await;
    }
    rig.scrape().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_is_served_as_long_as_lists_confirm_it_and_says_how_old_it_is() {
    let (rig, hands) = unhurried(|_| ()).await;
    let first = rig.scan_and_scrape().await;
    let listings = rig.simulator.count(LIST);
    let scrape = scan_for(&rig, &hands, 5 * HOUR).await;
    assert_eq!(rig.simulator.count(LIST), listings, "none was needed again");
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(2.0));
    assert_eq!(scrape.instances("CURRENT"), Some(6.0));
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(0.0));
    assert!(first.listed(0).is_some());
    assert_eq!(scrape.listed(0), first.listed(0), "the age of the counts");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_needs_no_listing_is_a_success_of_the_stage() {
    let (rig, hands) = unhurried(|_| ()).await;
    rig.scan().await;
    let scrape = scan_for(&rig, &hands, INTERVAL).await;
    for stage in [PRODUCTS, STACK_INSTANCES] {
        scrape.assert_succeeded(stage);
        let success = scrape.of_stage("last_success_timestamp_seconds", stage);
        assert_eq!(success, Some(hands.now().unix));
        assert_eq!(scrape.of_stage("failures_total", stage), Some(0.0));
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_lists_the_listings_are_dropped_with_the_list_that_confirmed_them() {
    let (rig, hands) = unhurried(|_| ()).await;
    rig.scan().await;
    scan_for(&rig, &hands, 2 * HOUR).await;
    rig.simulator.inject(denied(SCAN));
    let scrape = scan_for(&rig, &hands, HOUR - INTERVAL).await;
    assert_eq!(scrape.instances("CURRENT"), Some(6.0), "an hour has not passed yet");
    hands.forward(INTERVAL);
    rig.tick().await;
    rig.wait_for(|target| target.products().is_none() && target.listing(&id(0)).is_none()).await;
    assert_eq!(rig.scrape().await.families(&["servicecatalog_stack_"]), [""; 0]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_breaks_off_in_the_middle_confirms_nothing() {
    let (rig, hands) = Rig::by_hand(World::sized(30, 3, 2), |config| {
        config.scan.stack_instances.max_age = 1000 * HOUR;
        config.scan.interval = INTERVAL;
    })
    .await;
    rig.scan().await;
    // The stack sets are on the first page.
    rig.simulator.inject(denied(SCAN).on_page(Page::Later));
    scan_for(&rig, &hands, HOUR - INTERVAL).await;
    hands.forward(INTERVAL);
    rig.tick().await;
    rig.wait_for(|target| target.products().is_none() && target.listing(&id(0)).is_none()).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_was_needed_and_failed_is_dropped_while_the_others_are_confirmed() {
    for what in [What::Denied, What::NotFound, What::InternalFailure] {
        let (rig, hands) = unhurried(|_| ()).await;
        rig.scan().await;
        scan_for(&rig, &hands, HOUR).await;
        change(&rig, |products| products[0].last_record_id = Some("rec-another".into()));
        rig.simulator.inject(Fault::new(what.clone()).on(LIST).for_product(id(0)));
        let scrape = scan_for(&rig, &hands, HOUR - INTERVAL).await;
        assert_eq!(scrape.instances_of(0, "CURRENT"), Some(2.0), "{what:?}: the last counts stay");
        assert_eq!(scrape.of_stage("stale", STACK_INSTANCES), Some(1.0));
        let scrape = scan_for(&rig, &hands, 2 * INTERVAL).await;
        assert_eq!(scrape.instances_of(0, "CURRENT"), None, "{what:?}");
        assert_eq!(scrape.listed(0), None);
        assert_eq!(scrape.instances_of(1, "CURRENT"), Some(2.0));
        assert_eq!(scrape.scan("stack_sets_unknown"), Some(1.0));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_whose_turn_failed_keeps_its_counts_and_its_age() {
    let (rig, hands) = unhurried(|config| config.scan.stack_instances.max_age = INTERVAL).await;
    let first = rig.scan_and_scrape().await;
    change(&rig, |products| products[0].instances = outdated(2));
    rig.simulator.inject(denied(LIST).for_product(id(0)));
    let scrape = scan_for(&rig, &hands, INTERVAL).await;
    scrape.assert_failed(STACK_INSTANCES, "access_denied");
    assert_eq!((scrape.instances_of(0, "CURRENT"), scrape.listed(0)), (Some(2.0), first.listed(0)));
    assert_eq!(scrape.listed(1), Some(hands.now().unix));
    rig.simulator.clear_faults();
    rig.scan_and_scrape().await.assert_succeeded(STACK_INSTANCES);
    assert_eq!(rig.scrape().await.instances_of(0, "OUTDATED"), Some(2.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_settled_by_the_next_list_although_nothing_else_changed() {
    let (rig, hands) = unhurried(|_| ()).await;
    rig.scan().await;
    change(&rig, |products| products[0].last_record_id = Some("rec-another".into()));
    rig.simulator.inject(Fault::new(What::NotFound).on(LIST).for_product(id(0)));
    scan_for(&rig, &hands, INTERVAL).await.assert_succeeded(STACK_INSTANCES);
    let scrape = scan_for(&rig, &hands, INTERVAL).await;
    scrape.assert_failed(STACK_INSTANCES, "access_denied");
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(2.0), "the last counts stay");
    rig.simulator.clear_faults();
    scan_for(&rig, &hands, INTERVAL).await.assert_succeeded(STACK_INSTANCES);
    rig.stop().await;
}
