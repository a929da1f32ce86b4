//! A target's products are replaced only by a complete list.

use servicecatalog_exporter::sim::{Fault, Page, ProvisionedProduct, StackInstance, What, World};

use super::{PRODUCTS, SCAN, STACK_INSTANCES, change, denied, id, outdated, world};
use crate::support::Rig;

/// An error on the third page: nothing of the pages before it is published.
async fn nothing_of_the_list_is_published_when_its_third_page_fails_by(what: What) {
    let rig = Rig::new(World::sized(50, 0, 0)).await;
    rig.scan().await;
    change(&rig, |products| products.truncate(45));
    rig.simulator.inject(Fault::new(what.clone()).on(SCAN).on_page(Page::Nth(3)));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.scan("provisioned_products"), Some(50.0), "{what:?}");
    assert_eq!(scrape.sum("servicecatalog_provisioned_products", &[]), 50.0, "{what:?}");
    assert_eq!(scrape.of_stage("success", PRODUCTS), Some(0.0), "{what:?}");
    assert_eq!(scrape.of_stage("stale", PRODUCTS), Some(1.0), "{what:?}");
    assert_eq!(scrape.of_stage("failures_total", PRODUCTS), Some(1.0), "{what:?}");
    rig.simulator.clear_faults();
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.scan("provisioned_products"), Some(45.0), "{what:?}");
    scrape.assert_succeeded(PRODUCTS);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_in_the_middle_of_the_pages_publishes_nothing_of_that_list() {
    nothing_of_the_list_is_published_when_its_third_page_fails_by(What::Denied).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_aws_in_the_middle_of_the_pages_publishes_nothing_of_that_list() {
    nothing_of_the_list_is_published_when_its_third_page_fails_by(What::InternalFailure).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_read_publishes_nothing_of_that_list() {
    nothing_of_the_list_is_published_when_its_third_page_fails_by(What::MalformedJson).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_the_middle_publishes_nothing_of_that_list() {
    nothing_of_the_list_is_published_when_its_third_page_fails_by(What::Reset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_publishes_nothing_of_that_list() {
    nothing_of_the_list_is_published_when_its_third_page_fails_by(What::InvalidParameters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_page_that_would_read_as_empty_publishes_nothing_of_that_list() {
    nothing_of_the_list_is_published_when_its_third_page_fails_by(What::HugeBody).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_of_a_list_that_failed_later_is_not_published_either() {
    let mut products: Vec<_> = (0..30).map(ProvisionedProduct::healthy).collect();
    products[0] = ProvisionedProduct::stack_set(0, StackInstance::current(3));
    let rig = Rig::new(world(products)).await;
    let before = rig.scan_and_scrape().await;
    change(&rig, |products| products[0].instances = outdated(3));
    rig.simulator.inject(denied(SCAN).on_page(Page::Later));
    let after = rig.scan_and_scrape().await;
    assert_eq!(after.instances_of(0, "CURRENT"), Some(3.0));
    assert_eq!(after.listed(0), before.listed(0));
    assert!(before.listed(0).is_some());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stage_that_did_not_run_keeps_its_values_and_is_not_counted() {
    let rig = Rig::new(World::sized(5, 2, 3)).await;
    let before = rig.scan_and_scrape().await;
    rig.simulator.inject(denied(SCAN));
    let after = rig.scan_and_scrape().await;
    after.assert_failed(PRODUCTS, "access_denied");
    after.assert_succeeded(STACK_INSTANCES);
    for family in ["last_success_timestamp_seconds", "duration_seconds", "failures_total"] {
        let (before, after) =
            (before.of_stage(family, STACK_INSTANCES), after.of_stage(family, STACK_INSTANCES));
        assert!(before.is_some() && before == after, "{family}: {before:?}, {after:?}");
    }
    assert_eq!(after.scan("stack_instances"), Some(6.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_disappears_with_its_last_product_and_so_do_that_products_series() {
    let rig = Rig::new(world(vec![
        ProvisionedProduct::healthy(1),
        ProvisionedProduct::healthy(2).typed("TERRAFORM_CLOUD").with_status("QUARANTINED"),
    ]))
    .await;
    let scrape = rig.scan_and_scrape().await;
    let group = [("provisioned_product_type", "TERRAFORM_CLOUD")];
    assert_eq!(scrape.all("servicecatalog_provisioned_products", &group).len(), 6);
    change(&rig, |products| drop(products.pop()));
    let scrape = rig.scan_and_scrape().await;
    assert!(scrape.all("servicecatalog_provisioned_products", &group).is_empty());
    assert!(!scrape.text.contains(&id(2)));
    assert_eq!(scrape.scan("provisioned_products"), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_holds_nothing_any_more_is_a_success_and_a_true_zero() {
    let rig = Rig::new(World::sized(5, 1, 3)).await;
    rig.scan().await;
    change(&rig, Vec::clear);
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    scrape.assert_succeeded(STACK_INSTANCES);
    assert_eq!(scrape.scan("provisioned_products"), Some(0.0));
    assert_eq!(scrape.scan("stack_sets"), Some(0.0));
    assert_eq!(scrape.instances("CURRENT"), Some(0.0));
    let own = scrape.families(&["servicecatalog_provisioned_", "servicecatalog_stack_instance_"]);
    assert_eq!(own, [""; 0]);
    rig.stop().await;
}
