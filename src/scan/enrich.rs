//! What is asked when products and stack instances are in: names and tags, records, versions.
//!
//! Stages beside one another, within the calls that a target may have in flight. Whatever
//! becomes of them is said of them alone: they begin when nothing else waits, and end early enough
//! that the next scan is not late.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::attempt::{Job, panicked};
use super::pages::Pages;
use super::versions::{OPERATION as VERSIONS, Questions};
use crate::aws::{CallError, NamesPage};
use crate::config::Scan;
use crate::model::{Catalog, Moment, Names, NamesBuilder, Operation, Reason, Record};
use crate::snapshot::{
    EnrichmentEnd, NamesEnd, RecordAnswer, RecordDue, RecordsEnd, Stage, VersionsEnd,
};

/// When these stages are over, counted from the begin of the attempt.
pub(super) fn time_for(scan: &Scan) -> Duration {
    scan.timeout.min(scan.interval * 3 / 4)
}

/// What one attempt has to ask.
#[derive(Debug)]
pub(super) struct Enrichment {
    names: bool,
    /// `None` if the stage does not run.
    records: Option<Vec<RecordDue>>,
    /// Likewise.
    versions: Option<Questions>,
}

/// What came of it, and every failure.
#[derive(Debug, Default)]
pub(super) struct Enriched {
    pub(super) end: EnrichmentEnd,
    pub(super) errors: Vec<(Stage, CallError)>,
}

enum Done {
    Names(NamesEnd, Option<CallError>),
    Records(RecordsEnd, Vec<CallError>),
    Versions(VersionsEnd, Vec<CallError>),
}

impl Enrichment {
    /// What is to be asked about the products of `catalog`.
    pub(super) fn plan(job: &Job, catalog: &Catalog) -> Self {
        let (now, enrich) = (job.clock.now(), &job.config.enrich);
        let runs = |wanted, stage| wanted && !job.prior.is_paused(stage, now);
        let records = runs(enrich.records, Stage::Records);
        Self {
            names: runs(enrich.names_and_tags, Stage::NamesAndTags),
            records: records.then(|| job.prior.records_due(catalog, now)),
            versions: Questions::plan(job, catalog, now),
        }
    }

    /// Whether it takes any call.
    pub(super) fn asks(&self) -> bool {
        self.names
            || self.records.as_ref().is_some_and(|due| !due.is_empty())
            || self.versions.as_ref().is_some_and(Questions::asks)
    }

    /// Asks, until `deadline`.
    pub(super) async fn run(self, job: &Job, deadline: Instant) -> Enriched {
        let calls = Calls {
            deadline,
            permits: Arc::new(Semaphore::new(job.config.aws.concurrency)),
            job: job.clone(),
        };
        let (asked, began) = (job.clock.now(), Instant::now());
        // Tasks, so that a panic in one of them is no panic of the attempt.
        let mut tasks = JoinSet::new();
        let names = self.names.then(|| {
            let calls = calls.clone();
            tasks.spawn(async move {
                let (found, error) = outcome(names(&calls).await);
                Done::Names(NamesEnd { asked, took: began.elapsed(), found }, error)
            })
        });
        let versions = self.versions.map(|questions| {
            let (calls, refresh) = (calls.clone(), questions.refresh());
            let task = tasks.spawn(async move {
                let (end, errors) = questions.ask(&calls, asked).await;
                Done::Versions(end, errors)
            });
            (task.id(), refresh)
        });
        if let Some(due) = self.records {
            tasks.spawn(async move {
                let (end, errors) = records(&calls, due, asked).await;
                Done::Records(end, errors)
            });
        }
        let mut enriched = Enriched::default();
        while let Some(done) = tasks.join_next_with_id().await {
            let done = done.map(|(_, done)| done).unwrap_or_else(|panic| {
                let took = began.elapsed();
                if names.as_ref().is_some_and(|names| names.id() == panic.id()) {
                    let error = panicked(Operation::SearchProvisionedProducts);
                    Done::Names(NamesEnd { asked, took, found: Err(error.reason) }, Some(error))
                } else if let Some((_, refresh)) = versions.filter(|(id, _)| *id == panic.id()) {
                    let error = panicked(VERSIONS);
                    let end = Questions::failed(refresh, asked, took, error.reason);
                    Done::Versions(end, vec![error])
                } else {
                    let error = panicked(Operation::DescribeRecord);
                    let failure = Some(error.reason);
                    let end = RecordsEnd { asked, took, answers: Vec::new(), failure };
                    Done::Records(end, vec![error])
                }
            });
            enriched.take(done);
        }
        enriched
    }
}

impl Enriched {
    fn take(&mut self, done: Done) {
        match done {
            Done::Names(end, error) => {
                self.end.names = Some(end);
                self.errors.extend(error.map(|error| (Stage::NamesAndTags, error)));
            }
            Done::Records(end, errors) => {
                self.end.records = Some(end);
                self.errors.extend(errors.into_iter().map(|error| (Stage::Records, error)));
            }
            Done::Versions(end, errors) => {
                self.end.versions = Some(end);
                self.errors.extend(errors.into_iter().map(|error| (Stage::Versions, error)));
            }
        }
    }
}

/// The calls of these stages.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    pub(super) job: Job,
    pub(super) deadline: Instant,
    pub(super) permits: Arc<Semaphore>,
}

impl Calls {
    async fn names(&self, token: Option<&str>) -> Result<NamesPage, CallError> {
        // It is never closed.
        let _permit = self.permits.acquire().await;
        self.job.client.names(token, self.deadline).await
    }

    async fn record(&self, id: &str) -> Result<Record, CallError> {
        let _permit = self.permits.acquire().await;
        self.job.client.record(id, self.deadline).await
    }
}

fn outcome(names: Result<Names, CallError>) -> (Result<Arc<Names>, Reason>, Option<CallError>) {
    match names {
        Ok(names) => (Ok(Arc::new(names)), None),
        Err(error) => (Err(error.reason), Some(error)),
    }
}

/// A complete search, or none.
async fn names(calls: &Calls) -> Result<Names, CallError> {
    let config = &calls.job.config;
    let mut pages = Pages::new(Operation::SearchProvisionedProducts, config.scan.max_pages);
    let mut names = NamesBuilder::new(config.enrich.tags.iter().map(|(key, _)| &**key));
    let mut token: Option<String> = None;
    loop {
        let page = calls.names(token.as_deref()).await?;
        page.add_to(&mut names);
        match pages.next(page.into_next())? {
            Some(next) => token = Some(next),
            None => return Ok(names.finish()),
        }
    }
}

/// Reads one record after the other, as many at once as the target may have calls in flight.
async fn records(
    calls: &Calls,
    due: Vec<RecordDue>,
    asked: Moment,
) -> (RecordsEnd, Vec<CallError>) {
    const DESCRIBE: Operation = Operation::DescribeRecord;
    let (job, began) = (&calls.job, Instant::now());
    let (mut waiting, mut tasks) = (due.into_iter(), JoinSet::new());
    let (mut answers, mut failures, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    let mut goes_on = true;
    loop {
        while goes_on && tasks.len() < job.config.aws.concurrency {
            let Some(due) = waiting.next() else { break };
            if Instant::now() >= calls.deadline {
                let message = "the time for it was over before all records were read";
                failures.push(CallError::local(DESCRIBE, Reason::Timeout, message));
                goes_on = false;
                break;
            }
            let calls = calls.clone();
            tasks.spawn(async move {
                let answer = calls.record(&due.record).await;
                (due, answer)
            });
        }
        match tasks.join_next().await {
            None => break,
            Some(Ok((due, Ok(record)))) => {
                answers.push(RecordAnswer { due, record: Some(Arc::new(record)) });
            }
            Some(Ok((due, Err(error)))) if error.is_refusal() => {
                if job.prior.was_record_refused(&due) {
                    refused.push(error);
                }
                answers.push(RecordAnswer { due, record: None });
            }
            Some(Ok((_, Err(error)))) => {
                // Every other record would be denied alike.
                goes_on &= !error.is_denial();
                failures.push(error);
            }
            Some(Err(_)) => failures.push(panicked(DESCRIBE)),
        }
    }
    answers.sort_by(|a: &RecordAnswer, b| a.due.product.cmp(&b.due.product));
    let failure = failures.iter().map(|error| error.reason).min();
    let end = RecordsEnd { asked, took: began.elapsed(), answers, failure };
    failures.extend(refused);
    (end, failures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Defaults};

    #[test]
    fn it_ends_before_the_next_scan_is_due_and_never_after_the_scan_itself() {
        let scan = Config::defaults(Defaults::Production).scan;
        let seconds = |interval, timeout| {
            let (interval, timeout) = (Duration::from_secs(interval), Duration::from_secs(timeout));
            time_for(&Scan { interval, timeout, ..scan.clone() }).as_secs()
        };
        assert_eq!(seconds(300, 900), 225);
        assert_eq!(seconds(3600, 900), 900);
    }
}
