//! The one retry loop: permit → attempt → classify → back-off with full jitter → the same call.
//!
//! It stands in front of the SDK, whose own attempts are set to one: the SDK's retry quota ends a
//! long scan under throttling whatever its settings are, and waiting for our rate limit inside the
//! SDK would count against the timeout of the attempt.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::classify::{Again, CallError, Failure};
use super::limiter::Bucket;
use crate::model::{CallCounts, Operation, Reason};
use crate::telemetry::{AttemptTimer, SelfMetrics};

/// The limits of every call.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Of connecting, name lookup and TLS included.
    pub connect_timeout: Duration,
    /// Of one attempt, connecting included.
    pub attempt_timeout: Duration,
    /// Attempts of one call, when AWS fails.
    pub max_attempts: u32,
    /// Of one account, region and operation; 0 is no limit.
    pub max_requests_per_second: f64,
    /// Calls that may begin at once after a pause.
    pub burst: u32,
    /// Requests of the whole process that may be under way at once.
    pub max_in_flight: usize,
    /// The first pause before a retry is random between 0 and this; each further one may be twice
    /// as long, up to [`Self::max_pause`].
    pub first_pause: Duration,
    /// The longest pause before a retry.
    pub max_pause: Duration,
}

/// What all targets share.
#[derive(Clone, Debug)]
pub struct Shared {
    in_flight: Arc<Semaphore>,
    metrics: Arc<SelfMetrics>,
}

impl Shared {
    /// What all targets of a process share.
    #[must_use]
    pub fn new(limits: &Limits, metrics: Arc<SelfMetrics>) -> Self {
        Self { in_flight: Arc::new(Semaphore::new(limits.max_in_flight)), metrics }
    }
}

/// Makes and counts the calls of one target.
#[derive(Debug)]
pub(super) struct Caller {
    limits: Limits,
    shared: Shared,
    buckets: Vec<(Operation, Bucket)>,
    counts: Mutex<CallCounts>,
}

impl Caller {
    pub(super) fn new(limits: Limits, shared: Shared) -> Self {
        let bucket = || Bucket::new(limits.max_requests_per_second, limits.burst);
        let buckets = Operation::ALL.iter().map(|&operation| (operation, bucket())).collect();
        Self { limits, shared, buckets, counts: Mutex::default() }
    }

    /// The calls so far.
    pub(super) fn counts(&self) -> CallCounts {
        self.lock().clone()
    }

    /// Counts a failed attempt whose reason took more calls to find: an unrecognized one.
    pub(super) fn told_apart(&self, operation: Operation, reason: Reason) {
        let mut counts = self.lock();
        let failures = &mut counts.operations.entry(operation).or_default().failures;
        *failures.entry(reason).or_default() += 1;
    }

    /// Makes a call: `send` is asked for an attempt as often as it takes, until `deadline`. Who
    /// gets an unrecognized failure counts it ([`Caller::told_apart`]).
    pub(super) async fn call<T, F>(
        &self,
        operation: Operation,
        deadline: Instant,
        mut send: impl FnMut() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut failures = 0;
        let mut throttles = 0;
        let too_late = |throttles| Failure {
            error: too_late(operation, throttles),
            again: Again::Never,
            sent: false,
            unrecognized: false,
        };
        for attempt in 0_u32.. {
            self.wait_for_token(operation, deadline).await.ok_or_else(|| too_late(throttles))?;
            let permit = timeout_at(deadline, self.shared.in_flight.acquire()).await;
            let permit = permit.map_err(|_| too_late(throttles))?;
            // What is late is not sent at all: a timeout lets its future begin in any case.
            if Instant::now() >= deadline {
                return Err(too_late(throttles));
            }
            let mut sent = Sent::new(self, operation, attempt > 0);
            let failure = match timeout_at(deadline, send()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => failure,
                Err(_) => {
                    let failure = too_late(throttles);
                    sent.failed(failure.error.reason, true);
                    return Err(failure);
                }
            };
            if !failure.unrecognized {
                sent.failed(failure.error.reason, failure.sent);
            }
            drop(sent);
            let repeats = match failure.again {
                Again::Slower => {
                    throttles += 1;
                    throttles
                }
                Again::Soon if failures + 1 < self.limits.max_attempts => {
                    failures += 1;
                    failures
                }
                Again::Soon | Again::Never => return Err(failure),
            };
            let resume = Instant::now() + self.pause(repeats);
            if resume >= deadline {
                return Err(failure);
            }
            drop(permit);
            sleep_until(resume).await;
        }
        Err(too_late(throttles))
    }

    /// Full jitter: a random part of a pause that doubles.
    fn pause(&self, retries: u32) -> Duration {
        let doubled = self.limits.first_pause.saturating_mul(1 << (retries - 1).min(16));
        doubled.min(self.limits.max_pause).mul_f64(fastrand::f64())
    }

    async fn wait_for_token(&self, operation: Operation, deadline: Instant) -> Option<()> {
        let bucket = self.buckets.iter().find(|(known, _)| *known == operation);
        let Some((_, bucket)) = bucket else { return Some(()) };
        let now = Instant::now();
        let usable = bucket.take(now, deadline)?;
        if usable > now {
            sleep_until(usable).await;
            let waited = now.elapsed().as_secs_f64();
            *self.lock().limiter_wait.get_or_insert_default() += waited;
        }
        Some(())
    }

    fn lock(&self) -> MutexGuard<'_, CallCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_late(operation: Operation, throttles: u32) -> CallError {
    if throttles > 0 {
        let message = "the deadline came while AWS throttled";
        CallError::local(operation, Reason::Throttled, message)
    } else {
        CallError::local(operation, Reason::Timeout, "the deadline of the scan came")
    }
}

/// One attempt under way, counted when it ended, however it did.
struct Sent<'c> {
    caller: &'c Caller,
    operation: Operation,
    retry: bool,
    failed: Option<Reason>,
    sent: bool,
    timer: AttemptTimer,
}

impl<'c> Sent<'c> {
    fn new(caller: &'c Caller, operation: Operation, retry: bool) -> Self {
        let timer = caller.shared.metrics.attempt(operation);
        Self { caller, operation, retry, failed: None, sent: true, timer }
    }

    fn failed(&mut self, reason: Reason, sent: bool) {
        self.failed = Some(reason);
        self.sent = sent;
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if !self.sent {
            self.timer.never_sent();
            return;
        }
        let mut counts = self.caller.lock();
        let counts = counts.operations.entry(self.operation).or_default();
        counts.requests += 1;
        counts.retries += u64::from(self.retry);
        if let Some(reason) = self.failed {
            *counts.failures.entry(reason).or_default() += 1;
        }
    }
}
