//! What the log says of a finished attempt: each reason once, with what to do about it.

use std::collections::BTreeMap;

use super::attempt::Finished;
use crate::aws::CallError;
use crate::model::Reason;
use crate::snapshot::{Stage, StageResult, TargetState};

/// Logs the failures of an attempt, each reason once, and what recovered. `before` is the target
/// as it was before the attempt, `after` as it is now.
pub(super) fn report(before: &TargetState, after: &TargetState, finished: &Finished) {
    let account = after.account.as_ref().map_or("unknown", |account| account.as_str());
    let region = after.region.as_str();
    let mut reasons: BTreeMap<(&str, Reason), (usize, &CallError)> = BTreeMap::new();
    for (stage, error) in &finished.errors {
        reasons.entry((stage.as_str(), error.reason)).or_insert((0, error)).0 += 1;
    }
    for ((stage, reason), (count, error)) in reasons {
        tracing::warn!(
            account,
            region,
            stage,
            reason = reason.as_str(),
            operation = error.operation.as_str(),
            count,
            code = error.code,
            request_id = error.request_id,
            error = error.message,
            remedy = reason.remedy(error.operation),
            "a scan failed; what was served before stays until scan.serve_stale_for has passed"
        );
    }
    for stage in Stage::ALL {
        let failed = matches!(before.stage(stage).result, StageResult::Failed(_));
        if failed && after.stage(stage).result == StageResult::Succeeded {
            tracing::info!(account, region, stage = stage.as_str(), "a scan succeeds again");
        }
    }
    tracing::debug!(
        account,
        region,
        products = after.products().map(|catalog| catalog.len()),
        stack_sets_unknown = after.stack_sets_unknown(),
        "a scan attempt ended"
    );
}
