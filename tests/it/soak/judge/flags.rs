//! What the scan families say of the last attempt, and whether anything explains a failure.

use std::collections::BTreeSet;

use super::{LIST, SCAN, Seen, Times, View};
use crate::soak::truth::{History, reasons};

pub(super) fn judge(
    seen: &mut Seen,
    history: &History,
    view: &View<'_>,
    times: Times,
    wrong: &mut Vec<String>,
) {
    let attempt = view.scan("last_attempt_timestamp_seconds").unwrap_or(-1.0);
    let success = |stage| view.of_stage("last_success_timestamp_seconds", stage);
    for stage in ["products", "stack_instances", "names_and_tags", "records"] {
        let (Some(succeeded), Some(stale), Some(last)) =
            (view.of_stage("success", stage), view.of_stage("stale", stage), success(stage))
        else {
            wrong.push(format!("the stage {stage} lacks series"));
            continue;
        };
        let failed = reasons_of(view, stage);
        let agree = match (succeeded, stale, failed.len()) {
            (1.0, 0.0, 0) => last > 0.0,
            (0.0, 1.0, 1) => true,
            // None has finished.
            (0.0, 0.0, 0) => last == 0.0,
            _ => false,
        };
        if !agree || last > attempt {
            wrong.push(format!(
                "{stage}: success {succeeded}, stale {stale}, reasons {failed:?}, last success \
                 {last} and last attempt {attempt} contradict one another"
            ));
        }
    }
    let [products, instances] = ["products", "stack_instances"];
    let (listed, described) = (success(products).unwrap_or(0.0), success(instances).unwrap_or(0.0));
    let is = |stage| view.of_stage("success", stage) == Some(1.0);
    if attempt > 0.0 && is(products) != (listed == attempt) {
        wrong.push(format!("products: last success {listed}, last attempt {attempt}"));
    }
    // What did not run after a failed list is what it was.
    if listed > 0.0 && is(instances) != (described == listed) {
        wrong.push(format!("stack_instances: last success {described}, last list {listed}"));
    }
    if seen.flags != attempt {
        seen.flags = attempt;
        explain(history, view, products, attempt, times, wrong);
        explain(history, view, instances, listed, times, wrong);
    }
}

fn reasons_of<'s>(view: &View<'s>, stage: &str) -> Vec<&'s str> {
    let reasons = view.all("servicecatalog_scan_failure_reason");
    let reasons = reasons.filter(|sample| sample.label("stage") == stage);
    reasons.map(|sample| sample.label("reason")).collect()
}

/// A failure without a cause is one of ours.
fn explain(
    history: &History,
    view: &View<'_>,
    stage: &str,
    begun: f64,
    times: Times,
    wrong: &mut Vec<String>,
) {
    let Some(reason) = reasons_of(view, stage).first().copied() else { return };
    let (from, to) = (begun, times.answered);
    let mut causes: Vec<_> = history.causes(view.place, SCAN, from, to).collect();
    if stage == "stack_instances" {
        causes.extend(history.causes(view.place, LIST, from, to));
    }
    let mut explained: BTreeSet<&str> =
        causes.iter().flat_map(|cause| reasons(&cause.fault.what)).copied().collect();
    if history.stepped(from, to) {
        // The token of a page was refused.
        explained.insert("invalid_response");
    }
    if history.was_stalled(from, to) {
        explained.insert("timeout");
    }
    if !explained.contains(reason) {
        let faults: Vec<_> = causes.iter().map(|cause| &cause.fault).collect();
        wrong.push(format!(
            "{stage} failed as {reason} in the attempt of {begun}, which nothing explains: \
             {faults:?}"
        ));
    }
}
