//! A product that needs somebody's eyes: not AVAILABLE, or a stack set with instances not CURRENT.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::Serialize;

use super::query::{ProblemSort, Slice};
use super::target::{Looked, account_of, said};
use super::view::InstanceCounts;
use super::{console, cut};
use crate::model::{
    AccountId, InstanceStatus, Listing, Product, ProductNames, ProductStatus, Record,
    StatusName as _,
};
use crate::snapshot::{Dated, Snapshot, Stage, TargetState};

/// How bad it is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    Error,
    Tainted,
    /// A status that this build does not know.
    UnknownStatus,
    /// AVAILABLE, with INOPERABLE instances.
    Inoperable,
    /// AVAILABLE, with instances of a status that this build does not know.
    UnknownInstances,
    /// AVAILABLE, with OUTDATED instances.
    Outdated,
    UnderChange,
    Planned,
}

/// A problem, as it is chosen and sorted: small, since there may be as many as products.
#[derive(Clone, Copy)]
pub(super) struct Problem<'s> {
    product: &'s Product,
    state: &'s TargetState,
    severity: Severity,
    /// Whether the data of the target is.
    stale: bool,
}

/// The listing of a stack set, where it is known.
fn listing<'s>(state: &'s TargetState, product: &Product) -> Option<&'s Dated<Listing>> {
    product.is_stack_set().then(|| state.listing(&product.id)).flatten()
}

/// The record of its last operation, where it is asked for and known.
fn record<'s>(
    state: &'s TargetState,
    product: &Product,
    snapshot: &Snapshot,
) -> Option<&'s Record> {
    let runs = snapshot.optional_stages.contains(&Stage::Records);
    if runs { state.record_of(product) } else { None }
}

impl<'s> Problem<'s> {
    /// The product as a problem, if it is one.
    pub(super) fn of(target: &Looked<'s>, product: &'s Product) -> Option<Self> {
        let severity = match &product.status {
            ProductStatus::Available => {
                let counts = listing(target.state, product)?.value.counts();
                let of = |status| counts.of(&status);
                let known = of(InstanceStatus::Current)
                    + of(InstanceStatus::Outdated)
                    + of(InstanceStatus::Inoperable);
                match () {
                    () if of(InstanceStatus::Inoperable) > 0 => Severity::Inoperable,
                    () if counts.total() > known => Severity::UnknownInstances,
                    () if of(InstanceStatus::Outdated) > 0 => Severity::Outdated,
                    () => return None,
                }
            }
            ProductStatus::Error => Severity::Error,
            ProductStatus::Tainted => Severity::Tainted,
            ProductStatus::UnderChange => Severity::UnderChange,
            ProductStatus::PlanInProgress => Severity::Planned,
            ProductStatus::Other(_) => Severity::UnknownStatus,
        };
        Some(Self { product, state: target.state, severity, stale: target.stale })
    }

    pub(super) fn product(&self) -> &'s Product {
        self.product
    }

    /// The status of the product, and those of its instances that are not CURRENT.
    pub(super) fn statuses(&self) -> impl Iterator<Item = &'s str> {
        let counts = listing(self.state, self.product).map(|listing| listing.value.counts());
        let of_instances = counts.into_iter().flat_map(|counts| counts.counts::<InstanceStatus>());
        let current = InstanceStatus::Current;
        let not_current =
            of_instances.filter(move |(status, many)| *many > 0 && *status != current.as_str());
        std::iter::once(self.product.status.as_str()).chain(not_current.map(|(status, _)| status))
    }

    fn record(&self, snapshot: &Snapshot) -> Option<&'s Record> {
        record(self.state, self.product, snapshot)
    }

    /// In the order of a slice. Equals are told apart by since when they are, which is the oldest
    /// first, then by name and place.
    pub(super) fn order(
        &self,
        other: &Self,
        slice: &Slice<ProblemSort>,
        snapshot: &Snapshot,
    ) -> Ordering {
        let place = |one: &Self| (account_of(one.state), one.state.region.as_str());
        let name = |one: &Self| &*one.product.name;
        let since = |one: &Self| one.record(snapshot).and_then(|record| record.created);
        let by_since = || match (since(self), since(other)) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            // What is not known comes last.
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
        let order = match slice.sort {
            ProblemSort::Status => self.severity.cmp(&other.severity),
            ProblemSort::Name => name(self).cmp(name(other)),
            ProblemSort::Type => self.product.kind.cmp(&other.product.kind),
            ProblemSort::Account => place(self).0.cmp(place(other).0),
            ProblemSort::Region => place(self).1.cmp(place(other).1),
            ProblemSort::Since => by_since(),
        };
        let order = if slice.descending { order.reverse() } else { order };
        order
            .then_with(by_since)
            .then_with(|| (name(self), place(self)).cmp(&(name(other), place(other))))
            .then_with(|| self.product.id.cmp(&other.product.id))
    }
}

/// A problem in full.
#[derive(Debug, Serialize)]
pub(super) struct ProblemRow<'s> {
    pub(super) id: &'s str,
    pub(super) name: Cow<'s, str>,
    #[serde(rename = "type")]
    pub(super) kind: Cow<'s, str>,
    pub(super) status: Cow<'s, str>,
    pub(super) account: Option<&'s str>,
    pub(super) account_name: Option<Cow<'s, str>>,
    pub(super) region: &'s str,
    /// The account that it made, if it is one of Account Factory.
    pub(super) vended_account: Option<Cow<'s, str>>,
    pub(super) created_timestamp_seconds: Option<f64>,
    /// When the last operation began.
    pub(super) since_timestamp_seconds: Option<f64>,
    pub(super) last_operation: Option<OperationRow<'s>>,
    pub(super) product_id: Option<&'s str>,
    pub(super) product_name: Option<Cow<'s, str>>,
    pub(super) artifact_id: Option<&'s str>,
    pub(super) artifact_name: Option<Cow<'s, str>>,
    /// By status; null for what is no stack set, and while nothing is known of its instances.
    pub(super) stack_instances: Option<InstanceCounts>,
    pub(super) stack_instances_not_current: Option<u64>,
    pub(super) stack_instances_timestamp_seconds: Option<f64>,
    /// Told in full only.
    pub(super) status_message: Option<&'s str>,
    pub(super) console_url: Option<String>,
    /// Whether it has stack instances at all.
    #[serde(skip)]
    pub(super) is_stack_set: bool,
    #[serde(skip)]
    pub(super) stale: bool,
}

/// The last operation on a product, from its record.
#[derive(Debug, Serialize)]
pub(super) struct OperationRow<'s> {
    #[serde(rename = "type")]
    pub(super) kind: Option<&'s str>,
    pub(super) status: Option<&'s str>,
    pub(super) updated_timestamp_seconds: Option<f64>,
    /// Told in full only.
    pub(super) error_code: Option<&'s str>,
    /// Told in full only.
    pub(super) error_message: Option<&'s str>,
}

impl<'s> ProblemRow<'s> {
    /// `full` also tells what AWS says of the product.
    pub(super) fn of(problem: &Problem<'s>, snapshot: &Snapshot, full: bool) -> Self {
        let row = Self::of_product(problem.product, problem.state, snapshot, full);
        Self { stale: problem.stale, ..row }
    }

    /// The same of any product, with a problem or without.
    pub(super) fn of_product(
        product: &'s Product,
        state: &'s TargetState,
        snapshot: &Snapshot,
        full: bool,
    ) -> Self {
        let record = record(state, product, snapshot);
        let listing = listing(state, product);
        let counts = listing.map(|listing| listing.value.counts());
        let named = snapshot.optional_stages.contains(&Stage::NamesAndTags);
        let names = if named { state.names_of(&product.id) } else { None };
        let name =
            |text: fn(&ProductNames) -> &str| names.and_then(|names| said(text(names))).map(cut);
        Self {
            id: &product.id,
            name: cut(&product.name),
            kind: cut(&product.kind),
            status: cut(product.status.as_str()),
            account: state.account.as_ref().map(AccountId::as_str),
            account_name: said(&state.names.account_name).map(cut),
            region: state.region.as_str(),
            vended_account: name(|names| &names.vended_account),
            created_timestamp_seconds: product.created,
            since_timestamp_seconds: record.and_then(|record| record.created),
            last_operation: record.map(|record| OperationRow::of(record, full)),
            product_id: said(&product.product_id),
            product_name: name(|names| &names.product),
            artifact_id: said(&product.artifact_id),
            artifact_name: name(|names| &names.artifact),
            stack_instances_not_current: counts
                .map(|counts| counts.total() - counts.of(&InstanceStatus::Current)),
            stack_instances: counts.map(|counts| InstanceCounts(counts.clone())),
            stack_instances_timestamp_seconds: listing.map(|listing| listing.asked.unix),
            status_message: product.status_message.as_deref().filter(|_| full),
            console_url: console::link(&state.region, &product.id),
            is_stack_set: product.is_stack_set(),
            stale: false,
        }
    }
}

impl<'s> OperationRow<'s> {
    fn of(record: &'s Record, full: bool) -> Self {
        let error = record.error.as_ref().filter(|_| full);
        Self {
            kind: said(&record.kind),
            status: said(record.status.as_str()),
            updated_timestamp_seconds: record.updated,
            error_code: error.and_then(|error| said(&error.code)),
            error_message: error.and_then(|error| said(&error.text)),
        }
    }
}
