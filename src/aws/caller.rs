//! The one retry loop: credentials → turn → attempt → classify → back-off with full jitter → again.
//!
//! It stands in front of the SDK, whose own attempts are set to one: the SDK's retry quota ends a
//! long scan under throttling whatever its settings are, and waiting for our rate limit inside the
//! SDK would count against the timeout of the attempt.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::classify::{Again, CallError, Failure, assume_failure};
use super::credentials::Role;
use super::in_flight::{InFlight, Place};
use super::ledger::Ledger;
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
    in_flight: Arc<InFlight>,
    metrics: Arc<SelfMetrics>,
}

impl Shared {
    /// What all targets of a process share.
    #[must_use]
    pub fn new(limits: &Limits, metrics: Arc<SelfMetrics>) -> Self {
        Self { in_flight: Arc::new(InFlight::new(limits.max_in_flight)), metrics }
    }

    /// Lets that many requests be under way from now on. Those that are too many now are finished.
    pub fn set_max_in_flight(&self, requests: usize) {
        self.in_flight.resize(requests);
    }
}

/// Makes and counts the calls of one identity in one region.
#[derive(Debug)]
pub(super) struct Caller {
    limits: Limits,
    shared: Shared,
    /// Which role's credentials it needs, if they are not its own.
    role: Option<Arc<Role>>,
    ledger: Arc<Ledger>,
}

/// One attempt to be made.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    operation: Operation,
    deadline: Instant,
    /// How often AWS has throttled this call.
    throttles: u32,
    retry: bool,
}

impl Caller {
    pub(super) fn new(
        limits: Limits,
        shared: Shared,
        role: Option<Arc<Role>>,
        ledger: Arc<Ledger>,
    ) -> Self {
        Self { limits, shared, role, ledger }
    }

    /// Where its calls are counted and limited.
    pub(super) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// The calls so far.
    pub(super) fn counts(&self) -> CallCounts {
        self.ledger.counts()
    }

    /// Counts a failed attempt whose reason took more calls to find: an unrecognized one.
    pub(super) fn told_apart(&self, operation: Operation, reason: Reason) {
        self.ledger.count_failure(operation, reason);
    }

    /// Takes a failure that nothing more is found out about: counts it, and does not go on with
    /// credentials that were refused.
    pub(super) fn counted(&self, failure: Failure) -> CallError {
        let CallError { operation, reason, .. } = failure.error;
        if reason == Reason::Credentials
            && operation != Operation::AssumeRole
            && let Some(role) = &self.role
        {
            role.distrust();
        }
        if failure.unrecognized {
            self.told_apart(failure.error.operation, failure.error.reason);
        }
        failure.error
    }

    /// Makes a call: `send` is asked for an attempt as often as it takes, until `deadline`. Who
    /// gets an unrecognized failure counts it ([`Caller::told_apart`] or [`Caller::counted`]).
    pub(super) async fn call<T, F>(
        &self,
        operation: Operation,
        deadline: Instant,
        mut send: impl FnMut() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let (mut failures, mut throttles) = (0, 0);
        let mut last = None;
        let mut throttle: Option<CallError> = None;
        loop {
            let attempt = |operation| Attempt {
                operation,
                deadline,
                throttles,
                retry: last == Some(operation),
            };
            let outcome = match self.ready(attempt(Operation::AssumeRole)).await {
                Ok(()) => self.attempt(attempt(operation), &mut send).await,
                Err(failure) => Err(failure),
            };
            let mut failure = match outcome {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if failure.again == Again::Slower {
                throttle = Some(failure.error.clone());
            } else if failure.error.reason == Reason::Throttled
                && let Some(throttle) = throttle.take()
            {
                // Who is asked why needs the words of AWS, not that time was up.
                failure.error.code = throttle.code;
                failure.error.request_id = throttle.request_id;
            }
            last = Some(failure.error.operation);
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
            sleep_until(resume).await;
        }
    }

    /// Makes one attempt only, whatever comes of it. Who gets an unrecognized failure counts it.
    pub(super) async fn once<T, F>(
        &self,
        operation: Operation,
        deadline: Instant,
        send: impl FnOnce() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let attempt = |operation| Attempt { operation, deadline, throttles: 0, retry: false };
        self.ready(attempt(Operation::AssumeRole)).await?;
        self.attempt(attempt(operation), send).await
    }

    /// Waits until the rate allows a call of that operation; `false` if that is after `deadline`.
    pub(super) async fn wait_for_turn(&self, operation: Operation, deadline: Instant) -> bool {
        let attempt = Attempt { operation, deadline, throttles: 0, retry: false };
        loop {
            let now = Instant::now();
            match self.ledger.bucket(operation, |bucket| bucket.look(now)) {
                Ok(()) => return now < deadline,
                Err(usable) => {
                    if self.wait_for_rate(usable, attempt).await.is_err() {
                        return false;
                    }
                }
            }
        }
    }

    /// Sees to credentials before a request needs them: assuming a role is a call of its own, with
    /// its own time, count and reasons.
    async fn ready(&self, attempt: Attempt) -> Result<(), Failure> {
        let Some(role) = &self.role else { return Ok(()) };
        let ask = async |role: &Role| -> Result<Credentials, Failure> {
            let assume = || async { role.assume().await.map_err(|e| assume_failure(role, &e)) };
            self.attempt(attempt, assume).await
        };
        role.ready(attempt.deadline, ask).await.unwrap_or_else(|| Err(attempt.too_late()))
    }

    /// Waits for its turn and makes one attempt.
    async fn attempt<T, F>(&self, attempt: Attempt, send: impl FnOnce() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let Attempt { operation, deadline, retry, .. } = attempt;
        let place = self.turn(attempt).await?;
        let begun = Instant::now();
        let mut sent = Sent::new(self, operation, retry);
        let failure = match timeout_at(deadline, send()).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => failure,
            Err(_) => {
                let failure = attempt.too_late();
                sent.failed(failure.error.reason, true);
                return Err(failure);
            }
        };
        if !failure.unrecognized {
            sent.failed(failure.error.reason, failure.sent);
        }
        drop(sent);
        drop(place);
        // One that was not sent was not what AWS throttled.
        if failure.again == Again::Slower && failure.sent {
            self.ledger.throttled(operation, begun);
        }
        Err(failure)
    }

    /// Waits until the rate allows a call and there is a place for it. Nobody keeps a place while
    /// waiting for the rate, nor a token of the rate while waiting for a place.
    async fn turn(&self, attempt: Attempt) -> Result<Place<'_>, Failure> {
        let Attempt { operation, deadline, .. } = attempt;
        let mut next = self.ledger.bucket(operation, |bucket| bucket.look(Instant::now()));
        loop {
            if let Err(usable) = next {
                self.wait_for_rate(usable, attempt).await?;
            }
            let place = timeout_at(deadline, self.shared.in_flight.place()).await;
            let place = place.map_err(|_| attempt.too_late())?;
            // What is late is not sent at all: a timeout lets its future begin in any case.
            let now = Instant::now();
            if now >= deadline {
                return Err(attempt.too_late());
            }
            next = self.ledger.bucket(operation, |bucket| bucket.take(now));
            if next.is_ok() {
                return Ok(place);
            }
        }
    }

    async fn wait_for_rate(&self, usable: Instant, attempt: Attempt) -> Result<(), Failure> {
        if usable > attempt.deadline {
            let slowed = self.ledger.bucket(attempt.operation, |bucket| bucket.is_slowed());
            let throttles = attempt.throttles + u32::from(slowed);
            return Err(Attempt { throttles, ..attempt }.too_late());
        }
        let begun = Instant::now();
        sleep_until(usable).await;
        let waited = begun.elapsed().as_secs_f64();
        self.ledger.count(|counts| *counts.limiter_wait.get_or_insert_default() += waited);
        Ok(())
    }

    /// Full jitter: a random part of a pause that doubles.
    fn pause(&self, retries: u32) -> Duration {
        let doubled = self.limits.first_pause.saturating_mul(1 << (retries - 1).min(16));
        doubled.min(self.limits.max_pause).mul_f64(fastrand::f64())
    }
}

impl Attempt {
    fn too_late(self) -> Failure {
        let (reason, message) = if self.throttles > 0 {
            (Reason::Throttled, "the deadline came while AWS throttled")
        } else {
            (Reason::Timeout, "the deadline of the scan came")
        };
        Failure {
            error: CallError::local(self.operation, reason, message),
            again: Again::Never,
            sent: false,
            unrecognized: false,
        }
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
        self.caller.ledger.count(|counts| {
            let counts = counts.operations.entry(self.operation).or_default();
            counts.requests += 1;
            counts.retries += u64::from(self.retry);
            if let Some(reason) = self.failed {
                *counts.failures.entry(reason).or_default() += 1;
            }
        });
    }
}
