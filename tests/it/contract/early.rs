//! The product list is published as soon as its last page is in. What fails or times out after
//! that fails the listings only.

use std::time::Duration;

use servicecatalog_exporter::sim::{Fault, Page, ProvisionedProduct, StackInstance, What, World};

use super::{FOR_EVER, LIST, PRODUCTS, SCAN, STACK_INSTANCES, change, id, outdated, world};
use crate::support::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn products_are_served_while_a_listing_still_hangs_and_the_scan_gauges_wait_for_its_end() {
    let rig =
        Rig::with(World::sized(25, 2, 3), |config| config.aws.attempt_timeout = FOR_EVER).await;
    let before = rig.scan_and_scrape().await;
    change(&rig, |products| products.push(ProvisionedProduct::tainted(25)));
    rig.simulator.inject(Fault::new(What::Hang).on(LIST));
    rig.tick().await;
    rig.wait_for(|target| target.products().is_some_and(|catalog| catalog.len() == 26)).await;
    let now = rig.scrape().await;
    assert_eq!(now.scan("provisioned_products"), Some(26.0));
    assert_eq!(
        now.value(
            "servicecatalog_provisioned_products",
            &[
                ("status", "TAINTED"),
                ("product_id", "prod-0000000000000"),
                ("provisioned_product_type", "CFN_STACK")
            ]
        ),
        Some(1.0)
    );
    assert_eq!(now.instances_of(0, "CURRENT"), Some(3.0), "what is known of a stack set stays");
    assert_eq!(now.listed(0), before.listed(0));
    for family in
        ["servicecatalog_scans_total", "servicecatalog_scan_last_attempt_timestamp_seconds"]
    {
        assert_eq!(now.value(family, &[]), before.value(family, &[]), "{family}");
    }
    for stage in [PRODUCTS, STACK_INSTANCES] {
        now.assert_succeeded(stage);
        for family in ["last_success_timestamp_seconds", "duration_seconds", "failures_total"] {
            assert_eq!(now.of_stage(family, stage), before.of_stage(family, stage), "{family}");
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_list_is_served_before_any_attempt_has_finished() {
    let rig =
        Rig::with(World::sized(5, 1, 3), |config| config.aws.attempt_timeout = FOR_EVER).await;
    rig.simulator.inject(Fault::new(What::Hang).on(LIST));
    rig.tick().await;
    rig.wait_for(|target| target.products().is_some() && target.account.is_some()).await;
    let scrape = rig.scrape().await;
    assert_eq!(scrape.scan("provisioned_products"), Some(5.0));
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(1.0));
    assert_eq!(scrape.scan("last_attempt_timestamp_seconds"), Some(0.0));
    for stage in [PRODUCTS, STACK_INSTANCES] {
        assert_eq!(scrape.of_stage("success", stage), Some(0.0));
        assert_eq!(scrape.of_stage("duration_seconds", stage), None);
    }
    assert_eq!(scrape.instances("CURRENT"), None, "a sum over nothing is no zero");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_during_the_listings_fails_only_them_and_publishes_those_that_finished() {
    let sets = vec![
        ProvisionedProduct::stack_set(0, StackInstance::current(2)),
        ProvisionedProduct::stack_set(1, StackInstance::current(3)),
    ];
    let rig = Rig::with(world(sets), |config| {
        config.scan.timeout = Duration::from_secs(4);
        config.aws.attempt_timeout = FOR_EVER;
    })
    .await;
    rig.simulator.inject(Fault::new(What::Hang).on(LIST).for_product(id(0)));
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    scrape.assert_failed(STACK_INSTANCES, "timeout");
    assert_eq!(scrape.of_stage("failures_total", PRODUCTS), Some(0.0));
    assert_eq!(scrape.of_stage("failures_total", STACK_INSTANCES), Some(1.0));
    assert_eq!(scrape.instances_of(1, "CURRENT"), Some(3.0));
    assert_eq!(scrape.instances_of(0, "CURRENT"), None);
    assert_eq!(scrape.instances("CURRENT"), Some(3.0), "the sum is over what is known");
    assert_eq!(scrape.scan("stack_sets_unknown"), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_during_the_product_pages_publishes_nothing() {
    let mut products: Vec<_> = (0..30).map(ProvisionedProduct::healthy).collect();
    products[0] = ProvisionedProduct::stack_set(0, StackInstance::current(3));
    let rig = Rig::with(world(products), |config| {
        config.scan.timeout = Duration::from_secs(4);
        config.aws.attempt_timeout = FOR_EVER;
    })
    .await;
    let before = rig.scan_and_scrape().await;
    change(&rig, |products| {
        products[0].instances = outdated(3);
        products[1].status = Some("TAINTED".into());
    });
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN).on_page(Page::Nth(2)));
    let after = rig.scan_and_scrape().await;
    after.assert_failed(PRODUCTS, "timeout");
    after.assert_succeeded(STACK_INSTANCES);
    assert_eq!(after.sum("servicecatalog_provisioned_products", &[("status", "TAINTED")]), 0.0);
    assert_eq!(after.instances("CURRENT"), Some(3.0));
    assert_eq!(after.listed(0), before.listed(0));
    rig.stop().await;
}
