//! A listing that fails keeps its last known counts; one that never succeeded has no series. A
//! failure never becomes a zero, and neither does a sum over nothing.

use servicecatalog_exporter::sim::{Fault, Page, ProvisionedProduct, StackInstance, What, World};

use super::{LIST, PRODUCTS, STACK_INSTANCES, change, denied, id, outdated, world};
use crate::support::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_fails_keeps_its_counts_and_their_age_while_others_move_on() {
    let rig = Rig::new(World::sized(3, 2, 3)).await;
    let before = rig.scan_and_scrape().await;
    change(&rig, |products| {
        products[0].instances = outdated(5);
        products[1].instances = outdated(4);
    });
    rig.simulator.inject(denied(LIST).for_product(id(0)));
    let after = rig.scan_and_scrape().await;
    after.assert_succeeded(PRODUCTS);
    after.assert_failed(STACK_INSTANCES, "access_denied");
    assert_eq!(after.instances_of(0, "CURRENT"), Some(3.0));
    assert_eq!(after.instances_of(0, "OUTDATED"), Some(0.0));
    assert_eq!(after.listed(0), before.listed(0));
    assert_eq!(after.instances_of(1, "OUTDATED"), Some(4.0));
    assert!(after.listed(1) > before.listed(1));
    assert_eq!(after.scan("stack_instances"), Some(7.0));
    rig.simulator.clear_faults();
    let healed = rig.scan_and_scrape().await;
    healed.assert_succeeded(STACK_INSTANCES);
    assert_eq!(healed.instances_of(0, "OUTDATED"), Some(5.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_on_a_later_page_of_a_listing_publishes_nothing_of_it() {
    let set = ProvisionedProduct::stack_set(0, StackInstance::current(45));
    let rig = Rig::new(world(vec![set])).await;
    rig.scan().await;
    change(&rig, |products| products[0].instances = outdated(45));
    rig.simulator.inject(denied(LIST).on_page(Page::Nth(3)));
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_failed(STACK_INSTANCES, "access_denied");
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(45.0));
    assert_eq!(scrape.instances_of(0, "OUTDATED"), Some(0.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_listed_has_no_series_no_zero_and_no_sum() {
    let rig = Rig::new(World::sized(4, 2, 3)).await;
    rig.simulator.inject(denied(LIST));
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    scrape.assert_failed(STACK_INSTANCES, "access_denied");
    let unknown = [
        "servicecatalog_stack_instance",
        "servicecatalog_provisioned_product_stack_instances",
        "servicecatalog_scan_stack_instances",
    ];
    assert_eq!(scrape.families(&unknown), [""; 0]);
    assert_eq!(scrape.scan("stack_sets"), Some(2.0));
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(2.0));
    assert_eq!(scrape.of_stage("last_success_timestamp_seconds", STACK_INSTANCES), Some(0.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sum_is_over_the_stack_sets_that_are_known() {
    let rig = Rig::new(World::sized(4, 2, 3)).await;
    rig.simulator.inject(denied(LIST).for_product(id(1)));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(3.0));
    assert_eq!(scrape.instances_of(1, "CURRENT"), None);
    assert_eq!(scrape.listed(1), None);
    assert_eq!(scrape.instances("CURRENT"), Some(3.0));
    assert_eq!(scrape.scan("stack_instances"), Some(3.0));
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_set_without_instances_is_known_to_have_none() {
    let set = ProvisionedProduct::stack_set(0, Vec::new());
    let rig = Rig::new(world(vec![set])).await;
    let scrape = rig.scan_and_scrape().await;
    for status in ["CURRENT", "OUTDATED", "INOPERABLE"] {
        assert_eq!(scrape.instances_of(0, status), Some(0.0));
        assert_eq!(scrape.instances(status), Some(0.0));
    }
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(0.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_failures_of_an_attempt_are_one_failure_of_the_stage_with_the_most_telling_reason() {
    let rig = Rig::new(World::sized(4, 3, 3)).await;
    for (n, what) in
        [What::MalformedJson, What::DeniedByScp, What::InternalFailure].iter().enumerate()
    {
        rig.simulator.inject(Fault::new(what.clone()).on(LIST).for_product(id(n)));
    }
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_failed(STACK_INSTANCES, "scp_denied");
    assert_eq!(scrape.of_stage("failures_total", STACK_INSTANCES), Some(1.0));
    assert_eq!(scrape.of_stage("failures_total", PRODUCTS), Some(0.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_of_every_listing_is_not_asked_for_again_and_again_within_an_attempt() {
    let rig = Rig::new(World::sized(20, 20, 3)).await;
    rig.simulator.inject(denied(LIST));
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_failed(STACK_INSTANCES, "access_denied");
    assert!(rig.simulator.count(LIST) < 10, "{}", rig.simulator.count(LIST));
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(20.0));
    rig.simulator.clear_faults();
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(STACK_INSTANCES);
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(0.0));
    rig.stop().await;
}
