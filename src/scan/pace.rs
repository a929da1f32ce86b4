//! How long a target waits for its next scan, by what the last one found.

use std::time::Duration;

use crate::config::{Pace, Scan};
use crate::model::{Moment, ProductStatus};
use crate::snapshot::{Stage, StageResult, TargetState};

/// A target that was empty for so long is expected to stay so.
const IDLE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The time from the begin of one scan to the begin of the next, after an attempt that took
/// `took`.
///
/// Only what a success found counts: a target that fails is scanned at the usual interval, so that
/// nothing is asked sooner for failing, and nothing that failed is left alone for long.
pub(super) fn interval(state: &TargetState, scan: &Scan, took: Duration, now: Moment) -> Duration {
    let Pace::Adaptive { busy, idle } = scan.pace else { return scan.interval };
    let succeeded = state.stage(Stage::Products).result == StageResult::Succeeded;
    let Some(catalog) = state.products().filter(|_| succeeded) else { return scan.interval };
    let moves = catalog.groups().values().any(|tally| {
        tally.of(&ProductStatus::UnderChange) + tally.of(&ProductStatus::PlanInProgress) > 0
    });
    if moves {
        // A target that takes long to scan would be scanned without a pause.
        return busy.max(took.saturating_mul(2)).min(scan.interval);
    }
    match state.empty_for(now) {
        Some(empty) if empty >= IDLE_AFTER => idle.max(scan.interval),
        _ => scan.interval,
    }
}

#[cfg(test)]
mod tests;
