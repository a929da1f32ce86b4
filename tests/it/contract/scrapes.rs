//! A scrape never calls AWS and never waits for a scan. It serves one immutable publication.

use std::sync::atomic::{AtomicBool, Ordering};

use servicecatalog_exporter::sim::{ACCOUNT, Fault, Page, ProvisionedProduct, REGION, What, World};

use super::{FOR_EVER, SCAN, change};
use crate::support::Rig;
use crate::support::exposition::Sample;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_world_is_served_as_it_is() {
    let rig = Rig::new(World::demo(1, 1_700_000_000)).await;
    let scrape = rig.scan_and_scrape().await;
    let truth = rig.simulator.with_world(|world| world.counts(ACCOUNT, REGION));
    assert!(truth.len() > 10);
    for ((kind, product, status), count) in truth {
        let labels =
            [("provisioned_product_type", &*kind), ("product_id", &*product), ("status", &*status)];
        let served = scrape.value("servicecatalog_provisioned_products", &labels);
        assert_eq!(served, Some(count as f64), "{labels:?}");
    }
    let instances = rig.simulator.with_world(|world| world.instance_counts(ACCOUNT, REGION));
    for (status, count) in instances {
        assert_eq!(scrape.instances(&status), Some(count as f64), "{status}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_asks_aws_nothing() {
    let rig = Rig::new(World::sized(25, 2, 3)).await;
    rig.scan().await;
    let calls = rig.simulator.calls().len();
    for _ in 0..5 {
        rig.scrape().await;
    }
    assert_eq!(rig.simulator.calls().len(), calls);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_does_not_wait_for_a_scan_that_hangs() {
    let rig =
        Rig::with(World::sized(50, 0, 0), |config| config.aws.attempt_timeout = FOR_EVER).await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN));
    rig.tick().await;
    rig.simulator.wait_until(|calls| calls.count(SCAN) == 4).await;
    let scrape = rig.scrape().await;
    assert_eq!(rig.scans(), 1, "the second scan still hangs");
    assert_eq!(scrape.scan("provisioned_products"), Some(50.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_running_scan_has_seen_so_far_is_in_no_scrape() {
    let rig =
        Rig::with(World::sized(50, 0, 0), |config| config.aws.attempt_timeout = FOR_EVER).await;
    let before = rig.scan_and_scrape().await;
    change(&rig, |products| {
        products.iter_mut().for_each(|product| product.status = Some("ERROR".into()));
    });
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN).on_page(Page::Nth(3)));
    rig.simulator.forget_calls();
    rig.tick().await;
    rig.simulator.wait_until(|calls| calls.count(SCAN) == 3).await;
    let now = rig.scrape().await;
    let data = |sample: &&Sample| sample.name.starts_with("servicecatalog_provisioned_");
    assert!(before.samples.iter().filter(data).eq(now.samples.iter().filter(data)));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scrape_is_of_one_publication_while_the_world_moves() {
    let rig = Rig::new(World::sized(50, 0, 0)).await;
    rig.scan().await;
    let moving = AtomicBool::new(true);
    let scanning = async {
        for n in 50..70 {
            change(&rig, |products| products.push(ProvisionedProduct::tainted(n)));
            rig.scan().await;
        }
        moving.store(false, Ordering::Relaxed);
    };
    let scraping = async {
        while moving.load(Ordering::Relaxed) {
            let scrape = rig.scrape().await;
            let products = scrape.sum("servicecatalog_provisioned_products", &[]);
            assert_eq!(scrape.scan("provisioned_products"), Some(products));
            let own = scrape.all("servicecatalog_provisioned_product_info", &[]).len();
            assert_eq!(own as f64, products);
        }
    };
    tokio::join!(scanning, scraping);
    rig.stop().await;
}
