//! The moving world: products change, fail, are mended, launched and terminated.
//!
//! Every product has at most one plan: what happens to it next, and when. A product in an
//! unsettled state without a plan gets one, so a world of any making comes to life, and everything
//! that goes wrong is mended in the end. Troubles are rationed: most of the world stays healthy.

use std::collections::BTreeMap;

use super::product::{ProvisionedProduct, StackInstance};
use super::random::Random;

/// What happens to a product next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// The change under way succeeds; a stack set is wholly up to date.
    Succeed,
    /// The change succeeds, but leaves instances OUTDATED behind.
    SucceedPartly,
    /// The update under way fails and is rolled back: TAINTED.
    Taint,
    /// The change under way fails: ERROR.
    Fail,
    /// The termination under way succeeds.
    Vanish,
    /// The plan is executed: the launch begins.
    Execute,
    /// Someone mends it: a new update that will succeed.
    Mend,
    /// Someone mends its INOPERABLE instances by hand, behind the back of Service Catalog.
    MendInstances,
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    due: u64,
    event: Event,
}

/// The course of events in one account and region.
#[derive(Debug, Clone)]
pub(super) struct Life {
    random: Random,
    /// Steps so far.
    steps: u64,
    /// When the step under way happens, in seconds since 1970.
    now: f64,
    /// By product id.
    plans: BTreeMap<String, Plan>,
    /// How many products there were at the first step; launches and terminations keep near it.
    settled: Option<usize>,
}

const UPDATE_FAILED: &str =
    "The update failed and was rolled back: Resource handler returned message: \"Limit exceeded\"";
const ROLLBACK_FAILED: &str =
    "The update failed and could not be rolled back: The role lacks the permission iam:PassRole";

impl Life {
    pub fn new(seed: u64) -> Self {
        Life {
            random: Random::new(seed),
            steps: 0,
            now: 0.0,
            plans: BTreeMap::new(),
            settled: None,
        }
    }

    pub fn step(
        &mut self,
        account: &str,
        region: &str,
        now: f64,
        products: &mut Vec<ProvisionedProduct>,
    ) {
        let settled = *self.settled.get_or_insert(products.len());
        self.steps += 1;
        self.now = now;
        self.move_records(products);
        self.carry_out(products);
        self.plan_for_the_unsettled(products);
        // The first failure and the first rollout come early, so that a demo has something to show.
        match self.steps % 8 {
            2 => self.roll_out(products),
            3 if self.may_fail(products) => self.change(products, Event::Taint),
            5 if self.may_fail(products) => self.change(products, Event::Fail),
            6 if products.len() + 2 > settled => self.terminate(products),
            7 if products.len() < settled + 3 && settled > 0 => {
                self.launch(account, region, products)
            }
            _ => {}
        }
        self.change(products, Event::Succeed);
    }

    /// What is under way gets on: its record moves.
    fn move_records(&self, products: &mut [ProvisionedProduct]) {
        for product in products.iter_mut().filter(|product| product.has_status("UNDER_CHANGE")) {
            product.record_updated_time = Some(self.now);
        }
    }

    /// Lets happen what is due.
    fn carry_out(&mut self, products: &mut Vec<ProvisionedProduct>) {
        let now = self.steps;
        let due: Vec<(String, Event)> = self
            .plans
            .extract_if(.., |_, plan| plan.due <= now)
            .map(|(id, plan)| (id, plan.event))
            .collect();
        for (id, event) in due {
            let Some(position) =
                products.iter().position(|product| product.id.as_deref() == Some(&id))
            else {
                continue;
            };
            let product = &mut products[position];
            match event {
                Event::Succeed => self.succeed(product),
                Event::SucceedPartly => {
                    self.succeed(product);
                    self.leave_some_behind(product);
                }
                Event::Taint => self.fail(product, "TAINTED", UPDATE_FAILED),
                Event::Fail => self.fail(product, "ERROR", ROLLBACK_FAILED),
                Event::Execute | Event::Mend => self.begin(product, Event::Succeed),
                Event::MendInstances => set_instances(product, "INOPERABLE", "CURRENT"),
                Event::Vanish => {
                    products.remove(position);
                }
            }
        }
    }

    /// Gives everything that is not settled a way out of it.
    fn plan_for_the_unsettled(&mut self, products: &[ProvisionedProduct]) {
        for product in products {
            let Some(id) = product.id.as_ref().filter(|id| !self.plans.contains_key(*id)) else {
                continue;
            };
            let (event, from, spread) = match product.status.as_deref() {
                Some("UNDER_CHANGE") => (Event::Succeed, 2, 3),
                Some("PLAN_IN_PROGRESS") => (Event::Execute, 3, 4),
                Some("TAINTED" | "ERROR") => (Event::Mend, 8, 12),
                _ if has_instances(product, "OUTDATED") => (Event::Mend, 4, 6),
                _ if has_instances(product, "INOPERABLE") => (Event::MendInstances, 8, 8),
                _ => continue,
            };
            let due = self.steps + from + self.random.below(spread) as u64;
            self.plans.insert(id.clone(), Plan { due, event });
        }
    }

    /// No more than a tenth of the products (but one) may be in trouble at a time.
    fn may_fail(&self, products: &[ProvisionedProduct]) -> bool {
        let troubled = products
            .iter()
            .filter(|product| product.has_status("TAINTED") || product.has_status("ERROR"));
        let failing =
            self.plans.values().filter(|plan| matches!(plan.event, Event::Taint | Event::Fail));
        troubled.count() + failing.count() < (products.len() / 10).max(1)
    }

    /// An AVAILABLE product begins a change that ends with `event`.
    fn change(&mut self, products: &mut [ProvisionedProduct], event: Event) {
        if let Some(position) = self.choose(products, |_| true) {
            self.begin(&mut products[position], event);
        }
    }

    /// A stack set is updated: its instances are OUTDATED until it is their turn.
    fn roll_out(&mut self, products: &mut [ProvisionedProduct]) {
        if let Some(position) = self.choose(products, |product| !product.instances.is_empty()) {
            let product = &mut products[position];
            self.begin(product, Event::SucceedPartly);
            let waiting = product.instances.len().div_ceil(2);
            for instance in product.instances.iter_mut().rev().take(waiting) {
                instance.status = Some("OUTDATED".into());
            }
        }
    }

    fn terminate(&mut self, products: &mut [ProvisionedProduct]) {
        // Stack sets stay: they are few, and what a demo shows most of.
        if let Some(position) = self.choose(products, |product| !product.is_stack_set()) {
            self.begin(&mut products[position], Event::Vanish);
        }
    }

    /// A new product of a kind that is there already; every second one by way of a plan.
    fn launch(&mut self, account: &str, region: &str, products: &mut Vec<ProvisionedProduct>) {
        let kin: Vec<usize> =
            positions(products, |product| !product.is_stack_set() && product.product_id.is_some());
        let Some(kin) = self.random.pick(&kin) else { return };
        let name = format!("launched-{}", self.steps);
        let mut product = ProvisionedProduct {
            id: Some(self.random.id("pp")),
            created_time: Some(self.now),
            record_created_time: Some(self.now),
            record_updated_time: Some(self.now),
            idempotency_token: Some(self.random.uuid()),
            last_record_id: Some(self.random.id("rec")),
            product_type: products[kin].product_type.clone(),
            product_id: products[kin].product_id.clone(),
            provisioning_artifact_id: products[kin].provisioning_artifact_id.clone(),
            product_name: products[kin].product_name.clone(),
            provisioning_artifact_name: products[kin].provisioning_artifact_name.clone(),
            tags: products[kin].tags.clone(),
            owner_arn: products[kin].owner_arn.clone(),
            status: Some("PLAN_IN_PROGRESS".into()),
            ..ProvisionedProduct::default().named(name)
        }
        .at(account, region);
        if self.steps % 16 < 8 {
            self.begin(&mut product, Event::Succeed);
        }
        products.push(product);
    }

    /// Begins an operation: a new record, UNDER_CHANGE, and an end in a few steps.
    fn begin(&mut self, product: &mut ProvisionedProduct, event: Event) {
        let Some(id) = product.id.clone() else { return };
        product.status = Some("UNDER_CHANGE".into());
        product.status_message = None;
        product.last_record_id = Some(self.random.id("rec"));
        product.last_provisioning_record_id.clone_from(&product.last_record_id);
        product.record_created_time = Some(self.now);
        product.record_updated_time = Some(self.now);
        let due = self.steps + 2 + self.random.below(3) as u64;
        self.plans.insert(id, Plan { due, event });
    }

    fn succeed(&self, product: &mut ProvisionedProduct) {
        product.status = Some("AVAILABLE".into());
        product
            .last_successful_provisioning_record_id
            .clone_from(&product.last_provisioning_record_id);
        product.record_updated_time = Some(self.now);
        set_instances(product, "OUTDATED", "CURRENT");
    }

    fn fail(&self, product: &mut ProvisionedProduct, status: &'static str, message: &str) {
        product.status = Some(status.into());
        product.status_message = Some(message.to_owned());
        product.record_updated_time = Some(self.now);
    }

    /// After an update a few instances are still OUTDATED, now and then one is INOPERABLE.
    fn leave_some_behind(&mut self, product: &mut ProvisionedProduct) {
        let behind = product.instances.len().div_ceil(8);
        for instance in product.instances.iter_mut().rev().take(behind) {
            instance.status = Some("OUTDATED".into());
        }
        if self.random.chance(50)
            && let Some(first) = product.instances.first_mut()
        {
            first.status = Some("INOPERABLE".into());
        }
    }

    /// One of the AVAILABLE products that nothing is planned for.
    fn choose(
        &mut self,
        products: &[ProvisionedProduct],
        fits: impl Fn(&ProvisionedProduct) -> bool,
    ) -> Option<usize> {
        let free = positions(products, |product| {
            product.has_status("AVAILABLE")
                && product.id.as_ref().is_some_and(|id| !self.plans.contains_key(id))
                && fits(product)
        });
        self.random.pick(&free)
    }
}

fn positions(
    products: &[ProvisionedProduct],
    fits: impl Fn(&ProvisionedProduct) -> bool,
) -> Vec<usize> {
    products
        .iter()
        .enumerate()
        .filter(|(_, product)| fits(product))
        .map(|(position, _)| position)
        .collect()
}

fn set_instances(product: &mut ProvisionedProduct, from: &str, to: &'static str) {
    for instance in product.instances.iter_mut().filter(|instance| has(instance, from)) {
        instance.status = Some(to.into());
    }
}

fn has_instances(product: &ProvisionedProduct, status: &str) -> bool {
    product.instances.iter().any(|instance| has(instance, status))
}

fn has(instance: &StackInstance, status: &str) -> bool {
    instance.status.as_deref() == Some(status)
}
