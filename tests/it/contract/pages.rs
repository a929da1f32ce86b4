//! Items are de-duplicated over pages; pages may be empty; what would never end is ended.

use servicecatalog_exporter::sim::{Fault, Page, ProvisionedProduct, StackInstance, What, World};

use super::{LIST, PRODUCTS, SCAN, STACK_INSTANCES, id, world};
use crate::support::Rig;

/// One stack set, with so many CURRENT instances.
fn one_set(instances: usize) -> World {
    world(vec![ProvisionedProduct::stack_set(0, StackInstance::current(instances))])
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_pages_of_products_count_each_product_once() {
    let rig = Rig::new(World::sized(50, 0, 0)).await;
    rig.simulator.inject(Fault::new(What::OverlappingPages).on(SCAN));
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    assert_eq!(scrape.scan("provisioned_products"), Some(50.0));
    assert_eq!(scrape.sum("servicecatalog_provisioned_products", &[]), 50.0);
    assert_eq!(scrape.dropped("duplicate"), Some(2.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_items_with_one_id_the_later_one_wins() {
    let mut products: Vec<_> = (0..25).map(ProvisionedProduct::healthy).collect();
    products.push(ProvisionedProduct::tainted(3));
    let rig = Rig::new(world(products)).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.scan("provisioned_products"), Some(25.0));
    let status = |status| {
        let labels = [("provisioned_product_id", &*id(3)), ("status", status)];
        scrape.value("servicecatalog_provisioned_product_status", &labels)
    };
    assert_eq!((status("TAINTED"), status("AVAILABLE")), (Some(1.0), Some(0.0)));
    assert_eq!(scrape.sum("servicecatalog_provisioned_products", &[("status", "TAINTED")]), 1.0);
    assert_eq!(scrape.dropped("duplicate"), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_set_that_comes_twice_is_listed_once_an_attempt() {
    let mut products: Vec<_> = (0..25).map(ProvisionedProduct::healthy).collect();
    products[0] = ProvisionedProduct::stack_set(0, StackInstance::current(3));
    products.push(products[0].clone());
    let rig = Rig::new(world(products)).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(rig.simulator.count(LIST), 1);
    assert_eq!(scrape.scan("stack_sets"), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_without_an_id_has_the_one_that_its_arn_ends_with() {
    let mut product = ProvisionedProduct::stack_set(7, StackInstance::current(3));
    product.id = None;
    let rig = Rig::new(world(vec![product])).await;
    let scrape = rig.scan_and_scrape().await;
    let labels = [("provisioned_product_id", &*id(7))];
    assert_eq!(scrape.value("servicecatalog_provisioned_product_info", &labels), Some(1.0));
    assert_eq!(scrape.dropped("no_id"), Some(0.0));
    let listed = rig.simulator.calls().into_iter().find(|call| call.operation == Some(LIST));
    assert_eq!(listed.unwrap().product_id, Some(id(7)));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn items_without_id_and_arn_are_counted_under_their_status_without_series_of_their_own() {
    let nameless = |n| ProvisionedProduct { id: None, arn: None, ..ProvisionedProduct::tainted(n) };
    let mut set = ProvisionedProduct::stack_set(3, StackInstance::current(2));
    (set.id, set.arn) = (None, None);
    let rig =
        Rig::new(world(vec![ProvisionedProduct::healthy(0), nameless(1), nameless(2), set])).await;
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    assert_eq!(scrape.scan("provisioned_products"), Some(4.0));
    assert_eq!(scrape.sum("servicecatalog_provisioned_products", &[("status", "TAINTED")]), 2.0);
    assert_eq!(scrape.dropped("no_id"), Some(3.0));
    assert_eq!(scrape.dropped("duplicate"), Some(0.0), "two without an id are not the same");
    assert_eq!(scrape.all("servicecatalog_provisioned_product_info", &[]).len(), 1);
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(1.0), "it can never be listed");
    assert_eq!(rig.simulator.count(LIST), 0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_with_a_token_goes_on() {
    let rig = Rig::new(World::sized(30, 0, 0)).await;
    for page in [1, 2, 4] {
        rig.simulator.inject(Fault::new(What::EmptyPage).on(SCAN).on_page(Page::Nth(page)));
    }
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    assert_eq!(scrape.scan("provisioned_products"), Some(30.0));
    assert_eq!(rig.simulator.count(SCAN), 5);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_of_a_listing_goes_on_too() {
    let rig = Rig::new(one_set(30)).await;
    for page in [1, 3] {
        rig.simulator.inject(Fault::new(What::EmptyPage).on(LIST).on_page(Page::Nth(page)));
    }
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(STACK_INSTANCES);
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(30.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_seen_before_ends_the_attempt() {
    for what in [What::RepeatedToken, What::TokenCycle] {
        let rig = Rig::new(World::sized(90, 0, 0)).await;
        rig.simulator.inject(Fault::new(what).on(SCAN));
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_failed(PRODUCTS, "invalid_response");
        assert_eq!(scrape.scan("provisioned_products"), None);
        assert!(rig.simulator.count(SCAN) <= 4, "{}", rig.simulator.count(SCAN));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_seen_before_ends_a_listing_and_only_that() {
    for what in [What::RepeatedToken, What::TokenCycle] {
        let rig = Rig::new(World::sized(2, 2, 90)).await;
        rig.simulator.inject(Fault::new(what).on(LIST).for_product(id(0)));
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_succeeded(PRODUCTS);
        scrape.assert_failed(STACK_INSTANCES, "invalid_response");
        assert_eq!(scrape.instances_of(0, "CURRENT"), None);
        assert_eq!(scrape.instances_of(1, "CURRENT"), Some(90.0));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_null_or_empty_is_the_end() {
    for what in [What::NullToken, What::EmptyToken] {
        let rig = Rig::new(World::sized(30, 1, 30)).await;
        rig.simulator.inject(Fault::new(what));
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_succeeded(PRODUCTS);
        scrape.assert_succeeded(STACK_INSTANCES);
        assert_eq!(scrape.scan("provisioned_products"), Some(30.0));
        assert_eq!(scrape.instances_of(0, "CURRENT"), Some(30.0));
        assert_eq!((rig.simulator.count(SCAN), rig.simulator.count(LIST)), (2, 2));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_pages_of_products_than_allowed_end_the_attempt_and_as_many_do_not() {
    for (products, allowed) in [(40, true), (41, false)] {
        let rig = Rig::with(World::sized(products, 0, 0), |config| config.scan.max_pages = 2).await;
        let scrape = rig.scan_and_scrape().await;
        match allowed {
            true => scrape.assert_succeeded(PRODUCTS),
            false => scrape.assert_failed(PRODUCTS, "limit"),
        }
        assert_eq!(scrape.scan("provisioned_products").is_some(), allowed);
        assert_eq!(rig.simulator.count(SCAN), 2);
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_pages_of_a_listing_than_allowed_end_that_listing() {
    let sets = vec![
        ProvisionedProduct::stack_set(0, StackInstance::current(41)),
        ProvisionedProduct::stack_set(1, StackInstance::current(40)),
    ];
    let rig = Rig::with(world(sets), |config| config.scan.max_pages = 2).await;
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    scrape.assert_failed(STACK_INSTANCES, "limit");
    assert_eq!(scrape.instances_of(0, "CURRENT"), None);
    assert_eq!(scrape.instances_of(1, "CURRENT"), Some(40.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_instances_of_all_pages_are_counted() {
    let rig = Rig::new(one_set(45)).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(45.0));
    assert_eq!(scrape.instances("CURRENT"), Some(45.0));
    assert_eq!(rig.simulator.count(LIST), 3);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_pages_of_a_listing_count_each_instance_once() {
    let rig = Rig::new(one_set(45)).await;
    rig.simulator.inject(Fault::new(What::OverlappingPages).on(LIST));
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(STACK_INSTANCES);
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(45.0));
    assert_eq!(scrape.dropped("duplicate"), Some(2.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_instances_in_one_account_and_region_the_one_listed_last_wins() {
    let mut instances = StackInstance::current(30);
    instances.push(StackInstance { status: Some("INOPERABLE".into()), ..instances[0].clone() });
    let rig = Rig::new(world(vec![ProvisionedProduct::stack_set(0, instances)])).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.instances_of(0, "CURRENT"), Some(29.0));
    assert_eq!(scrape.instances_of(0, "INOPERABLE"), Some(1.0));
    rig.stop().await;
}
