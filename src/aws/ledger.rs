//! What is counted and limited per account and region: it outlives the client that calls.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::time::Instant;

use super::caller::Limits;
use super::limiter::Bucket;
use crate::model::{AccountId, CallCounts, Operation, Reason, Region};

/// The calls that tell versions of products are throttled first, and nothing waits for them: all
/// of them together get this part of the rate of any other operation, one by one.
const PART_OF_VERSIONS: f64 = 1.0 / 25.0;

/// The calls of one account and region, and how fast they may be made.
#[derive(Debug)]
pub(super) struct Ledger {
    region: Region,
    account: OnceLock<AccountId>,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    per_second: f64,
    burst: u32,
    /// Of the operations that were called; most of a fleet's targets call two.
    buckets: Vec<(Operation, Bucket)>,
    counts: CallCounts,
}

impl Ledger {
    pub(super) fn new(region: Region, account: Option<AccountId>, limits: &Limits) -> Self {
        let (per_second, burst) = (limits.max_requests_per_second, limits.burst);
        let (buckets, counts) = (Vec::new(), CallCounts::default());
        let books = Mutex::new(Books { per_second, burst, buckets, counts });
        Self { region, account: account.map_or_else(OnceLock::new, OnceLock::from), books }
    }

    /// The rate that these limits give from now on.
    pub(super) fn configure(&self, limits: &Limits) {
        let now = Instant::now();
        let mut books = self.books();
        (books.per_second, books.burst) = (limits.max_requests_per_second, limits.burst);
        for (operation, bucket) in &mut books.buckets {
            let (per_second, burst) =
                rate(*operation, limits.max_requests_per_second, limits.burst);
            bucket.configure(per_second, burst, now);
        }
    }

    /// Whose account it is, for the log.
    pub(super) fn belongs_to(&self, account: &AccountId) {
        self.account.get_or_init(|| account.clone());
    }

    /// The calls so far.
    pub(super) fn counts(&self) -> CallCounts {
        self.books().counts.clone()
    }

    /// Counts something.
    pub(super) fn count(&self, change: impl FnOnce(&mut CallCounts)) {
        change(&mut self.books().counts);
    }

    /// Counts a failed attempt.
    pub(super) fn count_failure(&self, operation: Operation, reason: Reason) {
        self.count(|counts| {
            let failures = &mut counts.operations.entry(operation).or_default().failures;
            *failures.entry(reason).or_default() += 1;
        });
    }

    /// Looks at the rate limit of an operation, or takes from it.
    pub(super) fn bucket<T>(&self, operation: Operation, work: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut books = self.books();
        let Books { per_second, burst, buckets, .. } = &mut *books;
        let limited_as = limited_as(operation);
        let known = buckets.iter().position(|(known, _)| *known == limited_as);
        let at = known.unwrap_or_else(|| {
            let (per_second, burst) = rate(limited_as, *per_second, *burst);
            buckets.push((limited_as, Bucket::new(per_second, burst)));
            buckets.len() - 1
        });
        work(&mut buckets[at].1)
    }

    /// AWS throttled a call that began at `begun`: fewer from now on.
    pub(super) fn throttled(&self, operation: Operation, begun: Instant) {
        let now = Instant::now();
        let Some(slowed) = self.bucket(operation, |bucket| bucket.throttled(begun, now)) else {
            return;
        };
        let (account, region) = (self.account.get().map_or("", AccountId::as_str), &self.region);
        let (operation, per_second) = (operation.as_str(), slowed.per_second);
        if slowed.begins {
            tracing::warn!(
                account,
                %region,
                operation,
                per_second,
                "AWS throttles; these calls are slowed down for ten minutes and more. If it comes \
                 back, lower aws.max_requests_per_second, or raise scan.interval"
            );
        } else {
            tracing::debug!(account, %region, operation, per_second, "AWS throttles still");
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operation whose bucket this one shares: its own, unless it tells versions.
fn limited_as(operation: Operation) -> Operation {
    match operation {
        Operation::DescribeProduct | Operation::DescribeProductAsAdmin => {
            Operation::ListProvisioningArtifacts
        }
        other => other,
    }
}

/// The rate and burst of an operation where others have these.
fn rate(operation: Operation, per_second: f64, burst: u32) -> (f64, u32) {
    match limited_as(operation) {
        Operation::ListProvisioningArtifacts => (per_second * PART_OF_VERSIONS, 1),
        _ => (per_second, burst),
    }
}
