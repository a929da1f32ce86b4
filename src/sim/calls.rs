//! What the simulator was asked: the evidence of a test.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::input::Input;
use super::operation::Operation;
use super::what::What;

/// One request as it was understood; what it did not say or was not understood is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    /// What was asked for; `None` for an unknown operation.
    pub operation: Option<Operation>,
    /// The account of the access key.
    pub account: Option<String>,
    /// The region of the credential scope.
    pub region: Option<String>,
    /// The access key of the credential scope.
    pub access_key: Option<String>,
    /// `ProvisionedProductId`
    pub product_id: Option<String>,
    /// What it is about: the id of a product or record, the ARN of a role that is assumed, a root
    /// or unit of the organisation.
    pub about: Option<String>,
    /// `PageToken`, or `NextToken`.
    pub page_token: Option<String>,
    /// `PageSize`, or `MaxResults`.
    pub page_size: Option<i64>,
    /// `AccessLevelFilter.Key`
    pub access_level: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// When it arrived, since the simulator began; zero where no socket was involved.
    pub at: Duration,
    /// When it arrived by the world's clock, in seconds since the world began; differs from `at` by
    /// what was skipped with [`World::advance`](super::World::advance).
    pub world_seconds: f64,
}

impl Call {
    /// Takes down what was asked for.
    pub(super) fn understand(&mut self, operation: Operation, input: &Input) {
        let service = operation.service();
        self.product_id.clone_from(&input.provisioned_product_id);
        self.about = input.about().map(str::to_owned);
        self.page_token = input.page_token(service).map(str::to_owned);
        self.page_size = input.asked_size(service);
        self.access_level =
            input.access_level_filter.as_ref().and_then(|filter| filter.key.clone());
    }
}

/// What came of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Outcome {
    /// The true answer was given.
    #[default]
    Answered,
    /// It was refused as AWS would, with this error code.
    Refused(&'static str),
    /// A fault answered instead, or changed the answer.
    Faulted(What),
}

/// The calls so far: the latest in full, all of them as numbers.
#[derive(Debug, Default)]
pub struct CallLog {
    latest: VecDeque<Call>,
    by_operation: BTreeMap<Operation, u64>,
    by_target: BTreeMap<(Operation, String, String), u64>,
    assumed: BTreeMap<String, u64>,
    total: u64,
}

impl CallLog {
    /// How many calls are kept in full. Older ones are counted only.
    pub const KEPT: usize = 16_384;

    pub(super) fn record(&mut self, call: Call) {
        self.total += 1;
        if let Some(operation) = call.operation {
            *self.by_operation.entry(operation).or_default() += 1;
            if let (Some(account), Some(region)) = (&call.account, &call.region) {
                let target = (operation, account.clone(), region.clone());
                *self.by_target.entry(target).or_default() += 1;
            }
        }
        if let (Some(Operation::AssumeRole), Outcome::Answered, Some(role)) =
            (call.operation, &call.outcome, &call.about)
        {
            *self.assumed.entry(role.clone()).or_default() += 1;
        }
        if self.latest.len() == Self::KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(call);
    }

    /// The latest [`KEPT`](Self::KEPT) calls, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.latest.iter()
    }

    /// All calls of `operation`.
    #[must_use]
    pub fn count(&self, operation: Operation) -> u64 {
        self.by_operation.get(&operation).copied().unwrap_or_default()
    }

    /// All calls of `operation` by an account in a region.
    #[must_use]
    pub fn count_in(&self, operation: Operation, account: &str, region: &str) -> u64 {
        let target = (operation, account.to_owned(), region.to_owned());
        self.by_target.get(&target).copied().unwrap_or_default()
    }

    /// How often the role with that ARN was assumed with success.
    #[must_use]
    pub fn count_of_role(&self, arn: &str) -> u64 {
        self.assumed.get(arn).copied().unwrap_or_default()
    }

    /// All calls, those of unknown operations too.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }
}

/// How many requests are under way, and how many were at the most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Concurrency {
    /// Under way now.
    pub now: usize,
    /// The most that ever were at once.
    pub highest: usize,
}

impl Concurrency {
    pub(super) fn enter(&mut self) {
        self.now += 1;
        self.highest = self.highest.max(self.now);
    }

    pub(super) fn leave(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_the_latest_calls_and_all_the_numbers() {
        let mut log = CallLog::default();
        for n in 0..CallLog::KEPT + 10 {
            log.record(Call {
                operation: Some(Operation::GetCallerIdentity),
                product_id: Some(n.to_string()),
                ..Call::default()
            });
        }
        assert_eq!(log.iter().count(), CallLog::KEPT);
        assert_eq!(log.iter().next().unwrap().product_id.as_deref(), Some("10"));
        assert_eq!(log.count(Operation::GetCallerIdentity), CallLog::KEPT as u64 + 10);
        assert_eq!(log.total(), CallLog::KEPT as u64 + 10);
    }
}
