//! Asks for the versions of the products that are in use: a few in each scan, one after the other.
//!
//! These calls throttle first, and nobody waits for them. So a scan asks for no more than spreads a
//! refresh period evenly, makes one attempt of each call, and stops at the first sign of trouble;
//! what is left is due in the next one.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::attempt::Job;
use super::enrich::Calls;
use crate::aws::CallError;
use crate::model::{Artifacts, Catalog, Moment, Operation, Reason, Way};
use crate::snapshot::{Stage, VersionsAnswer, VersionsDue, VersionsEnd};

/// Calls that one scan may make at least, and at most.
const LEAST: u64 = 3;
const MOST: u64 = 20;

/// What one attempt has to ask.
#[derive(Debug)]
pub(super) struct Questions {
    due: Vec<VersionsDue>,
    calls: u64,
    /// Calls that were denied before.
    denied: Vec<Way>,
    refresh: Duration,
    rests: bool,
}

impl Questions {
    /// What is to be asked about the products of `catalog`; `None` if the stage does not run: it
    /// is turned off, or this is the first list of all.
    pub(super) fn plan(job: &Job, catalog: &Catalog, now: Moment) -> Option<Self> {
        let refresh = job.config.versions?.refresh;
        job.prior.products()?;
        let rests = job.prior.is_paused(Stage::Versions, now);
        let due = if rests { Vec::new() } else { job.prior.versions_due(catalog, now, refresh) };
        let products = catalog.launched().count();
        let calls = calls_for(products, job.config.scan.interval, refresh);
        let denied = job.prior.versions().denied(now);
        Some(Self { due, calls, denied, refresh, rests })
    }

    /// Whether it takes any call.
    pub(super) fn asks(&self) -> bool {
        !self.due.is_empty()
    }

    /// That nothing came of them.
    pub(super) fn failed(
        refresh: Duration,
        asked: Moment,
        took: Duration,
        why: Reason,
    ) -> VersionsEnd {
        VersionsEnd { asked, took, refresh, failure: Some(why), ..VersionsEnd::default() }
    }

    /// From one question about a product to the next.
    pub(super) fn refresh(&self) -> Duration {
        self.refresh
    }

    /// Asks, and says what came of it, with every failure that nothing else made up for.
    pub(super) async fn ask(self, calls: &Calls, asked: Moment) -> (VersionsEnd, Vec<CallError>) {
        let began = Instant::now();
        let mut asking = Asking {
            calls,
            left: self.calls,
            denied: self.denied,
            errors: Vec::new(),
            end: VersionsEnd {
                asked,
                refresh: self.refresh,
                rested: self.rests,
                ..VersionsEnd::default()
            },
        };
        for due in self.due {
            if asking.left == 0 || !asking.ask_for(due).await {
                break;
            }
        }
        let Asking { mut end, errors, .. } = asking;
        end.took = began.elapsed();
        (end, errors)
    }
}

/// So many that each product has its turn twice in a refresh period.
fn calls_for(products: usize, interval: Duration, refresh: Duration) -> u64 {
    let scans = refresh.as_secs().checked_div(interval.as_secs().max(1)).unwrap_or(1).max(1);
    (2 * products as u64).div_ceil(scans).clamp(LEAST, MOST)
}

struct Asking<'c> {
    calls: &'c Calls,
    /// Calls that may still be made; a product that was begun is finished all the same.
    left: u64,
    /// Calls that were denied before; what they say now is in the end.
    denied: Vec<Way>,
    errors: Vec<CallError>,
    end: VersionsEnd,
}

impl Asking<'_> {
    /// Asks for the versions of one product, by one way after the other. Whether to go on.
    async fn ask_for(&mut self, due: VersionsDue) -> bool {
        let asked = self.calls.job.clock.now();
        let mut answer =
            VersionsAnswer { product: due.product, asked, refused: Vec::new(), found: None };
        let mut errors: Vec<CallError> = Vec::new();
        let mut goes_on = true;
        for way in due.ways {
            if self.end.denied.contains(&way) {
                continue;
            }
            if !self.calls.versions_turn().await {
                // Not the product's fault: it is the first one next time.
                self.end.answers.push(answer);
                return false;
            }
            self.left = self.left.saturating_sub(1);
            match self.calls.versions(&answer.product, way).await {
                Ok(artifacts) => {
                    answer.found = Some(Ok(Arc::new(artifacts)));
                    self.end.answers.push(answer);
                    return true;
                }
                Err(error) if error.is_refusal() => {
                    answer.refused.push(way);
                    errors.push(error);
                }
                Err(error) if is_denied(error.reason) => {
                    self.end.denied.push(way);
                    errors.push(error);
                }
                Err(error) => {
                    goes_on = matches!(error.reason, Reason::InvalidResponse | Reason::Limit);
                    errors = vec![error];
                    break;
                }
            }
        }
        self.failed(answer, errors, goes_on)
    }

    /// Every way that was open failed. Whether to go on.
    fn failed(
        &mut self,
        mut answer: VersionsAnswer,
        errors: Vec<CallError>,
        goes_on: bool,
    ) -> bool {
        let worst = errors.iter().map(|error| error.reason).min();
        let denied = |way: &Way| self.end.denied.contains(way) || self.denied.contains(way);
        let is_denied_to_all = !self.end.denied.is_empty() && Way::ALL.iter().all(denied);
        self.errors.extend(errors);
        if is_denied_to_all || worst == Some(Reason::Throttled) {
            // Nothing that this product can help.
            self.end.failure = worst.or(Some(Reason::AccessDenied));
            self.end.answers.push(answer);
            return false;
        }
        answer.found = Some(Err(worst.unwrap_or(Reason::AccessDenied)));
        self.end.answers.push(answer);
        goes_on
    }
}

/// Whether a call is denied whatever it is about.
fn is_denied(reason: Reason) -> bool {
    matches!(reason, Reason::AccessDenied | Reason::ScpDenied)
}

impl Calls {
    async fn versions_turn(&self) -> bool {
        self.job.client.versions_turn(self.deadline).await
    }

    async fn versions(&self, product: &str, way: Way) -> Result<Artifacts, CallError> {
        // It is never closed.
        let _permit = self.permits.acquire().await;
        self.job.client.versions(product, way, self.deadline).await
    }
}

/// The operation that stands for the stage.
pub(super) const OPERATION: Operation = Operation::ListProvisioningArtifacts;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_asks_for_no_more_than_spreads_the_period_evenly() {
        let (minutes, hours) = (Duration::from_secs(5 * 60), Duration::from_secs(60 * 60));
        assert_eq!(calls_for(1, minutes, 24 * hours), 3);
        assert_eq!(calls_for(400, minutes, 24 * hours), 3, "288 scans a day");
        assert_eq!(calls_for(1_000, minutes, 24 * hours), 7);
        assert_eq!(calls_for(100, minutes, hours), 17);
        assert_eq!(calls_for(100_000, minutes, hours), 20);
        assert_eq!(calls_for(2, 24 * hours, hours), 4, "no scan in the period but one");
    }
}
