//! A real Prometheus scrapes the exporter, and what is queried from it is the simulator's truth.

mod secured;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use servicecatalog_exporter::config::Versions;
use servicecatalog_exporter::sim::{ACCOUNT, Fault, Operation, REGION, What, World};

use crate::support::Rig;
use crate::support::exposition::Scrape;
use crate::support::foreign::{scan_and_be_named, settled, until};
use crate::support::prometheus::Prometheus;

const PRODUCTS: &str = "servicecatalog_provisioned_products";

type Counts = BTreeMap<String, usize>;

/// An exporter of the demo world that has scanned it twice, and a Prometheus that has scraped the
/// result, which is the text beside them.
async fn scraped_demo() -> (Rig, Prometheus, Scrape) {
    let rig = Rig::new(World::demo(1, 1_780_000_000)).await;
    rig.simulator.with_world(|world| world.freeze(true));
    scan_and_be_named(&rig).await;
    rig.scan().await;
    let scrape = settled(&rig).await;
    let prometheus = Prometheus::start(rig.address).await;
    wait_for_the_scan(&rig, &prometheus).await;
    (rig, prometheus, scrape)
}

/// Waits until Prometheus has a sample of the last scan.
async fn wait_for_the_scan(rig: &Rig, prometheus: &Prometheus) {
    let begun = rig.reader.latest().snapshot.targets[0].last_attempt();
    until("Prometheus scraped the last scan", async || {
        let seen = prometheus.value("servicecatalog_scan_last_attempt_timestamp_seconds").await;
        (seen == Some(begun)).then_some(())
    })
    .await;
}

/// `sum by (label) (family)` as Prometheus says, without what is zero, which no truth lists.
async fn summed(prometheus: &Prometheus, label: &str, family: &str) -> Counts {
    let samples = prometheus.query(&format!("sum by ({label}) ({family}) > 0")).await;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
    let count = |value: f64| value as usize;
    let of = |labels: &Value| labels[label].as_str().unwrap_or_default().to_owned();
    samples.iter().map(|(labels, value)| (of(labels), count(*value))).collect()
}

/// What Prometheus sums up is the simulator's truth.
async fn assert_true(rig: &Rig, prometheus: &Prometheus) {
    let (by_status, by_group, instances) = rig.simulator.with_world(|world| {
        let counts = world.counts(ACCOUNT, REGION);
        (world.counts_by_status(ACCOUNT, REGION), counts, world.instance_counts(ACCOUNT, REGION))
    });
    let (mut by_type, mut by_product) = (Counts::new(), Counts::new());
    for ((product_type, product, _), count) in by_group {
        *by_type.entry(product_type).or_default() += count;
        *by_product.entry(product).or_default() += count;
    }
    let instance_family = "servicecatalog_stack_instances";
    assert_eq!(summed(prometheus, "status", PRODUCTS).await, by_status);
    assert_eq!(summed(prometheus, "provisioned_product_type", PRODUCTS).await, by_type);
    assert_eq!(summed(prometheus, "product_id", PRODUCTS).await, by_product);
    assert_eq!(summed(prometheus, "status", instance_family).await, instances);
    // The series of single products and instances say the same.
    let states = "servicecatalog_provisioned_product_status";
    assert_eq!(summed(prometheus, "status", states).await, by_status);
    let listed = "servicecatalog_provisioned_product_stack_instances";
    assert_eq!(summed(prometheus, "status", listed).await, instances);
    let mut problems = instances;
    problems.remove("CURRENT");
    let shown = "servicecatalog_stack_instance_status";
    assert_eq!(summed(prometheus, "status", shown).await, problems);
    assert_eq!(prometheus.value("up").await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus"]
async fn prometheus_sees_the_world_as_it_is_and_follows_it() {
    let (rig, prometheus, _) = scraped_demo().await;
    assert_true(&rig, &prometheus).await;
    for _ in 0..3 {
        let before = rig.simulator.with_world(|world| world.counts_by_status(ACCOUNT, REGION));
        rig.simulator.with_world(|world| {
            world.freeze(false);
            while world.counts_by_status(ACCOUNT, REGION) == before {
                world.step();
            }
            world.freeze(true);
        });
        rig.scan().await;
        wait_for_the_scan(&rig, &prometheus).await;
        assert_true(&rig, &prometheus).await;
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus"]
async fn a_group_whose_last_product_is_gone_goes_stale_at_once() {
    let (rig, prometheus, _) = scraped_demo().await;
    let group = format!("{PRODUCTS}{{provisioned_product_type=\"EXTERNAL\"}}");
    assert_eq!(prometheus.query(&group).await.len(), 5, "one series a known status");
    rig.simulator.with_world(|world| {
        let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
        products.retain(|product| product.product_type.as_deref() != Some("EXTERNAL"));
    });
    rig.scan().await;
    wait_for_the_scan(&rig, &prometheus).await;
    // Without a staleness marker it would be found for another five minutes.
    assert_eq!(prometheus.query(&group).await, []);
    assert_eq!(prometheus.query(&format!("last_over_time({group}[5m])")).await.len(), 5);
    assert_true(&rig, &prometheus).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus"]
async fn prometheus_takes_every_sample_and_finds_no_new_series_while_nothing_changes() {
    let (rig, prometheus, scrape) = scraped_demo().await;
    // More than one scrape of the same.
    until("Prometheus scraped thrice", async || {
        let scrapes = prometheus.value("count_over_time(up[5m])").await;
        (scrapes >= Some(3.0)).then_some(())
    })
    .await;
    #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
    let samples = Some(scrape.samples.len() as f64);
    assert_eq!(prometheus.value("scrape_samples_scraped").await, samples);
    assert_eq!(prometheus.value("scrape_samples_post_metric_relabeling").await, samples);
    // Each series was new once.
    assert_eq!(prometheus.value("sum_over_time(scrape_series_added[5m])").await, samples);
    assert_eq!(prometheus.value("min_over_time(up[5m])").await, Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus"]
async fn prometheus_keeps_names_of_products_to_the_letter() {
    let (rig, prometheus, _) = scraped_demo().await;
    let mut names = rig.simulator.with_world(|world| {
        let products = world.catalog(ACCOUNT, REGION).unwrap().products();
        products.iter().map(|product| product.name.clone().unwrap()).collect::<Vec<_>>()
    });
    assert!(
        names.iter().any(|name| name.contains('"')) && names.iter().any(|name| !name.is_ascii())
    );
    let samples = prometheus.query("servicecatalog_provisioned_product_info").await;
    let name = |labels: &Value| labels["provisioned_product_name"].as_str().unwrap().to_owned();
    let mut seen: Vec<_> = samples.iter().map(|(labels, _)| name(labels)).collect();
    names.sort();
    seen.sort();
    assert_eq!(seen, names);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus"]
async fn prometheus_knows_type_and_help_of_every_family() {
    let (rig, prometheus, scrape) = scraped_demo().await;
    let mut written: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for line in scrape.text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|l| l.split_once(' ')) {
            written.entry(name).or_default().1 = help;
        }
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|l| l.split_once(' ')) {
            written.entry(name).or_default().0 = kind;
        }
    }
    let metadata = prometheus.ask("/api/v1/metadata?limit=-1").await;
    let known: BTreeMap<_, _> = metadata
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, entries)| {
            assert_eq!(entries.as_array().unwrap().len(), 1, "{name} is told in two ways");
            let text = |field: &str| entries[0][field].as_str().unwrap();
            (name.as_str(), (text("type"), text("help")))
        })
        .collect();
    assert!(known.len() > 30);
    assert_eq!(known, written);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus"]
async fn every_query_of_metrics_md_finds_something_in_a_world_of_trouble() {
    let world = World::demo(1, 1_780_000_000);
    let healthy = world.catalog(ACCOUNT, REGION).unwrap().products().iter().find(|product| {
        let current = |status: &Option<_>| status.as_deref() == Some("CURRENT");
        !product.instances.is_empty() && product.instances.iter().all(|i| current(&i.status))
    });
    let healthy = healthy.and_then(|product| product.id.clone()).unwrap();
    let rig = Rig::with(world, |config| {
        config.versions = Some(Versions { refresh: Duration::from_secs(60 * 60) });
    })
    .await;
    // From the first scan on, so that its stage never succeeds.
    let listing = Operation::ListStackInstancesForProvisionedProduct;
    rig.simulator.inject(Fault::new(What::Denied).on(listing).for_product(healthy));
    let throttle = Fault::new(What::Throttle).on(Operation::ScanProvisionedProducts);
    rig.simulator.inject(throttle.times(1));
    rig.scan().await;
    // Versions are those of products that were in use before.
    rig.scan().await;
    let prometheus = Prometheus::start(rig.address).await;
    let queries = include_str!("../../METRICS.md").split("```promql\n").skip(1);
    let queries: Vec<_> = queries.map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(queries.len() >= 7);
    for query in queries {
        until(query, async || (!prometheus.query(query).await.is_empty()).then_some(())).await;
    }
    rig.stop().await;
}
