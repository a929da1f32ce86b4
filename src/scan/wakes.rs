//! Which targets are scanned because of hints, and when: soon, but never more often than a bound
//! that no number of hints moves.
//!
//! Hints of a target are collected until none came for [`QUIET`], but no longer than [`PATIENCE`]:
//! what changes at once is seen by one scan, and Service Catalog shows what CloudFormation did a
//! moment after it was done. Then the target is scanned, beside its schedule; if an attempt runs,
//! another follows it. Two such scans begin at least [`APART`] and twice what the last attempt took
//! apart, so hints take half of a target's time at most, and its calls are limited as ever.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::timeline::Timeline;

/// After the last hint of a target.
const QUIET: Duration = Duration::from_secs(5);
/// After the first one.
const PATIENCE: Duration = Duration::from_secs(15);
/// From the begin of one scan because of hints to the begin of the next, at least.
const APART: Duration = Duration::from_secs(15);
/// Stack sets that are listed because of hints in one scan; the others are listed as ever.
const MOST_STACK_SETS: usize = 1_000;

/// The targets about which there are hints, by their number.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    wakes: HashMap<u64, Wake>,
    dues: Timeline<Instant>,
}

/// What is known of one target, from its first hint on.
#[derive(Debug, Default)]
struct Wake {
    pending: Option<Pending>,
    /// When its last attempt because of hints began.
    hinted: Option<Instant>,
    /// When its last attempt of any kind began, and how long the last finished one took.
    begun: Option<Instant>,
    took: Duration,
}

/// Hints that no attempt has followed yet.
#[derive(Debug)]
struct Pending {
    first: Instant,
    last: Instant,
    stack_sets: BTreeSet<Arc<str>>,
}

impl Wake {
    fn due(&self) -> Option<Instant> {
        let pending = self.pending.as_ref()?;
        let collected = (pending.last + QUIET).min(pending.first + PATIENCE);
        let spaced = self.hinted.map(|hinted| hinted + APART.max(self.took * 2));
        Some(spaced.map_or(collected, |spaced| spaced.max(collected)))
    }
}

impl Wakes {
    /// Something may have changed in that target, perhaps a stack set.
    pub(super) fn hinted(&mut self, number: u64, stack_set: Option<Arc<str>>, now: Instant) {
        let wake = self.wakes.entry(number).or_default();
        let new = || Pending { first: now, last: now, stack_sets: BTreeSet::new() };
        let pending = wake.pending.get_or_insert_with(new);
        pending.last = now;
        if pending.stack_sets.len() < MOST_STACK_SETS {
            pending.stack_sets.extend(stack_set);
        }
        self.dues.set(number, wake.due());
    }

    /// When the next target is to be scanned.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.dues.first()
    }

    /// The targets that are to be scanned now, earliest first. One that is not stays so until its
    /// attempt ends, or another hint comes.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<u64> {
        self.dues.take_due(now)
    }

    /// An attempt begins, for whatever reason: the stack sets that it is to list because of hints.
    /// It is what hints wait for if their time has come; if not, they are followed by another.
    pub(super) fn begins(&mut self, number: u64, now: Instant) -> BTreeSet<Arc<str>> {
        let Some(wake) = self.wakes.get_mut(&number) else { return BTreeSet::new() };
        wake.begun = Some(now);
        if wake.due().is_none_or(|due| due > now) {
            return BTreeSet::new();
        }
        wake.hinted = Some(now);
        self.dues.set(number, None);
        wake.pending.take().map(|pending| pending.stack_sets).unwrap_or_default()
    }

    /// An attempt ended: hints that came meanwhile are followed by another.
    pub(super) fn ended(&mut self, number: u64, now: Instant) {
        let Some(wake) = self.wakes.get_mut(&number) else { return };
        wake.took = wake.begun.map_or(Duration::ZERO, |begun| now.duration_since(begun));
        self.dues.set(number, wake.due());
    }

    /// Forgets the hints of a target.
    pub(super) fn forget(&mut self, number: u64) {
        if let Some(wake) = self.wakes.get_mut(&number) {
            wake.pending = None;
            self.dues.set(number, None);
        }
    }

    /// Forgets targets that are there no more.
    pub(super) fn keep(&mut self, is_there: impl Fn(u64) -> bool) {
        let gone: Vec<u64> =
            self.wakes.keys().copied().filter(|number| !is_there(*number)).collect();
        for number in gone {
            self.wakes.remove(&number);
            self.dues.set(number, None);
        }
    }
}

#[cfg(test)]
mod tests;
