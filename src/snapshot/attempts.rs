//! The last attempts of a target, for who asks what happened.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{AttemptEnd, Cause, ListingOutcome, Stage, StageError, StageResult, TargetState};
use crate::model::{Moment, Reason};

/// So many attempts are remembered: the three that make a pause, and two from before.
const MOST: usize = 5;

/// A finished attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// When it began, Unix seconds.
    pub begun: f64,
    /// The stages that ran, in their order.
    pub stages: Vec<StageOutcome>,
    /// Its listings of stack sets.
    pub listings: ListingCounts,
}

/// How one stage of an attempt fared.
#[derive(Clone, Debug, PartialEq)]
pub struct StageOutcome {
    /// Which stage.
    pub stage: Stage,
    /// How long it took.
    pub took: Duration,
    /// Why it failed, if it did.
    pub failure: Option<Reason>,
    /// The words behind the failure, if they are known.
    pub error: Option<Arc<StageError>>,
}

/// How many listings of stack sets an attempt made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListingCounts {
    /// That succeeded, because the stack set was never listed.
    pub never_listed: u64,
    /// That succeeded, because something spoke against the last one.
    pub unsettled: u64,
    /// That succeeded, because a message named it.
    pub hinted: u64,
    /// That succeeded, because it was their turn.
    pub turn: u64,
    /// That AWS refused: it knows no such stack set, or denies it.
    pub refused: u64,
    /// That failed.
    pub failed: u64,
}

impl ListingCounts {
    fn of(listings: &[(Arc<str>, ListingOutcome)]) -> Self {
        let mut counts = Self::default();
        for (_, outcome) in listings {
            *match outcome {
                ListingOutcome::Listed(_, basis) => match basis.cause {
                    Cause::NeverListed => &mut counts.never_listed,
                    Cause::Unsettled => &mut counts.unsettled,
                    Cause::Hinted => &mut counts.hinted,
                    Cause::Turn => &mut counts.turn,
                },
                ListingOutcome::Refused(_) => &mut counts.refused,
                ListingOutcome::Failed(_) => &mut counts.failed,
            } += 1;
        }
        counts
    }
}

/// What is said of an attempt by its end alone, before its stages have their results.
pub(super) struct Ran {
    begun: f64,
    stages: [bool; Stage::ALL.len()],
    listings: ListingCounts,
}

impl Ran {
    pub(super) fn of(end: &AttemptEnd) -> Self {
        let behind = &end.enrichment;
        let ran = |stage: Stage| match stage {
            Stage::Products => true,
            Stage::StackInstances => end.listings_took.is_some(),
            Stage::NamesAndTags => behind.names.is_some(),
            Stage::Records => behind.records.is_some(),
            Stage::Versions => behind.versions.is_some(),
        };
        Self {
            begun: end.begun.unix,
            stages: Stage::ALL.map(ran),
            listings: ListingCounts::of(&end.listings),
        }
    }
}

/// The last attempts, and the one that runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    /// The newest last.
    finished: VecDeque<Arc<Attempt>>,
    running: Option<Moment>,
}

impl Attempts {
    /// The words behind a failure of the newest attempt.
    pub(super) fn explain(&mut self, stage: Stage, error: Option<&Arc<StageError>>) {
        let Some(newest) = self.finished.back_mut() else { return };
        let stages = &mut Arc::make_mut(newest).stages;
        if let Some(outcome) = stages.iter_mut().find(|outcome| outcome.stage == stage) {
            outcome.error = error.map(Arc::clone);
        }
    }
}

impl TargetState {
    /// The last finished attempts, the newest first; few.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.finished.iter().rev().map(|attempt| &**attempt)
    }

    /// When the attempt began that runs, if one does.
    #[must_use]
    pub fn running(&self) -> Option<Moment> {
        self.attempts.running
    }

    /// An attempt begins.
    pub fn attempt_begins(&mut self, now: Moment) {
        self.attempts.running = Some(now);
    }

    /// The stages of an attempt that ended have their results.
    pub(super) fn remember(&mut self, ran: Ran) {
        let stages = Stage::ALL.into_iter().filter(|stage| ran.stages[stage.index()]);
        let stages = stages.map(|stage| self.outcome(stage)).collect();
        let attempt = Attempt { begun: ran.begun, stages, listings: ran.listings };
        self.attempts.running = None;
        if self.attempts.finished.len() == MOST {
            self.attempts.finished.pop_front();
        }
        self.attempts.finished.push_back(Arc::new(attempt));
    }

    fn outcome(&self, stage: Stage) -> StageOutcome {
        let state = self.stage(stage);
        let failure = match state.result {
            StageResult::Failed(reason) => Some(reason),
            StageResult::Succeeded | StageResult::NotYet => None,
        };
        StageOutcome { stage, took: state.took.unwrap_or_default(), failure, error: None }
    }
}
