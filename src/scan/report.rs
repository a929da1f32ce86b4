//! What the log says of a finished attempt: each reason once, with what to do about it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::attempt::Finished;
use super::schedule::DENIALS;
use crate::aws::CallError;
use crate::config::HumanDuration;
use crate::model::{Reason, StatusName as _};
use crate::snapshot::{RecordAnswer, Stage, StageResult, TargetState};

/// Of so many operations that failed, at most, an attempt says why: a company that re-registers an
/// organisational unit may have thousands of them at once.
const FAILED_OPERATIONS: usize = 100;

/// Logs the failures of an attempt, each reason once, and what recovered. `before` is the target
/// as it was before the attempt, `after` as it is now; `pause` is that of a target that from now on
/// is asked less often because it is denied.
pub(super) fn report(
    before: &TargetState,
    after: &TargetState,
    finished: &Finished,
    pause: Option<Duration>,
) {
    let account = after.account.as_ref().map_or("unknown", |account| account.as_str());
    let region = after.region.as_str();
    let mut reasons: BTreeMap<(Stage, Reason), (usize, &CallError)> = BTreeMap::new();
    for (stage, error) in &finished.errors {
        reasons.entry((*stage, error.reason)).or_insert((0, error)).0 += 1;
    }
    for ((stage, reason), (count, error)) in reasons {
        if !is_news(before, stage, reason) {
            let (stage, error) = (stage.as_str(), &error.message);
            tracing::debug!(account, region, stage, error, "denied still");
            continue;
        }
        tracing::warn!(
            account,
            region,
            stage = stage.as_str(),
            reason = reason.as_str(),
            operation = error.operation.as_str(),
            count,
            code = error.code,
            request_id = error.request_id,
            // Not `message`: that is the name of the event's own text.
            error = error.message,
            remedy = reason.remedy(error.operation),
            "{}",
            consequence(stage)
        );
    }
    if let Some(records) = &finished.end.enrichment.records {
        failed_operations(account, region, after, &records.answers);
    }
    for stage in Stage::ALL {
        let failed = matches!(before.stage(stage).result, StageResult::Failed(_));
        if failed && after.stage(stage).result == StageResult::Succeeded {
            tracing::info!(account, region, stage = stage.as_str(), "a scan succeeds again");
        }
    }
    if let Some(pause) = pause {
        tracing::warn!(
            account,
            region,
            next_attempt_in = %HumanDuration(Duration::from_secs(pause.as_secs())),
            "denied {DENIALS} times in a row: this target is asked ever less often until it succeeds"
        );
    }
    tracing::debug!(
        account,
        region,
        products = after.products().map(|catalog| catalog.len()),
        stack_sets_unknown = after.stack_sets_unknown(),
        "a scan attempt ended"
    );
}

/// A denial lasts until somebody mends it, and hundreds of accounts may be denied alike: it is said
/// once, and the metrics go on saying it. Whatever else fails is said each time.
fn is_news(before: &TargetState, stage: Stage, reason: Reason) -> bool {
    !reason.is_permanent() || before.stage(stage).result != StageResult::Failed(reason)
}

fn consequence(stage: Stage) -> &'static str {
    match stage {
        Stage::Products | Stage::StackInstances => {
            "a scan failed; what was served before stays until scan.serve_stale_for has passed"
        }
        Stage::NamesAndTags => {
            "names and tags were not read; what was known of them stays, products and stack \
             instances do not depend on them, and enrich.names_and_tags turns them off"
        }
        Stage::Records => {
            "records of operations were not read; products and stack instances do not depend on \
             them, and enrich.records turns them off"
        }
        Stage::Versions => {
            "versions of products were not read; what was known of them stays, products and stack \
             instances do not depend on them, and without versions.refresh nothing asks"
        }
    }
}

/// Says of each operation that failed why, once: a record is read no more when it is final.
fn failed_operations(account: &str, region: &str, target: &TargetState, answers: &[RecordAnswer]) {
    let failed = answers.iter().filter_map(|RecordAnswer { due, record }| {
        let record = record.as_ref().filter(|record| record.has_failed())?;
        let product = target.products()?.product(&due.product)?;
        Some((product, due, record))
    });
    for (nth, (product, due, record)) in failed.enumerate() {
        if nth == FAILED_OPERATIONS {
            let message = "more operations on provisioned products have failed than are logged";
            tracing::info!(account, region, logged = nth, "{message}");
            break;
        }
        let error = record.error.as_ref();
        tracing::info!(
            account,
            region,
            product = &*product.id,
            name = &*product.name,
            status = product.status.as_str(),
            record = &*due.record,
            operation = &*record.kind,
            code = error.map(|error| &*error.code),
            error = error.map(|error| &*error.text),
            "the last operation on a provisioned product failed"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Moment, Region};
    use crate::snapshot::{AttemptEnd, EnrichmentEnd, RecordsEnd};

    fn after_records_failed(failure: Option<Reason>) -> TargetState {
        let region = Region::parse("eu-central-1").unwrap();
        let mut state = TargetState::new(region, None, Duration::from_secs(300));
        let (asked, took) = (Moment::default(), Duration::ZERO);
        let records = RecordsEnd { asked, took, answers: vec![], failure };
        state.attempt_finished(AttemptEnd {
            begun: asked,
            products: Err(Reason::AccessDenied),
            products_took: took,
            listings_took: None,
            listings: vec![],
            enrichment: EnrichmentEnd { records: Some(records), ..EnrichmentEnd::default() },
        });
        state
    }

    #[test]
    fn a_denial_is_said_once() {
        let denied = after_records_failed(Some(Reason::AccessDenied));
        for stage in [Stage::Products, Stage::Records] {
            assert!(!is_news(&denied, stage, Reason::AccessDenied));
            assert!(is_news(&denied, stage, Reason::ScpDenied), "another one");
        }
        assert!(is_news(&after_records_failed(None), Stage::Records, Reason::AccessDenied));
        assert!(is_news(&denied, Stage::NamesAndTags, Reason::AccessDenied), "of another stage");
    }

    #[test]
    fn what_may_pass_by_itself_is_said_each_time() {
        let throttled = after_records_failed(Some(Reason::Throttled));
        assert!(is_news(&throttled, Stage::Records, Reason::Throttled));
    }
}
