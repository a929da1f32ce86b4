//! What is served: one immutable publication, replaced only by what is complete.

use servicecatalog_exporter::sim::{Fault, Operation, Page, What, World};

use crate::support::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_world_is_served_as_it_is() {
    let rig = Rig::new(World::demo(1, 1_700_000_000)).await;
    let scrape = rig.scan_and_scrape().await;
    let truth = rig.simulator.with_world(|world| world.counts("123456789012", "eu-central-1"));
    assert!(truth.len() > 10);
    for ((kind, product, status), count) in truth {
        let labels =
            [("provisioned_product_type", &*kind), ("product_id", &*product), ("status", &*status)];
        let served = scrape.value("servicecatalog_provisioned_products", &labels);
        assert_eq!(served, Some(count as f64), "{labels:?}");
    }
    assert_eq!(scrape.value("servicecatalog_scan_success", &[("stage", "products")]), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_the_middle_of_the_pages_publishes_nothing_of_that_list() {
    let rig = Rig::new(World::sized(50, 0, 0)).await;
    rig.scan().await;
    rig.simulator.with_world(|world| {
        world.catalog_mut("123456789012", "eu-central-1").products_mut().truncate(45);
    });
    let fault =
        Fault::new(What::Denied).on(Operation::ScanProvisionedProducts).on_page(Page::Nth(3));
    rig.simulator.inject(fault);
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &[]), Some(50.0));
    let products = [("stage", "products")];
    assert_eq!(scrape.value("servicecatalog_scan_success", &products), Some(0.0));
    assert_eq!(scrape.value("servicecatalog_scan_stale", &products), Some(1.0));
    rig.simulator.clear_faults();
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &[]), Some(45.0));
    assert_eq!(scrape.value("servicecatalog_scan_stale", &products), Some(0.0));
    rig.stop().await;
}
