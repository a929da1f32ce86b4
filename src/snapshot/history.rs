//! How products came to their statuses: what no list says, and two lists together do.
//!
//! A list that replaces another one tells which products entered a status between the two. Nothing
//! is told by a first list, which has none before it, nor by one that follows on a list that was
//! dropped for its age: what happened meanwhile is unknown.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::TargetState;
use crate::model::{Catalog, GroupKey, Moment, Product, ProductStatus, Tally};

/// Counts of groups that are gone are kept while there are no more groups than this.
const MOST_GROUPS: usize = 1_000;

/// A product that a list shows in another status than the list before did.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The provisioned product's id.
    pub id: Arc<str>,
    /// Its status in the list before; `None` where that did not hold it.
    pub from: Option<ProductStatus>,
    /// Its status now.
    pub to: ProductStatus,
    /// How long it was in the status before, in seconds between two askings; `None` where nobody
    /// saw it enter that.
    pub after: Option<f64>,
}

/// What a complete list changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListChange {
    /// Whether it is another list than the one before.
    pub is_another: bool,
    /// The products that entered a status, in the order of their ids.
    pub transitions: Vec<Transition>,
}

/// What was seen to happen to the products of a target; shared between snapshots until it changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct History {
    /// How many products entered each status since this process began, for the groups of the last
    /// list, and for those before that counted any. Not kept over a restart: a counter that goes
    /// back is added a second time.
    pub(super) entered: BTreeMap<GroupKey, Tally<5>>,
    /// When each product was first seen in its status, Unix seconds, where it was seen to enter it.
    pub(super) since: BTreeMap<Arc<str>, f64>,
    /// Since when each list has been empty.
    pub(super) empty_since: Option<Moment>,
    /// The list before is from a process that did not end as it should: what it had counted behind
    /// that list is not known, and would be counted twice.
    pub(super) is_torn: bool,
}

impl History {
    fn take(
        &mut self,
        before: Option<&Catalog>,
        after: &Catalog,
        asked: Moment,
    ) -> Vec<Transition> {
        self.since.retain(|id, _| after.product(id).is_some());
        for group in after.groups().keys() {
            self.entered.entry(group.clone()).or_default();
        }
        let is_full = self.entered.len() > MOST_GROUPS;
        self.entered.retain(|group, tally| {
            after.groups().contains_key(group) || (tally.total() > 0 && !is_full)
        });
        self.empty_since = if after.is_empty() { self.empty_since.or(Some(asked)) } else { None };
        let is_torn = std::mem::take(&mut self.is_torn);
        let Some(before) = before else {
            self.since.clear();
            return Vec::new();
        };
        let mut transitions = Vec::new();
        for product in after.products() {
            let known = before.product(&product.id).map(|known| &known.status);
            if known == Some(&product.status) {
                continue;
            }
            if is_torn {
                // That process may have seen it before this list does.
                self.since.remove(&product.id);
                continue;
            }
            let since = self.since.insert(Arc::clone(&product.id), asked.unix);
            self.count(product);
            transitions.push(Transition {
                id: Arc::clone(&product.id),
                from: known.cloned(),
                to: product.status.clone(),
                after: since.map(|since| (asked.unix - since).max(0.0)),
            });
        }
        transitions
    }

    /// The history that goes on behind this list: of its groups nothing is counted yet.
    pub(super) fn begin(&mut self, list: &Catalog) {
        self.entered =
            list.groups().keys().map(|group| (group.clone(), Tally::default())).collect();
        self.since.retain(|id, _| list.product(id).is_some());
    }

    fn count(&mut self, product: &Product) {
        let group = (Arc::clone(&product.kind), Arc::clone(&product.product_id));
        self.entered.entry(group).or_default().add(&product.status, 1);
    }

    /// Whether a list that equals the one before has nothing new to say here either.
    fn is_settled(&self, list: &Catalog) -> bool {
        !self.is_torn && list.is_empty() == self.empty_since.is_some()
    }
}

impl TargetState {
    /// Takes a list that replaces the present one, which `is_another` unless they are equal.
    pub(super) fn take_history(
        &mut self,
        after: &Catalog,
        asked: Moment,
        is_another: bool,
    ) -> Vec<Transition> {
        if !is_another && self.history.is_settled(after) {
            return Vec::new();
        }
        let before = self.products.as_ref().map(|dated| &*dated.value);
        Arc::make_mut(&mut self.history).take(before, after, asked)
    }

    /// How many products entered each status since the process began, for each group of the last
    /// list, also where that was dropped for its age, and for groups that are gone.
    #[must_use]
    pub fn transitions(&self) -> &BTreeMap<GroupKey, Tally<5>> {
        &self.history.entered
    }

    /// When a product was first seen in its status, Unix seconds: the begin of the asking for the
    /// list that showed it so first. `None` where no list before it says that it was in another.
    #[must_use]
    pub fn status_since(&self, id: &str) -> Option<f64> {
        self.history.since.get(id).copied()
    }

    /// For how long each list has been empty; `None` if the last one was not.
    #[must_use]
    pub fn empty_for(&self, now: Moment) -> Option<Duration> {
        Some(now.uptime.saturating_sub(self.history.empty_since?.uptime))
    }
}

#[cfg(test)]
mod tests;
