//! The last attempts of a target.

use serde::Serialize;

use super::case::{Case, many};
use super::target::{Failure, words};
use crate::http::status::target::ErrorRow;
use crate::http::status::time::span;
use crate::model::Reason;
use crate::snapshot::{Attempt, ListingCounts, StageOutcome};

/// An attempt, for scripts.
#[derive(Debug, Serialize)]
pub(super) struct AttemptRow<'s> {
    begun_timestamp_seconds: f64,
    stages: Vec<OutcomeRow<'s>>,
    listings: ListingRow,
}

#[derive(Debug, Serialize)]
struct OutcomeRow<'s> {
    stage: &'static str,
    /// `succeeded` or `failed`.
    result: &'static str,
    took_seconds: f64,
    reason: Option<&'static str>,
    remedy: Option<String>,
    error: Option<ErrorRow<'s>>,
}

/// Listings of stack sets: why those were made that succeeded, and how many did not.
#[derive(Debug, Serialize)]
struct ListingRow {
    never_listed: u64,
    unsettled: u64,
    hinted: u64,
    turn: u64,
    refused: u64,
    failed: u64,
}

impl<'s> AttemptRow<'s> {
    pub(super) fn of(attempt: &'s Attempt) -> Self {
        let ListingCounts { never_listed, unsettled, hinted, turn, refused, failed } =
            attempt.listings;
        Self {
            begun_timestamp_seconds: attempt.begun,
            stages: attempt.stages.iter().map(OutcomeRow::of).collect(),
            listings: ListingRow { never_listed, unsettled, hinted, turn, refused, failed },
        }
    }
}

impl<'s> OutcomeRow<'s> {
    fn of(outcome: &'s StageOutcome) -> Self {
        let failure = Failure::of_outcome(outcome);
        Self {
            stage: outcome.stage.as_str(),
            result: if outcome.failure.is_some() { "failed" } else { "succeeded" },
            took_seconds: outcome.took.as_secs_f64(),
            reason: outcome.failure.map(Reason::as_str),
            remedy: failure.map(|failure| failure.remedy()),
            error: outcome.error.as_deref().map(ErrorRow::of),
        }
    }
}

/// An attempt in a line.
pub(super) fn line(attempt: &Attempt, case: &Case<'_>) -> String {
    let stages = attempt.stages.iter().map(|outcome| {
        let (stage, took) = (outcome.stage.as_str(), span_of(outcome));
        match Failure::of_outcome(outcome) {
            None => format!("{stage} succeeded in {took}"),
            Some(failure) => format!("{stage} failed after {took}: {}", words(&failure)),
        }
    });
    let stages: Vec<String> = stages.collect();
    let listings = listings(&attempt.listings);
    format!("{}: {}{listings}", case.when(attempt.begun), stages.join("; "))
}

/// Most stages take less than a minute, many less than a second.
fn span_of(outcome: &StageOutcome) -> String {
    match outcome.took.as_secs() {
        0 => format!("{} ms", outcome.took.as_millis()),
        1..60 => format!("{:.1} s", outcome.took.as_secs_f64()),
        _ => span(outcome.took),
    }
}

fn listings(counts: &ListingCounts) -> String {
    let ListingCounts { never_listed, unsettled, hinted, turn, refused, failed } = *counts;
    let all = never_listed + unsettled + hinted + turn + refused + failed;
    if all == 0 {
        return String::new();
    }
    let kinds = [
        (never_listed, "never listed before"),
        (unsettled, "changed or unsettled"),
        (hinted, "named by events"),
        (turn, "by their turn"),
        (refused, "refused"),
        (failed, "failed"),
    ];
    let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds.map(|(count, kind)| format!("{count} {kind}")).collect();
    format!("; {}: {}", many(all, "listing", "listings"), kinds.join(", "))
}
