//! What is known of the targets, and the law by which it changes.
//!
//! A [`Snapshot`] is immutable and shared; every event makes the next one, and whatever did not
//! change is shared between them. Nothing here can fail.

mod attempts;
mod enrichment;
mod history;
mod saved;
mod stack_set;
mod stage;
mod terms;
mod turns;
mod versions;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

pub use attempts::{Attempt, ListingCounts, StageOutcome};
pub use enrichment::{EnrichmentEnd, NamesEnd, RecordAnswer, RecordDue, RecordsEnd};
pub use history::{ListChange, Transition};
pub use saved::SavedTarget;
pub use stack_set::{Basis, Cause, ListingOutcome, Standing, Unsettled};
pub use stage::{Stage, StageError, StageResult, StageState};
pub use terms::Terms;
pub use versions::{KnownProduct, Versions, VersionsAnswer, VersionsDue, VersionsEnd};

use crate::model::{
    AccountId, CallCounts, Catalog, Listing, Moment, Product, Reason, Region, Tally,
};
use attempts::{Attempts, Ran};
use enrichment::Enrichment;
use history::History;
use stack_set::StackSet;
use turns::Settled;

/// How far the targets of a snapshot are all that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Found {
    /// A question about accounts or regions waits for its first answer.
    #[default]
    NotYet,
    /// All were asked, and what must be known of the organisation is not.
    Partly,
    /// All of them.
    Wholly,
}

/// All targets, in the order in which they are exported.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// One state a target.
    pub targets: Vec<Arc<TargetState>>,
    /// Whether these are all targets.
    pub found: Found,
    /// The calls that finding the targets took, by the account that was asked.
    pub directories: Vec<(AccountId, CallCounts)>,
    /// The stages that run beside [`Stage::REQUIRED`].
    pub optional_stages: Vec<Stage>,
    /// By which settings it was made.
    pub terms: Terms,
    /// When it was taken; the beginning of time for the one before all.
    pub taken: Moment,
}

/// Data, and since when it is known to be true.
#[derive(Debug, PartialEq)]
pub struct Dated<T> {
    /// Shared with the snapshots before and after.
    pub value: Arc<T>,
    /// When the asking began whose answer this is: the data is not older.
    pub asked: Moment,
}

impl<T> Clone for Dated<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), asked: self.asked }
    }
}

/// Names of a target that come from the configuration; empty where it gives none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetNames {
    /// The target's own name.
    pub target_name: String,
    /// The account's name.
    pub account_name: String,
    /// The role that is assumed; empty for the ambient identity.
    pub role_arn: String,
}

/// A complete product list, and what it says of the listings of before.
#[derive(Clone, Debug)]
pub struct CompleteList {
    /// The products.
    pub catalog: Arc<Catalog>,
    /// The stack sets that need not be listed now: their listings still hold.
    pub confirmed: Vec<Arc<str>>,
}

impl From<Arc<Catalog>> for CompleteList {
    /// A list that confirms no listing.
    fn from(catalog: Arc<Catalog>) -> Self {
        Self { catalog, confirmed: Vec::new() }
    }
}

/// What one attempt to scan a target brought, apart from the product list, which does not wait for
/// the end ([`TargetState::list_complete`]).
#[derive(Clone, Debug)]
pub struct AttemptEnd {
    /// When it began.
    pub begun: Moment,
    /// The product list: how it ended, after how long.
    pub products: Result<(), Reason>,
    /// From the first call to the last page of products, or to the failure.
    pub products_took: Duration,
    /// From the first listing's begin to the last one's end; `None` if the stage did not run.
    pub listings_took: Option<Duration>,
    /// Every listing of a stack set that the complete list holds.
    pub listings: Vec<(Arc<str>, ListingOutcome)>,
    /// What was asked behind them.
    pub enrichment: EnrichmentEnd,
}

/// All that is known of one target.
#[derive(Clone, Debug)]
pub struct TargetState {
    /// `None` until AWS said whose credentials these are, or an ARN named the account; the target has no series before.
    pub account: Option<AccountId>,
    /// The scanned region.
    pub region: Region,
    /// Names from the configuration.
    pub names: TargetNames,
    /// Time between two attempts.
    pub interval: Duration,
    /// When the next attempt is due, Unix seconds.
    pub next_attempt: f64,
    /// Calls of AWS on behalf of this target.
    pub calls: CallCounts,
    products: Option<Dated<Catalog>>,
    stack_sets: BTreeMap<Arc<str>, StackSet>,
    enrichment: Arc<Enrichment>,
    history: Arc<History>,
    versions: Arc<Versions>,
    /// Uptime before which nothing that is kept was confirmed: asked for after every event.
    oldest: Option<Duration>,
    stages: [StageState; Stage::ALL.len()],
    last_attempt: f64,
    attempts: Attempts,
    scans: u64,
    skipped: u64,
}

impl TargetState {
    /// A target of which nothing is known yet.
    #[must_use]
    pub fn new(region: Region, account: Option<AccountId>, interval: Duration) -> Self {
        Self {
            account,
            region,
            names: TargetNames::default(),
            interval,
            next_attempt: 0.0,
            calls: CallCounts::default(),
            products: None,
            stack_sets: BTreeMap::new(),
            enrichment: Arc::default(),
            history: Arc::default(),
            versions: Arc::default(),
            oldest: None,
            stages: Default::default(),
            last_attempt: 0.0,
            attempts: Attempts::default(),
            scans: 0,
            skipped: 0,
        }
    }

    /// The last complete product list, unless it was dropped for its age.
    #[must_use]
    pub fn products(&self) -> Option<&Catalog> {
        self.products.as_ref().map(|dated| &*dated.value)
    }

    /// The last complete listing of a stack set, unless it was dropped for its age.
    #[must_use]
    pub fn listing(&self, id: &str) -> Option<&Dated<Listing>> {
        Some(&self.stack_sets.get(id)?.known.as_ref()?.listing)
    }

    /// Every listing that is served, by product id. None is while the product list is unknown.
    pub fn listings(&self) -> impl Iterator<Item = (&str, &Dated<Listing>)> {
        let served = self.products.is_some();
        self.stack_sets
            .iter()
            .filter(move |_| served)
            .filter_map(|(id, set)| Some((&**id, &set.known.as_ref()?.listing)))
    }

    /// Why the stack set of this item of a page must be listed; `None` if only its age could be a
    /// reason ([`Self::review`]).
    #[must_use]
    pub fn cause(&self, product: &Product) -> Option<Cause> {
        self.stack_sets.get(&product.id).map_or(Some(Cause::NeverListed), |set| set.cause(product))
    }

    /// Which of the stack sets that nothing but their age could make due have their turn, so that
    /// none is older than `max_age` and one interval; the list confirms the others. `due` are
    /// those that must be listed anyway.
    #[must_use]
    pub fn review(
        &self,
        catalog: &Arc<Catalog>,
        due: &HashSet<Arc<str>>,
        begun: Moment,
        max_age: Duration,
    ) -> (Vec<Arc<str>>, CompleteList) {
        let kept = self.stack_sets.iter();
        let kept = kept.filter(|(id, _)| !due.contains(*id) && catalog.has_stack_set(id));
        let settled = kept.filter_map(|(id, set)| {
            let basis = &set.known.as_ref()?.basis;
            let age = begun.uptime.saturating_sub(basis.begun);
            Some(Settled { id: Arc::clone(id), age, by_turn: basis.cause == Cause::Turn })
        });
        let (turns, others) = turns::divide(settled.collect(), self.interval, max_age);
        let ids = |settled: Vec<Settled>| settled.into_iter().map(|one| one.id).collect();
        (ids(turns), CompleteList { catalog: Arc::clone(catalog), confirmed: ids(others) })
    }

    /// Whether the last listing of that stack set was refused and nothing settled it since.
    #[must_use]
    pub fn was_refused(&self, id: &str) -> bool {
        self.stack_sets.get(id).is_some_and(|set| set.refused)
    }

    /// When asking for that list began: its products are not older.
    #[must_use]
    pub fn products_asked(&self) -> Option<Moment> {
        self.products.as_ref().map(|dated| dated.asked)
    }

    /// Stack sets in the served list that no listing describes.
    #[must_use]
    pub fn stack_sets_unknown(&self) -> u64 {
        self.products().map_or(0, |catalog| {
            catalog.stack_sets().saturating_sub(self.listings().count() as u64)
        })
    }

    /// Instances by status over all stack sets that are known; `None` while the product list is
    /// unknown, and when there are stack sets of which none is known: a sum over nothing is no zero.
    #[must_use]
    pub fn instances(&self) -> Option<Tally<3>> {
        let catalog = self.products()?;
        let mut sum = Tally::default();
        let mut known = 0_u64;
        for (_, listing) in self.listings() {
            sum.merge(listing.value.counts());
            known += 1;
        }
        (known > 0 || catalog.stack_sets() == 0).then_some(sum)
    }

    /// How that stage fared.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> &StageState {
        &self.stages[stage.index()]
    }

    /// Begin of the last finished attempt, Unix seconds; 0 before.
    #[must_use]
    pub fn last_attempt(&self) -> f64 {
        self.last_attempt
    }

    /// Whether an attempt has finished, in this process or in the one whose knowledge it took up.
    #[must_use]
    pub fn is_tried(&self) -> bool {
        self.scans > 0 || self.last_attempt > 0.0
    }

    /// Finished attempts of this process.
    #[must_use]
    pub fn scans(&self) -> u64 {
        self.scans
    }

    /// Ticks that fell while an attempt was still running.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// A tick fell while an attempt was still running.
    pub fn tick_skipped(&mut self) {
        self.skipped += 1;
    }

    /// The last page of products is in. The list replaces the one before at once; stack sets that
    /// it no longer holds are gone, the others keep what is known of them, and those whose
    /// listings it confirms keep that for longer. A list that is the same stays the same memory.
    /// What it changed.
    pub fn list_complete(&mut self, list: impl Into<CompleteList>, asked: Moment) -> ListChange {
        let CompleteList { catalog, confirmed } = list.into();
        let known = self.products.as_ref().map(|known| &known.value);
        let same = known.filter(|known| **known == catalog).map(Arc::clone);
        let is_another = same.is_none();
        let catalog = same.unwrap_or(catalog);
        let transitions = self.take_history(&catalog, asked, is_another);
        self.stack_sets.retain(|id, _| catalog.has_stack_set(id));
        self.settle_enrichment(&catalog);
        self.settle_versions(&catalog);
        for id in confirmed {
            if let Some(set) = self.stack_sets.get_mut(&id) {
                set.confirm(asked);
            }
        }
        self.products = Some(Dated { value: catalog, asked });
        self.look_for_the_oldest();
        ListChange { is_another, transitions }
    }

    /// All stack sets were listed while the attempt goes on: what was listed with success is
    /// served at once. How the stage fared is said at the attempt's end.
    pub fn listings_complete(&mut self, listings: Vec<(Arc<str>, ListingOutcome)>) {
        for (id, outcome) in listings {
            if matches!(outcome, ListingOutcome::Listed(..)) {
                self.stack_sets.entry(id).or_default().ended(outcome);
            }
        }
        self.look_for_the_oldest();
    }

    /// An attempt ended.
    pub fn attempt_finished(&mut self, end: AttemptEnd) {
        self.scans += 1;
        self.last_attempt = end.begun.unix;
        let begun = end.begun.unix;
        let ran = Ran::of(&end);
        self.stages[Stage::Products.index()].finish(end.products, begun, end.products_took);
        let mut worst: Option<Reason> = None;
        for (id, outcome) in end.listings {
            let failure = self.stack_sets.entry(id).or_default().ended(outcome);
            worst = [worst, failure].into_iter().flatten().min();
        }
        if let Some(took) = end.listings_took {
            let result = worst.map_or(Ok(()), Err);
            self.stages[Stage::StackInstances.index()].finish(result, begun, took);
        }
        self.enrichment_finished(end.enrichment, begun);
        self.remember(ran);
        self.look_for_the_oldest();
    }

    /// Says why stages failed in the attempt that just finished: of each the first error that fits.
    pub fn explain(&mut self, errors: impl IntoIterator<Item = (Stage, StageError)>) {
        let mut explained = [false; Stage::ALL.len()];
        for (stage, error) in errors {
            let place = stage.index();
            let fits = self.stages[place].result == StageResult::Failed(error.reason);
            if fits && !std::mem::replace(&mut explained[place], true) {
                self.stages[place].explain(error);
                self.attempts.explain(stage, self.stages[place].error.as_ref());
            }
        }
    }

    /// Drops what was not confirmed for `keep`, each list and listing by itself: a list by a later
    /// one, a listing by a later one too or by a list that says that it still holds. Whether
    /// anything was dropped.
    pub fn drop_expired(&mut self, now: Moment, keep: Duration) -> bool {
        let expired = |confirmed: Duration| confirmed.saturating_add(keep) <= now.uptime;
        let mut dropped = false;
        if self.products.as_ref().is_some_and(|dated| expired(dated.asked.uptime)) {
            self.products = None;
            dropped = true;
        }
        for set in self.stack_sets.values_mut() {
            if set.known.as_ref().is_some_and(|known| expired(known.confirmed)) {
                set.known = None;
                dropped = true;
            }
        }
        self.look_for_the_oldest();
        dropped
    }

    /// The uptime at which [`Self::drop_expired`] has something to drop next.
    #[must_use]
    pub fn next_expiry(&self, keep: Duration) -> Option<Duration> {
        Some(self.oldest?.saturating_add(keep))
    }

    fn look_for_the_oldest(&mut self) {
        let listings =
            self.stack_sets.values().filter_map(|set| Some(set.known.as_ref()?.confirmed));
        let products = self.products.as_ref().map(|dated| dated.asked.uptime);
        self.oldest = listings.chain(products).min();
    }
}

#[cfg(test)]
mod tests;
