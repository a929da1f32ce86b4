//! What of a whole world has series of its own, from the simulated AWS to the scrape.

use servicecatalog_exporter::model::{Operation, PerInstance, PerProduct};
use servicecatalog_exporter::sim::{ProvisionedProduct, StackInstance, World};
use servicecatalog_exporter::snapshot::TargetState;
use tokio::time::timeout;

use super::{LIST, change, id, world};
use crate::support::exposition::Scrape;
use crate::support::{PATIENCE, Rig};

const INFO: &str = "servicecatalog_provisioned_product_info";
const INSTANCE: &str = "servicecatalog_stack_instance_status";

/// A healthy product, a tainted one, a healthy stack set, and one with an instance OUTDATED, one
/// INOPERABLE, one of a status that nobody knows, and one CURRENT.
fn mixed() -> World {
    let mut instances = StackInstance::current(4);
    instances[0].status = Some("OUTDATED".into());
    instances[1].status = Some("INOPERABLE".into());
    instances[2].status = Some("DRIFTED".into());
    world(vec![
        ProvisionedProduct::healthy(0),
        ProvisionedProduct::tainted(1),
        ProvisionedProduct::stack_set(2, StackInstance::current(2)),
        ProvisionedProduct::stack_set(3, instances),
    ])
}

/// The ids of the products with a family of that name.
fn ids<'s>(scrape: &'s Scrape, family: &str) -> Vec<&'s str> {
    let mut ids: Vec<_> =
        scrape.all(family, &[]).iter().map(|s| s.label("provisioned_product_id")).collect();
    ids.dedup();
    ids
}

fn statuses<'s>(scrape: &'s Scrape, family: &str) -> Vec<&'s str> {
    scrape.all(family, &[]).iter().map(|sample| sample.label("status")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_product_is_shown_and_of_the_instances_those_not_current() {
    let rig = Rig::new(mixed()).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(ids(&scrape, INFO), [id(0), id(1), id(2), id(3)]);
    assert_eq!(statuses(&scrape, INSTANCE), ["INOPERABLE", "DRIFTED", "OUTDATED"]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_problems_only_healthy_products_are_counted_and_not_shown() {
    let rig = Rig::with(mixed(), |config| config.metrics.per_product = PerProduct::Problems).await;
    let scrape = rig.scan_and_scrape().await;
    for family in [INFO, "servicecatalog_provisioned_product_status"] {
        assert_eq!(ids(&scrape, family), [id(1), id(3)], "{family}");
    }
    assert_eq!(ids(&scrape, "servicecatalog_provisioned_product_stack_instances"), [id(3)]);
    assert_eq!(scrape.sum("servicecatalog_provisioned_products", &[]), 4.0);
    assert_eq!(scrape.instances("CURRENT"), Some(3.0));
    change(&rig, |products| products[3].instances = StackInstance::current(4));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(ids(&scrape, INFO), [id(1)]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_instances_are_shown_on_demand() {
    let rig = Rig::with(mixed(), |config| config.metrics.per_instance = PerInstance::All).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.sum(INSTANCE, &[]), 6.0);
    assert_eq!(scrape.sum(INSTANCE, &[("status", "CURRENT")]), 3.0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_instance_is_shown_on_demand_and_all_are_counted() {
    let rig = Rig::with(mixed(), |config| config.metrics.per_instance = PerInstance::None).await;
    let scrape = rig.scan_and_scrape().await;
    assert!(scrape.all(INSTANCE, &[]).is_empty());
    assert_eq!(scrape.instances("OUTDATED"), Some(1.0));
    assert_eq!(scrape.dropped("limit"), Some(0.0), "left out on demand is not dropped");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_status_is_shown_under_its_own_spelling_while_something_has_it() {
    let mut absent = ProvisionedProduct::healthy(1);
    absent.status = None;
    let mut instances = StackInstance::current(2);
    instances[0].status = Some("DRIFTED".into());
    instances[1].status = None;
    let rig = Rig::new(world(vec![
        ProvisionedProduct::healthy(0).with_status("Quarantined"),
        absent,
        ProvisionedProduct::stack_set(2, instances),
    ]))
    .await;
    let scrape = rig.scan_and_scrape().await;
    let products = "servicecatalog_provisioned_products";
    for (n, status) in [(0, "Quarantined"), (1, "UNKNOWN")] {
        assert_eq!(scrape.sum(products, &[("status", status)]), 1.0);
        let labels = [("provisioned_product_id", &*id(n)), ("status", status)];
        let own = scrape.value("servicecatalog_provisioned_product_status", &labels);
        assert_eq!(own, Some(1.0));
    }
    for status in ["DRIFTED", "UNKNOWN"] {
        assert_eq!(scrape.instances(status), Some(1.0));
        assert_eq!(scrape.instances_of(2, status), Some(1.0));
    }
    assert_eq!(scrape.instances("CURRENT"), Some(0.0), "known values are always there");
    change(&rig, |products| {
        products[0].status = Some("AVAILABLE".into());
        products[1].status = Some("AVAILABLE".into());
        products[2].instances = StackInstance::current(2);
    });
    let scrape = rig.scan_and_scrape().await;
    for status in ["Quarantined", "UNKNOWN", "DRIFTED"] {
        assert!(!scrape.text.contains(status), "{status} has series although nothing has it");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_stack_sets_are_listed_whatever_other_types_there_are() {
    let types = ["CFN_STACK", "CONTROL_TOWER_ACCOUNT", "TERRAFORM_CLOUD", "TOMORROWS_TYPE"];
    let products = types.iter().enumerate();
    let products = products.map(|(n, kind)| ProvisionedProduct::healthy(n).typed(*kind)).collect();
    let rig = Rig::new(world(products)).await;
    let scrape = rig.scan_and_scrape().await;
    for kind in types {
        let labels = [("provisioned_product_type", kind)];
        assert_eq!(scrape.sum("servicecatalog_provisioned_products", &labels), 1.0, "{kind}");
    }
    assert_eq!(rig.simulator.count(LIST), 0);
    assert_eq!(scrape.instances("CURRENT"), Some(0.0), "no stack sets have no instances");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_on_instances_keeps_the_worst_and_says_how_many_it_left_out() {
    let rig = Rig::with(mixed(), |config| {
        config.metrics.per_instance = PerInstance::All;
        config.metrics.max_instance_series = 2;
    })
    .await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(statuses(&scrape, INSTANCE), ["INOPERABLE", "DRIFTED"]);
    assert_eq!(scrape.dropped("limit"), Some(4.0));
    assert_eq!(ids(&scrape, INFO).len(), 4);
    assert_eq!(scrape.instances("CURRENT"), Some(3.0), "counts are never cut");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_on_series_takes_instances_first_then_products_and_never_aggregates() {
    // GetCallerIdentity has its series only when the question for the account was answered.
    let scan_settled = async |rig: &Rig| {
        let settled = |target: &TargetState| {
            target.calls.operations.contains_key(&Operation::GetCallerIdentity)
        };
        let scanning = async { while !settled(&rig.scan().await.snapshot.targets[0]) {} };
        timeout(PATIENCE, scanning).await.expect("an operation was never called");
        rig.scrape().await
    };
    let whole = Rig::new(mixed()).await;
    let all = scan_settled(&whole).await;
    whole.stop().await;
    let of_target = |scrape: &Scrape| {
        scrape.samples.iter().filter(|sample| !sample.label("aws_account_id").is_empty()).count()
    };
    let total = of_target(&all);
    for (max_series, instances, products) in [(total, 3, 4), (total - 1, 2, 4), (0, 0, 0)] {
        let rig = Rig::with(mixed(), |config| config.metrics.max_series = max_series).await;
        let cut = scan_settled(&rig).await;
        assert_eq!(cut.all(INSTANCE, &[]).len(), instances);
        assert_eq!(ids(&cut, INFO).len(), products);
        assert_eq!(cut.dropped("limit"), Some((total - of_target(&cut)) as f64));
        for aggregate in ["servicecatalog_provisioned_products", "servicecatalog_stack_instances"] {
            assert_eq!(cut.all(aggregate, &[]).len(), all.all(aggregate, &[]).len());
        }
        rig.stop().await;
    }
}
