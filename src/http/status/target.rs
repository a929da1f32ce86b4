//! A target as the status page shows it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use serde::Serialize;

use super::cut;
use super::query::{Slice, TargetSort};
use crate::model::{AccountId, Moment, Operation, Reason};
use crate::snapshot::{Snapshot, Stage, StageError, StageResult, TargetState};

/// How the account is called that is not known, where a filter asks for it.
pub(super) const NO_ACCOUNT: &str = "unknown";

/// Data is called stale when it was not renewed for so many intervals, though nothing failed.
const LATE: u32 = 3;

/// How a target stands, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Health {
    /// The last attempt failed at the products or the stack instances.
    Failing,
    /// Nothing failed, but the data was not renewed in time.
    Stale,
    /// No attempt has ended.
    NeverScanned,
    /// Products and stack instances are there; names, tags or records are not.
    Limited,
    /// All is well.
    Ok,
}

impl Health {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Stale => "stale",
            Self::NeverScanned => "not scanned yet",
            Self::Limited => "limited",
            Self::Ok => "ok",
        }
    }
}

/// A target, and what is asked of it again and again.
#[derive(Clone, Copy)]
pub(super) struct Looked<'s> {
    pub(super) state: &'s TargetState,
    pub(super) health: Health,
    /// What is shown of it is from before a failure, or was not renewed in time.
    pub(super) stale: bool,
    /// Of the product list.
    pub(super) age: Option<Duration>,
}

impl<'s> Looked<'s> {
    pub(super) fn at(state: &'s TargetState, snapshot: &Snapshot, now: Moment) -> Self {
        let fails = |stage: &Stage| matches!(state.stage(*stage).result, StageResult::Failed(_));
        let failing = Stage::REQUIRED.iter().any(fails);
        let age = state.products_asked().map(|asked| now.uptime.saturating_sub(asked.uptime));
        let late = age.is_some_and(|age| age > state.interval.saturating_mul(LATE));
        let health = match () {
            () if failing => Health::Failing,
            () if late => Health::Stale,
            () if state.scans() == 0 && age.is_none() => Health::NeverScanned,
            () if snapshot.optional_stages.iter().any(fails) => Health::Limited,
            () => Health::Ok,
        };
        // A failure makes stale what is there of its own stage.
        let old_products = fails(&Stage::Products) && age.is_some();
        let old_instances = fails(&Stage::StackInstances) && state.listings().next().is_some();
        Self { state, health, stale: late || old_products || old_instances, age }
    }

    pub(super) fn account(&self) -> &'s str {
        account_of(self.state)
    }

    /// In the order of a slice; equals are told apart by account and region, ascending.
    pub(super) fn order(&self, other: &Self, slice: &Slice<TargetSort>) -> Ordering {
        let place = |one: &Self| (one.account(), one.state.region.as_str());
        let order = match slice.sort {
            TargetSort::State => (self.health, !self.stale).cmp(&(other.health, !other.stale)),
            TargetSort::Account => self.account().cmp(other.account()),
            TargetSort::Region => self.state.region.cmp(&other.state.region),
            TargetSort::Age => self.age.cmp(&other.age),
            TargetSort::Products => {
                let many = |one: &Self| one.state.products().map(|catalog| catalog.len());
                many(self).cmp(&many(other))
            }
            TargetSort::Calls => requests(self.state).cmp(&requests(other.state)),
        };
        let order = if slice.descending { order.reverse() } else { order };
        order.then_with(|| place(self).cmp(&place(other)))
    }
}

/// The account of a target, or [`NO_ACCOUNT`].
pub(super) fn account_of(state: &TargetState) -> &str {
    state.account.as_ref().map_or(NO_ACCOUNT, AccountId::as_str)
}

fn requests(state: &TargetState) -> u64 {
    state.calls.operations.values().map(|counts| counts.requests).sum()
}

/// Calls of AWS on behalf of a target since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Calls {
    pub(super) requests: u64,
    pub(super) retries: u64,
    pub(super) failures: u64,
    /// Those of the failures with which AWS asked to slow down.
    pub(super) throttles: u64,
}

impl Calls {
    fn of(state: &TargetState) -> Self {
        let mut calls = Self::default();
        for counts in state.calls.operations.values() {
            calls.requests += counts.requests;
            calls.retries += counts.retries;
            calls.failures += counts.failures.values().sum::<u64>();
            calls.throttles += counts.failures.get(&Reason::Throttled).copied().unwrap_or(0);
        }
        calls
    }
}

/// A target.
#[derive(Debug, Serialize)]
pub(super) struct TargetRow<'s> {
    pub(super) state: Health,
    pub(super) stale: bool,
    pub(super) account: Option<&'s str>,
    pub(super) account_name: Option<Cow<'s, str>>,
    pub(super) target_name: Option<Cow<'s, str>>,
    pub(super) region: &'s str,
    pub(super) products: Option<u64>,
    pub(super) products_timestamp_seconds: Option<f64>,
    pub(super) products_age_seconds: Option<f64>,
    pub(super) stack_sets: Option<u64>,
    pub(super) stack_sets_unknown: Option<u64>,
    /// Of the oldest listing that is shown.
    pub(super) stack_instances_timestamp_seconds: Option<f64>,
    pub(super) stack_instances_age_seconds: Option<f64>,
    pub(super) last_attempt_timestamp_seconds: Option<f64>,
    pub(super) next_attempt_timestamp_seconds: Option<f64>,
    pub(super) interval_seconds: f64,
    pub(super) scans: u64,
    pub(super) scans_skipped: u64,
    pub(super) calls: Calls,
    pub(super) stages: Vec<StageRow<'s>>,
}

/// A stage of a target's scans.
#[derive(Debug, Serialize)]
pub(super) struct StageRow<'s> {
    pub(super) stage: &'static str,
    /// `not_yet`, `succeeded` or `failed`.
    pub(super) result: &'static str,
    pub(super) last_success_timestamp_seconds: Option<f64>,
    pub(super) failures: u64,
    pub(super) reason: Option<&'static str>,
    pub(super) remedy: Option<String>,
    pub(super) error: Option<ErrorRow<'s>>,
}

/// What was said with a failure; texts that are not known are null.
#[derive(Debug, Serialize)]
pub(super) struct ErrorRow<'s> {
    pub(super) operation: &'static str,
    pub(super) code: Option<&'s str>,
    pub(super) message: Option<&'s str>,
    pub(super) request_id: Option<&'s str>,
}

impl<'s> TargetRow<'s> {
    pub(super) fn of(looked: &Looked<'s>, snapshot: &Snapshot, now: Moment) -> Self {
        let state = looked.state;
        let catalog = state.products();
        let oldest = state.listings().map(|(_, listing)| listing.asked);
        let oldest = oldest.min_by_key(|asked| asked.uptime);
        let age = |asked: Moment| now.uptime.saturating_sub(asked.uptime).as_secs_f64();
        let stages = Stage::REQUIRED.iter().chain(&snapshot.optional_stages);
        Self {
            state: looked.health,
            stale: looked.stale,
            account: state.account.as_ref().map(AccountId::as_str),
            account_name: said(&state.names.account_name).map(cut),
            target_name: said(&state.names.target_name).map(cut),
            region: state.region.as_str(),
            products: catalog.map(|catalog| catalog.len()),
            products_timestamp_seconds: state.products_asked().map(|asked| asked.unix),
            products_age_seconds: looked.age.map(|age| age.as_secs_f64()),
            stack_sets: catalog.map(|catalog| catalog.stack_sets()),
            stack_sets_unknown: catalog.map(|_| state.stack_sets_unknown()),
            stack_instances_timestamp_seconds: oldest.map(|asked| asked.unix),
            stack_instances_age_seconds: oldest.map(age),
            last_attempt_timestamp_seconds: after_the_beginning(state.last_attempt()),
            next_attempt_timestamp_seconds: after_the_beginning(state.next_attempt),
            interval_seconds: state.interval.as_secs_f64(),
            scans: state.scans(),
            scans_skipped: state.skipped(),
            calls: Calls::of(state),
            stages: stages.map(|stage| StageRow::of(state, *stage)).collect(),
        }
    }

    /// The stages whose last attempt failed.
    pub(super) fn failed(&self) -> impl Iterator<Item = &StageRow<'s>> {
        self.stages.iter().filter(|stage| stage.reason.is_some())
    }
}

impl<'s> StageRow<'s> {
    fn of(target: &'s TargetState, stage: Stage) -> Self {
        let state = target.stage(stage);
        let error = state.error.as_deref();
        let (result, reason) = match state.result {
            StageResult::NotYet => ("not_yet", None),
            StageResult::Succeeded => ("succeeded", None),
            StageResult::Failed(reason) => ("failed", Some(reason)),
        };
        let operation = error.map_or_else(|| usual_operation(stage), |error| error.operation);
        Self {
            stage: stage.as_str(),
            result,
            last_success_timestamp_seconds: after_the_beginning(state.last_success),
            failures: state.failures,
            reason: reason.map(Reason::as_str),
            remedy: reason.map(|reason| reason.remedy(operation)),
            error: error.map(ErrorRow::of),
        }
    }
}

impl<'s> ErrorRow<'s> {
    pub(super) fn of(error: &'s StageError) -> Self {
        Self {
            operation: error.operation.as_str(),
            code: said(&error.code),
            message: said(&error.message),
            request_id: said(&error.request_id),
        }
    }
}

/// What a stage calls, if it is not known which call failed.
pub(super) fn usual_operation(stage: Stage) -> Operation {
    match stage {
        Stage::Products => Operation::ScanProvisionedProducts,
        Stage::StackInstances => Operation::ListStackInstancesForProvisionedProduct,
        Stage::NamesAndTags => Operation::SearchProvisionedProducts,
        Stage::Records => Operation::DescribeRecord,
        Stage::Versions => Operation::ListProvisioningArtifacts,
    }
}

/// A text, where there is one.
pub(super) fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A Unix time, where 0 stands for never.
fn after_the_beginning(unix: f64) -> Option<f64> {
    Some(unix).filter(|unix| *unix > 0.0)
}
