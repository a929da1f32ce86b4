//! What the numbers mean when things fail: the promises of the metric contract, each against a
//! simulated AWS over sockets, and scraped over HTTP.

mod ages;
mod beginning;
mod confirmed;
mod counters;
mod early;
mod gauges;
mod listings;
mod pages;
mod panics;
mod products;
mod refusals;
mod scrapes;
mod shown;
mod targets;

use std::time::Duration;

use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Operation, ProvisionedProduct, REGION, StackInstance, What, World,
};

use crate::support::Rig;
use crate::support::exposition::Scrape;

const PRODUCTS: &str = "products";
const STACK_INSTANCES: &str = "stack_instances";

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;

/// Outlasts every test: what hangs, hangs.
const FOR_EVER: Duration = Duration::from_secs(600);

/// The id of the nth product that the simulator makes.
fn id(n: usize) -> String {
    format!("pp-{n:013}")
}

/// A world that holds just these products.
fn world(products: Vec<ProvisionedProduct>) -> World {
    let mut world = World::empty(ACCOUNT, REGION);
    *world.catalog_mut(ACCOUNT, REGION).products_mut() = products;
    world
}

/// As many instances, all OUTDATED.
fn outdated(count: usize) -> Vec<StackInstance> {
    let mut instances = StackInstance::current(count);
    instances.iter_mut().for_each(|instance| instance.status = Some("OUTDATED".into()));
    instances
}

/// Changes what AWS holds.
fn change(rig: &Rig, change: impl FnOnce(&mut Vec<ProvisionedProduct>)) {
    rig.simulator.with_world(|world| change(world.catalog_mut(ACCOUNT, REGION).products_mut()));
}

/// A denial: it fails at once and is not tried again.
fn denied(operation: Operation) -> Fault {
    Fault::new(What::Denied).on(operation)
}

/// What a scrape says, in fewer words.
impl Scrape {
    /// `servicecatalog_scan_<family>` of the one target.
    fn scan(&self, family: &str) -> Option<f64> {
        self.value(&format!("servicecatalog_scan_{family}"), &[])
    }

    /// `servicecatalog_scan_<family>` of a stage.
    fn of_stage(&self, family: &str, stage: &str) -> Option<f64> {
        self.value(&format!("servicecatalog_scan_{family}"), &[("stage", stage)])
    }

    /// Why a stage's last attempt failed.
    fn reasons(&self, stage: &str) -> Vec<&str> {
        let reasons = self.all("servicecatalog_scan_failure_reason", &[("stage", stage)]);
        reasons.into_iter().map(|sample| sample.label("reason")).collect()
    }

    /// Asserts that the stage's last attempt succeeded.
    #[track_caller]
    fn assert_succeeded(&self, stage: &str) {
        assert_eq!(self.reasons(stage), [""; 0], "{stage}");
        assert_eq!(self.of_stage("success", stage), Some(1.0), "{stage}");
        assert_eq!(self.of_stage("stale", stage), Some(0.0), "{stage}");
    }

    /// Asserts that the stage's last attempt failed, for that reason only.
    #[track_caller]
    fn assert_failed(&self, stage: &str, reason: &str) {
        assert_eq!(self.reasons(stage), [reason], "{stage}");
        assert_eq!(self.of_stage("success", stage), Some(0.0), "{stage}");
        assert_eq!(self.of_stage("stale", stage), Some(1.0), "{stage}");
    }

    /// How many instances with that status the nth product has, where it is known.
    fn instances_of(&self, n: usize, status: &str) -> Option<f64> {
        let labels = [("provisioned_product_id", &*id(n)), ("status", status)];
        self.value("servicecatalog_provisioned_product_stack_instances", &labels)
    }

    /// How many instances with that status all stack sets have together, where it is known.
    fn instances(&self, status: &str) -> Option<f64> {
        self.value("servicecatalog_stack_instances", &[("status", status)])
    }

    /// When the nth product's instances were listed.
    fn listed(&self, n: usize) -> Option<f64> {
        let family = "servicecatalog_provisioned_product_stack_instances_listed_timestamp_seconds";
        self.value(family, &[("provisioned_product_id", &*id(n))])
    }

    /// What the served data leaves out for that cause.
    fn dropped(&self, cause: &str) -> Option<f64> {
        self.value("servicecatalog_series_dropped", &[("cause", cause)])
    }

    /// HTTP requests of that operation.
    fn requests(&self, operation: Operation) -> Option<f64> {
        self.value("servicecatalog_aws_requests_total", &[("operation", operation.name())])
    }

    /// The names of all families that have series and begin with one of these.
    fn families(&self, prefixes: &[&str]) -> Vec<&str> {
        let mut names: Vec<_> = self.samples.iter().map(|sample| &*sample.name).collect();
        names.retain(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        names.sort_unstable();
        names.dedup();
        names
    }
}
