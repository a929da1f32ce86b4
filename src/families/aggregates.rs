//! Families of a target as a whole: never cut.

use std::collections::BTreeMap;

use super::cut::Cut;
use super::table::*;
use super::{Shown, Target};
use crate::exposition::{Family, LabelText, Writer};
use crate::model::{GroupKey, InstanceStatus, ProductStatus, Tally};
use crate::snapshot::{Snapshot, StageResult, StageState, TargetState};

/// The region of calls that are no region's: those that find the targets.
const GLOBAL: &str = "aws-global";

pub(super) fn write(
    writer: &mut Writer,
    targets: &[Target<'_>],
    shown: &Shown,
    snapshot: &Snapshot,
) {
    grouped(writer, targets, &PRODUCTS, |state| Some(state.products()?.groups()));
    grouped(writer, targets, &TRANSITIONS, |state| Some(state.transitions()));
    writer.family(&STACK_INSTANCES, |family| {
        for target in targets {
            let Some(tally) = target.state.instances() else { continue };
            for (status, count) in tally.counts::<InstanceStatus>() {
                family.sample_after(&target.labels, [status], float(count));
            }
        }
    });
    scans(writer, targets, shown);
    calls(writer, targets, snapshot);
}

/// `series_dropped` can only be written when the cut is known.
pub(super) fn write_dropped(writer: &mut Writer, targets: &[Target<'_>], cut: &Cut) {
    writer.family(&SERIES_DROPPED, |family| {
        for (target, cut) in targets.iter().zip(cut.targets()) {
            let Some(catalog) = target.state.products() else { continue };
            let listed: u64 = target.state.listings().map(|(_, l)| l.value.duplicates()).sum();
            for (cause, count) in [
                ("limit", cut.dropped),
                ("duplicate", catalog.duplicates() + listed),
                ("no_id", catalog.no_id()),
            ] {
                family.sample_after(&target.labels, [cause], float(count));
            }
        }
    });
}

/// How many samples [`write_dropped`] writes.
pub(super) fn dropped_series(targets: &[Target<'_>]) -> u64 {
    3 * targets.iter().filter(|target| target.state.products().is_some()).count() as u64
}

fn scans(writer: &mut Writer, targets: &[Target<'_>], shown: &Shown) {
    let staged = |writer: &mut _, family, value: fn(&StageState) -> Option<f64>| {
        staged(writer, targets, shown, family, value);
    };
    staged(writer, &SCAN_SUCCESS, |stage| {
        Some(f64::from(u8::from(stage.result == StageResult::Succeeded)))
    });
    writer.family(&SCAN_FAILURE_REASON, |family| {
        for target in targets {
            for stage in shown.stages() {
                if let StageResult::Failed(reason) = target.state.stage(stage).result {
                    let labels = [stage.as_str(), reason.as_str()];
                    family.sample_after(&target.labels, labels, 1.0);
                }
            }
        }
    });
    staged(writer, &SCAN_LAST_SUCCESS, |stage| Some(stage.last_success));
    single(writer, targets, &SCAN_LAST_ATTEMPT, |state| Some(state.last_attempt()));
    single(writer, targets, &SCAN_NEXT_ATTEMPT, |state| Some(state.next_attempt));
    staged(writer, &SCAN_DURATION, |stage| Some(stage.took?.as_secs_f64()));
    staged(writer, &SCAN_STALE, |stage| {
        Some(f64::from(u8::from(matches!(stage.result, StageResult::Failed(_)))))
    });
    single(writer, targets, &SCANS, |state| Some(float(state.scans())));
    staged(writer, &SCAN_FAILURES, |stage| Some(float(stage.failures)));
    single(writer, targets, &SCANS_SKIPPED, |state| Some(float(state.skipped())));
    single(writer, targets, &SCAN_INTERVAL, |state| Some(state.interval.as_secs_f64()));
    single(writer, targets, &SCAN_PRODUCTS, |state| Some(float(state.products()?.len())));
    single(writer, targets, &SCAN_STACK_SETS, |state| Some(float(state.products()?.stack_sets())));
    single(writer, targets, &SCAN_STACK_SETS_UNKNOWN, |state| {
        state.products()?;
        Some(float(state.stack_sets_unknown()))
    });
    single(writer, targets, &SCAN_STACK_INSTANCES, |state| Some(float(state.instances()?.total())));
    writer.family(&TARGET_INFO, |family| {
        for target in targets {
            let names = &target.state.names;
            let labels = [&*names.target_name, &*names.account_name, &*names.role_arn];
            family.sample_after(&target.labels, labels, 1.0);
        }
    });
}

fn calls(writer: &mut Writer, targets: &[Target<'_>], snapshot: &Snapshot) {
    let directories: Vec<_> = snapshot
        .directories
        .iter()
        .map(|(account, calls)| (LabelText::new(TARGET, [account.as_str(), GLOBAL]), calls))
        .collect();
    let all = || {
        let of_targets = targets.iter().map(|target| (&target.labels, &target.state.calls));
        of_targets.chain(directories.iter().map(|(labels, calls)| (labels, *calls)))
    };
    writer.family(&AWS_REQUESTS, |family| {
        for (labels, calls) in all() {
            for (operation, counts) in &calls.operations {
                family.sample_after(labels, [operation.as_str()], float(counts.requests));
            }
        }
    });
    writer.family(&AWS_FAILURES, |family| {
        for (labels, calls) in all() {
            for (operation, counts) in &calls.operations {
                for (reason, failures) in &counts.failures {
                    let failure = [operation.as_str(), reason.as_str()];
                    family.sample_after(labels, failure, float(*failures));
                }
            }
        }
    });
    writer.family(&AWS_RETRIES, |family| {
        for (labels, calls) in all() {
            for (operation, counts) in &calls.operations {
                if counts.retries > 0 {
                    family.sample_after(labels, [operation.as_str()], float(counts.retries));
                }
            }
        }
    });
    writer.family(&AWS_LIMITER_WAIT, |family| {
        for (labels, calls) in all() {
            if let Some(waited) = calls.limiter_wait {
                family.sample_after(labels, [], waited);
            }
        }
    });
}

/// Products of each group by status.
fn grouped<'s>(
    writer: &mut Writer,
    targets: &[Target<'s>],
    family: &'static Family<5>,
    groups: impl Fn(&'s TargetState) -> Option<&'s BTreeMap<GroupKey, Tally<5>>>,
) {
    let mut labels = LabelText::<4>::default();
    writer.family(family, |family| {
        for target in targets {
            for ((kind, product_id), tally) in groups(target.state).into_iter().flatten() {
                labels.replace(&target.labels, GROUP, [kind, product_id]);
                for (status, count) in tally.counts::<ProductStatus>() {
                    family.sample_after(&labels, [status], float(count));
                }
            }
        }
    });
}

fn single(
    writer: &mut Writer,
    targets: &[Target<'_>],
    family: &'static Family<2>,
    value: impl Fn(&TargetState) -> Option<f64>,
) {
    writer.family(family, |family| {
        for target in targets {
            if let Some(value) = value(target.state) {
                family.sample_after(&target.labels, [], value);
            }
        }
    });
}

fn staged(
    writer: &mut Writer,
    targets: &[Target<'_>],
    shown: &Shown,
    family: &'static Family<3>,
    value: impl Fn(&StageState) -> Option<f64>,
) {
    writer.family(family, |family| {
        for target in targets {
            for stage in shown.stages() {
                if let Some(value) = value(target.state.stage(stage)) {
                    family.sample_after(&target.labels, [stage.as_str()], value);
                }
            }
        }
    });
}

/// Counts are far below 2^53, where a float is exact.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
