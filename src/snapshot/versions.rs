//! What is known of the versions of the products that are in use.
//!
//! Nothing depends on it: what fails here leaves products and stack instances alone. Each product
//! is asked about by itself, once in a refresh period, and keeps what was answered until another
//! answer comes or it is too old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::enrichment::PAUSE;
use super::{Dated, Stage, TargetState};
use crate::model::{Artifacts, Catalog, Moment, Reason, Way};

/// After a throttle nothing is asked for so long: others need the quota more.
const AFTER_A_THROTTLE: Duration = Duration::from_secs(10 * 60);
/// What was not confirmed for so many refresh periods is dropped.
const KEPT: u32 = 3;
/// A call that is denied whatever it is about is left out so long where another one works.
const DENIED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// A call that is refused for a product is left out for it so long: it may have been shared, or
/// granted, meanwhile.
const REFUSED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A product that is refused again and again rests twice as long each time, up to this power of
/// two and one refresh period.
const MOST_DOUBLINGS: u32 = 16;

/// How asking for versions ended in one attempt.
#[derive(Clone, Debug, Default)]
pub struct VersionsEnd {
    /// When it began.
    pub asked: Moment,
    /// From its begin to its end.
    pub took: Duration,
    /// From one question about a product to the next.
    pub refresh: Duration,
    /// Whether nothing was to be asked, because it was denied or throttled lately.
    pub rested: bool,
    /// What came of each product.
    pub answers: Vec<VersionsAnswer>,
    /// Calls that were denied whatever product they are about.
    pub denied: Vec<Way>,
    /// Why asking ended early, if something failed that is no product's own.
    pub failure: Option<Reason>,
}

/// What came of the question for the versions of one product.
#[derive(Clone, Debug)]
pub struct VersionsAnswer {
    /// Which product.
    pub product: Arc<str>,
    /// When asking for it began.
    pub asked: Moment,
    /// Calls that AWS refused for this product.
    pub refused: Vec<Way>,
    /// Its versions, or why they are not known; `None` where not all ways were tried yet.
    pub found: Option<Result<Arc<Artifacts>, Reason>>,
}

/// A product whose versions are to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionsDue {
    /// The product.
    pub product: Arc<str>,
    /// The calls to try, in this order.
    pub ways: Vec<Way>,
}

/// Since when each way is known not to work.
pub(super) type Closed = [Option<Moment>; Way::ALL.len()];

/// What is known of one product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownProduct {
    /// Its versions, unless they were dropped for their age.
    pub artifacts: Option<Dated<Artifacts>>,
    /// When it was asked about last, with success or not; `None` before all ways were tried.
    pub tried: Option<Moment>,
    /// Why the last question was not answered.
    pub failure: Option<Reason>,
    /// Questions in a row that were not answered.
    pub failures: u32,
    /// Since when each call is refused for this product.
    pub refused: Closed,
}

/// All that is known of versions, in simple fields: it may be kept over a restart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versions {
    /// By product id.
    pub products: BTreeMap<Arc<str>, KnownProduct>,
    /// Since when each call is denied whatever product it is about.
    pub denied: Closed,
}

fn since(then: Moment, now: Moment) -> Duration {
    now.uptime.saturating_sub(then.uptime)
}

fn is_closed(closed: Option<Moment>, now: Moment, so_long: Duration) -> bool {
    closed.is_some_and(|closed| since(closed, now) < so_long)
}

impl KnownProduct {
    fn is_due(&self, now: Moment, refresh: Duration) -> bool {
        let Some(tried) = self.tried else { return true };
        let waited = since(tried, now);
        match self.failure {
            // Somebody has to mend it, and each question may take three calls.
            Some(
                Reason::ScpDenied | Reason::AccessDenied | Reason::InvalidResponse | Reason::Limit,
            ) => {
                let doubled = 1 << self.failures.saturating_sub(1).min(MOST_DOUBLINGS);
                waited >= refresh.min(PAUSE.saturating_mul(doubled))
            }
            Some(_) => true,
            None => waited >= refresh,
        }
    }

    fn take(&mut self, answer: VersionsAnswer) {
        for way in answer.refused {
            self.refused[way.index()] = Some(answer.asked);
        }
        match answer.found {
            Some(Ok(artifacts)) => {
                // What did not change stays the same memory.
                let same = self.artifacts.as_ref().filter(|known| known.value == artifacts);
                let value = same.map_or(artifacts, |known| Arc::clone(&known.value));
                self.artifacts = Some(Dated { value, asked: answer.asked });
                (self.tried, self.failure, self.failures) = (Some(answer.asked), None, 0);
            }
            Some(Err(reason)) => {
                (self.tried, self.failure) = (Some(answer.asked), Some(reason));
                self.failures = self.failures.saturating_add(1);
            }
            None => (),
        }
    }
}

impl Versions {
    /// The calls that were lately denied, whatever they were about.
    #[must_use]
    pub fn denied(&self, now: Moment) -> Vec<Way> {
        let denied = |way: &Way| is_closed(self.denied[way.index()], now, DENIED_FOR);
        Way::ALL.into_iter().filter(denied).collect()
    }

    /// The ways that are worth trying for a product: those that are not known to be closed, or all
    /// of them if there are none.
    fn ways(&self, product: &str, now: Moment) -> Vec<Way> {
        let denied = self.denied(now);
        let refused = self.products.get(product).map(|known| known.refused).unwrap_or_default();
        let open =
            |way: &Way| !denied.contains(way) && !is_closed(refused[way.index()], now, REFUSED_FOR);
        let ways: Vec<Way> = Way::ALL.into_iter().filter(open).collect();
        if ways.is_empty() { Way::ALL.to_vec() } else { ways }
    }
}

impl TargetState {
    /// What is known of versions.
    #[must_use]
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The versions of a product, if they are known.
    #[must_use]
    pub fn artifacts_of(&self, product: &str) -> Option<&Artifacts> {
        Some(&*self.versions.products.get(product)?.artifacts.as_ref()?.value)
    }

    /// The products of `catalog` whose versions are to be asked for: never one that was not in use
    /// in the list before, so that a fleet that starts does not ask all at once; first those that
    /// were never asked for, then the one that was tried longest ago.
    #[must_use]
    pub fn versions_due(
        &self,
        catalog: &Catalog,
        now: Moment,
        refresh: Duration,
    ) -> Vec<VersionsDue> {
        let known = |product: &str| self.versions.products.get(product);
        let is_due = |product: &&Arc<str>| {
            let was_in_use = self.products().is_some_and(|before| before.is_launched(product));
            was_in_use && known(product).is_none_or(|known| known.is_due(now, refresh))
        };
        let mut due: Vec<&Arc<str>> = catalog.launched().filter(is_due).collect();
        // Stable: those that were asked for together stay in the order of their ids.
        due.sort_by_key(|product| Some(known(product)?.tried?.uptime));
        due.into_iter()
            .map(|product| VersionsDue {
                product: Arc::clone(product),
                ways: self.versions.ways(product, now),
            })
            .collect()
    }

    /// What is known of products that are not in use any more is gone.
    pub(super) fn settle_versions(&mut self, catalog: &Catalog) {
        if self.versions.products.keys().any(|id| !catalog.is_launched(id)) {
            Arc::make_mut(&mut self.versions).products.retain(|id, _| catalog.is_launched(id));
        }
    }

    /// Takes what the attempt that began at `begun` (Unix seconds) found.
    pub(super) fn versions_finished(&mut self, end: VersionsEnd, begun: f64) {
        let kept = end.refresh.saturating_mul(KEPT);
        let is_old = |known: &Dated<Artifacts>| since(known.asked, end.asked) >= kept;
        let any_is_old = self
            .versions
            .products
            .values()
            .any(|known| known.artifacts.as_ref().is_some_and(is_old));
        // Most scans ask nothing, and what did not change stays the same memory.
        if any_is_old || !end.denied.is_empty() || !end.answers.is_empty() {
            let versions = Arc::make_mut(&mut self.versions);
            for way in end.denied {
                versions.denied[way.index()] = Some(end.asked);
            }
            for answer in end.answers {
                versions.products.entry(Arc::clone(&answer.product)).or_default().take(answer);
            }
            for known in versions.products.values_mut() {
                known.artifacts.take_if(|known| is_old(known));
            }
        }
        if end.rested {
            return;
        }
        let of_products = self.versions.products.values().filter_map(|known| known.failure);
        let worst = of_products.chain(end.failure).min();
        let rest = match end.failure {
            Some(Reason::ScpDenied | Reason::AccessDenied) => Some(PAUSE),
            Some(Reason::Throttled) => Some(AFTER_A_THROTTLE),
            _ => None,
        };
        let until = rest.map(|rest| end.asked.uptime.saturating_add(rest));
        self.rest(Stage::Versions, until);
        let result = worst.map_or(Ok(()), Err);
        self.stages[Stage::Versions.index()].finish(result, begun, end.took);
    }
}

#[cfg(test)]
mod tests;
