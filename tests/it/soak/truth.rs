//! What was true, and when: every version of what each account and region held, and everything
//! that went wrong meanwhile. Told in series, by a reading of METRICS.md that shares no code with
//! the exporter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use servicecatalog_exporter::sim::{
    Catalog, Fault, Fleet, Operation, ProvisionedProduct, StackInstance, What, World,
};

use crate::support::exposition::Sample;

/// An account and a region.
pub type Place = (String, String);

/// Series without the labels of their target, and their values in thousandths: AWS gives times in
/// milliseconds, and arithmetic of floats is off by less.
pub type Lines = BTreeMap<String, i64>;

/// The families that a product list decides, and nothing else.
pub const OF_THE_LIST: [&str; 6] = [
    "servicecatalog_provisioned_products",
    INFO,
    "servicecatalog_provisioned_product_status",
    "servicecatalog_provisioned_product_created_timestamp_seconds",
    "servicecatalog_provisioned_product_last_provisioning_succeeded",
    "servicecatalog_provisioned_product_ever_succeeded",
];
pub const INFO: &str = "servicecatalog_provisioned_product_info";

/// Labels of [`INFO`] that a search tells, not the list.
pub const OF_THE_SEARCH: [&str; 3] =
    ["product_name", "provisioning_artifact_name", "vended_account_id"];

const STATUSES: [&str; 5] = ["AVAILABLE", "UNDER_CHANGE", "TAINTED", "ERROR", "PLAN_IN_PROGRESS"];
pub const INSTANCE_STATUSES: [&str; 3] = ["CURRENT", "OUTDATED", "INOPERABLE"];

/// History is kept for so long: what is served longer was seen in time by every witness.
pub const KEPT_SECONDS: f64 = 300.0;

/// What an account and region held at some time.
#[derive(Debug, Default, PartialEq)]
pub struct Truth {
    /// The families of [`OF_THE_LIST`].
    pub lines: Lines,
    /// Product id → its instances.
    pub sets: BTreeMap<String, Set>,
    /// Product id → the record of its last operation.
    pub records: BTreeMap<String, String>,
}

/// What a stack set held at some time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {
    /// By status.
    pub counts: BTreeMap<String, i64>,
    /// Account, region and status of those that are not CURRENT.
    pub problems: BTreeSet<(String, String, String)>,
}

/// What was true from one moment to another, seconds since 1970 by the exporter's clock.
#[derive(Clone, Debug)]
pub struct Version {
    pub from: f64,
    pub to: f64,
    pub truth: Arc<Truth>,
}

/// A thing that went wrong.
#[derive(Clone, Debug)]
pub struct Cause {
    pub fault: Fault,
    pub from: f64,
    pub to: f64,
}

/// All that a witness may know.
#[derive(Debug, Default)]
pub struct History {
    places: BTreeMap<Place, Vec<Version>>,
    /// When a record was created and moved, by product and record, in thousandths.
    told: BTreeMap<(String, String), BTreeSet<(i64, i64)>>,
    /// What a search says of a product.
    named: BTreeMap<String, [BTreeSet<String>; 3]>,
    /// Faults, the last ones.
    causes: Vec<Cause>,
    /// When every page token became invalid.
    steps: Vec<f64>,
    /// Accounts that left the organisation, and when they were back; never while they are away.
    left: BTreeMap<String, f64>,
    /// When the machine had no time for anybody, from and to.
    stalls: Vec<(f64, f64)>,
}

/// How long a record takes of which nothing else is known, in seconds.
const TAKEN: f64 = 172.84;

/// In thousandths.
#[expect(
    clippy::cast_possible_truncation,
    reason = "times and counts are far below 2^53 thousandths"
)]
pub fn milli(value: f64) -> i64 {
    (value * 1000.0).round() as i64
}

/// How a series is written here, whoever tells it.
pub fn line<'l>(name: &str, labels: impl IntoIterator<Item = (&'l str, &'l str)>) -> String {
    let labels: BTreeMap<&str, &str> = labels.into_iter().collect();
    format!("{name}{labels:?}")
}

/// The same of a served sample, without the labels that say whose it is or come from elsewhere.
pub fn served_line(sample: &Sample) -> String {
    let own = sample.labels.iter().map(|(name, value)| (&**name, &**value));
    let own = own.filter(|(name, _)| !["aws_account_id", "aws_region"].contains(name));
    let of_search = |name| sample.name == INFO && OF_THE_SEARCH.contains(&name);
    line(&sample.name, own.map(|(name, value)| (name, if of_search(name) { "" } else { value })))
}

impl Truth {
    fn of(catalog: &Catalog) -> Self {
        let mut truth = Truth::default();
        for ((kind, product_id, status), count) in catalog.counts() {
            let group = |status| {
                let labels = [
                    ("provisioned_product_type", &*kind),
                    ("product_id", &*product_id),
                    ("status", status),
                ];
                line(OF_THE_LIST[0], labels)
            };
            for known in STATUSES {
                truth.lines.entry(group(known)).or_default();
            }
            *truth.lines.entry(group(&status)).or_default() += milli(count as f64);
        }
        for product in catalog.products() {
            truth.add(product);
        }
        truth
    }

    fn add(&mut self, product: &ProvisionedProduct) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (id, name) = (text(&product.id), text(&product.name));
        let kind = product.product_type.clone().unwrap_or_default();
        let status = product.status.clone().unwrap_or_default();
        let of_product = [
            ("provisioned_product_id", &*id),
            ("provisioned_product_name", &*name),
            ("provisioned_product_type", &*kind),
        ];
        let mut tell = |family: usize, more: &[(&str, &str)], value: f64| {
            let labels = of_product.iter().chain(more).copied();
            self.lines.insert(line(OF_THE_LIST[family], labels), milli(value));
        };
        let (product_id, artifact) =
            (text(&product.product_id), text(&product.provisioning_artifact_id));
        let mut info = vec![("product_id", &*product_id), ("provisioning_artifact_id", &*artifact)];
        info.extend(OF_THE_SEARCH.map(|label| (label, "")));
        tell(1, &info, 1.0);
        for known in STATUSES {
            tell(2, &[("status", known)], f64::from(u8::from(known == status)));
        }
        if let Some(created) = product.created_time {
            tell(3, &[], created);
        }
        let moving = ["UNDER_CHANGE", "PLAN_IN_PROGRESS"].contains(&&*status);
        if let (Some(last), false) = (&product.last_provisioning_record_id, moving) {
            let successful = &product.last_successful_provisioning_record_id;
            tell(4, &[], f64::from(u8::from(successful.as_ref() == Some(last))));
            tell(5, &[], f64::from(u8::from(successful.is_some())));
        }
        if kind == "CFN_STACKSET" {
            self.sets.insert(id.clone(), Set::of(&product.instances));
        }
        self.records.insert(id, text(&product.last_record_id));
    }
}

impl Set {
    fn of(instances: &[StackInstance]) -> Self {
        let mut set = Set::default();
        set.counts.extend(INSTANCE_STATUSES.map(|known| (known.to_owned(), 0)));
        for instance in instances {
            let status = instance.status.as_deref().unwrap_or("UNKNOWN");
            *set.counts.entry(status.to_owned()).or_default() += milli(1.0);
            if status != "CURRENT" {
                let place = (instance.account.clone(), instance.region.clone().into_owned());
                set.problems.insert((place.0, place.1, status.to_owned()));
            }
        }
        set
    }
}

impl History {
    /// Takes down what the world holds from now on.
    pub fn record(&mut self, world: &World, places: &[Place], now: f64) {
        for place in places {
            let Some(catalog) = world.catalog(&place.0, &place.1) else { continue };
            self.tell(catalog);
            let versions = self.places.entry(place.clone()).or_default();
            let truth = Truth::of(catalog);
            if versions.last().is_some_and(|last| *last.truth == truth) {
                continue;
            }
            if let Some(last) = versions.last_mut() {
                last.to = now;
            }
            versions.retain(|version| version.to > now - KEPT_SECONDS);
            versions.push(Version { from: now, to: f64::INFINITY, truth: Arc::new(truth) });
        }
    }

    fn tell(&mut self, catalog: &Catalog) {
        for product in catalog.products() {
            let id = product.id.clone().unwrap_or_default();
            let names = self.named.entry(id.clone()).or_default();
            names[0].extend(product.product_name.as_deref().map(str::to_owned));
            names[1].extend(product.provisioning_artifact_name.as_deref().map(str::to_owned));
            names[2].extend(product.physical_id.clone());
            let launched = product.created_time.unwrap_or_default();
            let created = product.record_created_time.unwrap_or(launched);
            let mut told = |record: &Option<String>, created: f64, updated: Option<f64>| {
                let record = (id.clone(), record.clone().unwrap_or_default());
                let updated = updated.unwrap_or(created + TAKEN);
                self.told.entry(record).or_default().insert((milli(created), milli(updated)));
            };
            told(&product.last_record_id, created, product.record_updated_time);
            // Of the records before, AWS says what it knows of the product.
            let before = [
                &product.last_provisioning_record_id,
                &product.last_successful_provisioning_record_id,
            ];
            for record in before.into_iter().filter(|record| **record != product.last_record_id) {
                told(record, launched, None);
            }
        }
    }

    /// Every page token that was given is invalid from now on.
    pub fn tokens_expired(&mut self, now: f64) {
        self.steps.retain(|step| *step > now - KEPT_SECONDS);
        self.steps.push(now);
    }

    /// An account leaves the organisation.
    pub fn leaves(&mut self, account: &str) {
        self.left.insert(account.to_owned(), f64::INFINITY);
    }

    /// It was seen to be gone, and is back.
    pub fn returns(&mut self, account: &str, now: f64) {
        self.left.insert(account.to_owned(), now);
    }

    /// Whether an account may be there or not in a scrape that was asked for then, since it is
    /// leaving. What is known of it begins anew after that.
    pub fn is_leaving(&self, account: &str, asked: f64) -> bool {
        self.left.get(account).is_some_and(|back| asked < *back)
    }

    /// The machine had no time for anybody.
    pub fn stalled(&mut self, from: f64, to: f64) {
        self.stalls.retain(|(_, ended)| *ended > to - KEPT_SECONDS);
        self.stalls.push((from, to));
    }

    /// How often, lately.
    pub fn stalls(&self) -> usize {
        self.stalls.len()
    }

    /// Whether it had not, at some time between these two.
    pub fn was_stalled(&self, from: f64, to: f64) -> bool {
        self.stalls.iter().any(|(begun, ended)| *ended >= from && *begun <= to)
    }

    /// A fault may strike from now on.
    pub fn begins(&mut self, fault: Fault, now: f64) {
        self.causes.retain(|cause| cause.to > now - KEPT_SECONDS);
        self.causes.push(Cause { fault, from: now, to: f64::INFINITY });
    }

    /// No fault strikes after `now`.
    pub fn all_end(&mut self, now: f64) {
        for cause in &mut self.causes {
            cause.to = cause.to.min(now);
        }
    }

    /// As if nothing had gone wrong.
    pub fn forget_causes(&mut self) {
        self.causes.clear();
    }

    /// Every account and region that is watched.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.keys()
    }

    /// What was true at some time between these two.
    pub fn between(&self, place: &Place, from: f64, to: f64) -> impl Iterator<Item = &Version> {
        let versions = self.places.get(place).map(Vec::as_slice).unwrap_or_default();
        versions.iter().filter(move |version| version.to > from && version.from <= to)
    }

    /// What is true now.
    pub fn now(&self, place: &Place) -> Option<&Version> {
        self.places.get(place)?.last()
    }

    /// Whether a record of that product was ever created and moved then.
    pub fn was_told(&self, product: &str, record: &str, says: impl Fn((i64, i64)) -> bool) -> bool {
        let told = self.told.get(&(product.to_owned(), record.to_owned()));
        told.is_some_and(|times| times.iter().any(|times| says(*times)))
    }

    /// Whether a search ever said that of a product.
    pub fn was_named(&self, product: &str, label: usize, name: &str) -> bool {
        self.named.get(product).is_some_and(|names| names[label].contains(name))
    }

    /// The faults that could strike calls of that place between these times.
    pub fn causes(
        &self,
        place: &Place,
        operation: Operation,
        from: f64,
        to: f64,
    ) -> impl Iterator<Item = &Cause> {
        self.causes.iter().filter(move |cause| {
            let fault = &cause.fault;
            let is = |wanted: &Option<String>, value: &String| {
                wanted.as_ref().is_none_or(|wanted| wanted == value)
            };
            // The hub assumes the role of every account, wherever it is, and one answer serves
            // all that wait for it, also those that begin to wait when the fault is over.
            let by_role = match fault.operation {
                Some(Operation::AssumeRole) => {
                    fault.about.as_ref().is_none_or(|role| role.contains(&*place.0))
                }
                Some(_) => false,
                None => is(&fault.account, &Fleet::MANAGEMENT.to_owned()),
            };
            let strikes = fault.operation.is_none_or(|on| on == operation)
                && is(&fault.account, &place.0)
                && is(&fault.region, &place.1);
            let lasts = if by_role { cause.to + LINGERS } else { cause.to };
            (strikes || by_role) && lasts >= from && cause.from <= to
        })
    }

    /// Whether page tokens became invalid between these times.
    pub fn stepped(&self, from: f64, to: f64) -> bool {
        self.steps.iter().any(|step| (from..=to).contains(step))
    }
}

/// A request that hangs does so for a while after its fault is gone, in seconds; the
/// clock may jump meanwhile.
const LINGERS: f64 = 40.0;

/// The reasons that a fault explains, besides a deadline that came meanwhile.
pub fn reasons(what: &What) -> &'static [&'static str] {
    match what {
        What::Throttle | What::ThrottleAsValidation => &["throttled", "timeout"],
        What::InternalFailure | What::ServiceUnavailable => &["server_error", "timeout"],
        What::MalformedJson => &["invalid_response", "timeout"],
        What::HugeBody => &["limit", "timeout"],
        What::Hang | What::Drip => &["timeout"],
        What::Reset => &["network", "timeout"],
        What::RepeatedToken | What::TokenCycle => &["invalid_response"],
        What::EmptyPage => &["limit", "timeout"],
        What::NullToken | What::EmptyToken | What::OverlappingPages => &[],
        What::Denied => &["access_denied", "credentials"],
        What::DeniedByScp => &["scp_denied"],
        What::Expired | What::Skewed => &["credentials"],
        What::OptInRequired => &["region_disabled"],
        What::UnrecognizedClient => &["credentials", "region_disabled"],
        What::NotFound => &["access_denied", "invalid_response"],
        What::InvalidParameters => &["invalid_response", "other"],
        What::Raw { .. } => &["invalid_response", "server_error", "other", "timeout"],
    }
}
