//! What happens in the simulated world: in each account one operation, and the events that it causes.

use std::time::Duration;

use fastrand::Rng;
use serde_json::json;
use servicecatalog_exporter::model::{Product, ProductStatus};
use servicecatalog_exporter::sim::{Fleet, ProvisionedProduct, REGION, StackInstance, World};

/// Of so many operations one is that of a stack set.
const STACK_SET_EVERY: usize = 3;

/// The two moments of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Begin,
    End,
}

/// One operation on one product.
pub struct Change {
    pub account: String,
    pub product: String,
    pub is_stack_set: bool,
    /// Whether it fails and is rolled back.
    pub fails: bool,
    /// Since the script began.
    pub begins: Duration,
    record: String,
}

/// In each account an operation that begins within that time; the same seed makes the same ones.
pub fn script(world: &World, accounts: usize, within: Duration, seed: u64) -> Vec<Change> {
    let mut random = Rng::with_seed(seed);
    let mut change = |nth: usize| {
        let account = Fleet::account(nth);
        let is_stack_set = nth.is_multiple_of(STACK_SET_EVERY);
        let products = world.catalog(&account, REGION).expect("it is used").products().iter();
        let alike: Vec<_> =
            products.filter(|product| product.instances.is_empty() != is_stack_set).collect();
        let product = random.choice(&alike).and_then(|product| product.id.clone());
        Change {
            account,
            product: product.expect("there is one of each kind"),
            is_stack_set,
            fails: nth.is_multiple_of(2),
            begins: within.mul_f64(random.f64()),
            record: format!("rec-{nth:05}reaction"),
        }
    };
    (0..accounts).map(&mut change).collect()
}

impl Change {
    /// Lets it begin or end.
    pub fn happen(&self, edge: Edge, world: &mut World) {
        let catalog = world.catalog_mut(&self.account, REGION);
        let product = catalog.product_mut(&self.product).expect("none is removed");
        match edge {
            Edge::Begin => {
                product.status = Some("UNDER_CHANGE".into());
                product.last_record_id = Some(self.record.clone());
                product.last_provisioning_record_id.clone_from(&product.last_record_id);
                first_half(product, "OUTDATED");
            }
            Edge::End if self.fails => {
                product.status = Some("TAINTED".into());
                product.status_message = Some("The update failed and was rolled back".to_owned());
            }
            Edge::End => {
                product.status = Some("AVAILABLE".into());
                product
                    .last_successful_provisioning_record_id
                    .clone_from(&product.last_provisioning_record_id);
                first_half(product, "CURRENT");
            }
        }
    }

    /// Which of the two a product as it is published shows, if any.
    pub fn shown_by(&self, product: &Product) -> Option<Edge> {
        if *product.last_record != *self.record {
            return None;
        }
        Some(match product.status {
            ProductStatus::UnderChange => Edge::Begin,
            _ => Edge::End,
        })
    }

    /// What EventBridge puts on the queue for it.
    pub fn event(&self, edge: Edge) -> String {
        let Self { account, product, .. } = self;
        let named = |kind: &str, end: &str| {
            format!("arn:aws:cloudformation:{REGION}:{account}:{kind}/SC-{account}-{product}{end}")
        };
        let set = named("stackset", ":0b3510b0-b46e-41da-b170-17a6205738d1");
        let stack = named("stack", "/6018366c-f658-47a7-9ed3-4fe53a096533");
        let (kind, about, detail) = if self.is_stack_set {
            let status = if edge == Edge::End && !self.fails { "CURRENT" } else { "OUTDATED" };
            let detail = json!({
                "stack-set-arn": set, "action": "UPDATE", "status-details": {"status": status},
            });
            ("CloudFormation StackSet StackInstance Status Change", set, detail)
        } else {
            let status = match edge {
                Edge::Begin => "UPDATE_IN_PROGRESS",
                Edge::End if self.fails => "UPDATE_ROLLBACK_COMPLETE",
                Edge::End => "UPDATE_COMPLETE",
            };
            let detail = json!({"stack-id": stack, "status-details": {"status": status}});
            ("CloudFormation Stack Status Change", stack, detail)
        };
        let event = json!({
            "version": "0",
            "id": "c24f6aa8-3bf3-4a14-bc2f-7ad016edc5d4",
            "detail-type": kind,
            "source": "aws.cloudformation",
            "account": account,
            "time": "2026-11-28T09:41:07Z",
            "region": REGION,
            "resources": [about],
            "detail": detail,
        });
        event.to_string()
    }
}

fn first_half(product: &mut ProvisionedProduct, status: &'static str) {
    let half = product.instances.len() / 2;
    let instances = product.instances.iter_mut().take(half);
    instances.for_each(|instance: &mut StackInstance| instance.status = Some(status.into()));
}
