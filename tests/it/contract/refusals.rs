//! ResourceNotFoundException or InvalidParametersException to a listing: "does not exist *or
//! access was denied*". The next complete product list tells which.

use servicecatalog_exporter::sim::{Fault, Page, ProvisionedProduct, StackInstance, What, World};

use super::{LIST, PRODUCTS, SCAN, STACK_INSTANCES, change, denied, id, outdated, world};
use crate::support::Rig;
use crate::support::exposition::Scrape;

const REFUSALS: [(What, &str); 2] =
    [(What::NotFound, "access_denied"), (What::InvalidParameters, "invalid_response")];

/// Two stack sets, listed once; from now on the listing of the first is answered with `what`.
async fn refusing(what: &What) -> (Rig, Scrape) {
    let rig = Rig::new(World::sized(3, 2, 3)).await;
    let before = rig.scan_and_scrape().await;
    change(&rig, |products| {
        products[0].instances = outdated(5);
        products[1].instances = outdated(4);
    });
    rig.simulator.inject(Fault::new(what.clone()).on(LIST).for_product(id(0)));
    (rig, before)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_refusal_is_provisional_no_failure_and_the_last_counts_stay() {
    for (what, _) in REFUSALS {
        let (rig, before) = refusing(&what).await;
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_succeeded(STACK_INSTANCES);
        assert_eq!(scrape.of_stage("failures_total", STACK_INSTANCES), Some(0.0));
        assert_eq!(scrape.instances_of(0, "CURRENT"), Some(3.0), "{what:?}");
        assert_eq!(scrape.listed(0), before.listed(0), "the counts say that they are old");
        assert_eq!(scrape.instances_of(1, "OUTDATED"), Some(4.0), "{what:?}");
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_stack_set_that_the_next_list_lacks_is_gone_and_so_are_its_series() {
    for (what, _) in REFUSALS {
        let (rig, _) = refusing(&what).await;
        rig.scan().await;
        change(&rig, |products| drop(products.remove(0)));
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_succeeded(STACK_INSTANCES);
        assert_eq!(scrape.of_stage("failures_total", STACK_INSTANCES), Some(0.0));
        assert!(!scrape.text.contains(&id(0)), "{what:?}");
        assert_eq!(scrape.scan("stack_sets_unknown"), Some(0.0));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_product_that_is_no_stack_set_any_more_keeps_only_what_every_product_has() {
    let rig = Rig::new(World::sized(3, 2, 3)).await;
    rig.scan().await;
    change(&rig, |products| products[0] = ProvisionedProduct::healthy(0));
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(STACK_INSTANCES);
    assert_eq!(scrape.instances_of(0, "CURRENT"), None);
    assert_eq!(scrape.listed(0), None);
    assert_eq!(scrape.scan("stack_instances"), Some(3.0));
    let info = [("provisioned_product_id", &*id(0))];
    assert_eq!(scrape.value("servicecatalog_provisioned_product_info", &info), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_answer_although_the_next_list_still_holds_it_is_a_failure() {
    for (what, reason) in REFUSALS {
        let (rig, before) = refusing(&what).await;
        rig.scan().await;
        for failures in [1.0, 2.0] {
            let scrape = rig.scan_and_scrape().await;
            scrape.assert_failed(STACK_INSTANCES, reason);
            assert_eq!(scrape.of_stage("failures_total", STACK_INSTANCES), Some(failures));
            assert_eq!(scrape.instances_of(0, "CURRENT"), Some(3.0), "the last counts stay");
            assert_eq!(scrape.listed(0), before.listed(0));
        }
        rig.simulator.clear_faults();
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_succeeded(STACK_INSTANCES);
        assert_eq!(scrape.instances_of(0, "OUTDATED"), Some(5.0));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_listing_that_succeeded_a_refusal_is_provisional_again() {
    let (rig, _) = refusing(&What::NotFound).await;
    rig.scan().await;
    rig.simulator.clear_faults();
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::NotFound).on(LIST).for_product(id(0)));
    rig.scan_and_scrape().await.assert_succeeded(STACK_INSTANCES);
    rig.scan_and_scrape().await.assert_failed(STACK_INSTANCES, "access_denied");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_not_complete_settles_nothing() {
    let (rig, _) = refusing(&What::NotFound).await;
    rig.scan().await;
    let listings = rig.simulator.count(LIST);
    rig.simulator.inject(denied(SCAN).times(1));
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_failed(PRODUCTS, "access_denied");
    scrape.assert_succeeded(STACK_INSTANCES);
    assert_eq!(rig.simulator.count(LIST), listings);
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(3.0));
    rig.scan_and_scrape().await.assert_failed(STACK_INSTANCES, "access_denied");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_set_that_was_never_listed_and_is_refused_stays_unknown() {
    let rig = Rig::new(World::sized(2, 1, 3)).await;
    rig.simulator.inject(Fault::new(What::NotFound).on(LIST));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.reasons(STACK_INSTANCES), [""; 0]);
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(1.0));
    assert_eq!(scrape.instances_of(0, "CURRENT"), None);
    assert_eq!(scrape.instances("CURRENT"), None);
    rig.stop().await;
}

/// How often the first page of the listing was asked for.
fn begins(rig: &Rig) -> usize {
    let calls = rig.simulator.calls();
    calls.iter().filter(|call| call.operation == Some(LIST) && call.page_token.is_none()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_on_a_later_page_starts_that_listing_once_more() {
    for (what, _) in REFUSALS {
        let set = ProvisionedProduct::stack_set(0, StackInstance::current(45));
        let rig = Rig::new(world(vec![set])).await;
        rig.simulator.inject(Fault::new(what.clone()).on(LIST).on_page(Page::Nth(3)).times(1));
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_succeeded(STACK_INSTANCES);
        assert_eq!(scrape.instances_of(0, "CURRENT"), Some(45.0), "{what:?}");
        assert_eq!(scrape.dropped("duplicate"), Some(0.0), "what came before is forgotten");
        assert_eq!(begins(&rig), 2);
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_refusal_on_a_later_page_is_an_invalid_response_and_not_tried_again() {
    for (what, _) in REFUSALS {
        let set = ProvisionedProduct::stack_set(0, StackInstance::current(45));
        let rig = Rig::new(world(vec![set])).await;
        rig.scan().await;
        change(&rig, |products| products[0].instances = outdated(45));
        rig.simulator.inject(Fault::new(what.clone()).on(LIST).on_page(Page::Later));
        rig.simulator.forget_calls();
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_failed(STACK_INSTANCES, "invalid_response");
        assert_eq!(scrape.instances_of(0, "CURRENT"), Some(45.0), "{what:?}");
        assert_eq!(begins(&rig), 2);
        rig.stop().await;
    }
}
