//! The one task that owns all state.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::attempt::{Finished, Job, News, attempt};
use super::encoder::{Encoder, become_ready};
use super::report::report;
use crate::aws::{CallError, Identity, TargetClient};
use crate::config::Config;
use crate::families::{Shown, TagLabel};
use crate::model::{AccountId, Clock};
use crate::publish::{Publisher, Readiness};
use crate::snapshot::{Snapshot, TargetState};
use crate::telemetry::SelfMetrics;

/// Counters move at least so often while an attempt runs.
const COUNTERS_EVERY: Duration = Duration::from_secs(15);

/// When scans begin.
#[derive(Debug)]
pub enum Ticks {
    /// At once, and then every `scan.interval`.
    Timer,
    /// With every message: for a single scan, and for tests that step a world between two scans.
    Manual(mpsc::Receiver<()>),
}

/// Scans, advances, publishes.
#[derive(Debug)]
pub struct Pump {
    config: Arc<Config>,
    clock: Clock,
    ticks: Ticks,
    slots: Vec<Slot>,
    tasks: JoinSet<()>,
    events: (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>),
    metrics: Arc<SelfMetrics>,
    readiness: Readiness,
}

#[derive(Debug)]
struct Slot {
    client: Arc<TargetClient>,
    state: Arc<TargetState>,
    running: bool,
    asking_identity: bool,
    due: Instant,
}

#[derive(Debug)]
enum Event {
    News(usize, News),
    Ended(usize, Box<Finished>),
    Identity(usize, Result<Identity, CallError>),
}

/// An attempt sends four events at most and a target has one attempt at a time: that is the bound.
#[expect(clippy::disallowed_methods, reason = "bounded by the number of targets")]
fn channel() -> (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>) {
    mpsc::unbounded_channel()
}

impl Pump {
    /// A pump for these targets, which begins with [`Pump::run`].
    #[must_use]
    pub fn new(
        targets: Vec<(Arc<TargetClient>, TargetState)>,
        config: Arc<Config>,
        clock: Clock,
        ticks: Ticks,
        metrics: Arc<SelfMetrics>,
        readiness: Readiness,
    ) -> Self {
        metrics.set_targets(targets.len(), targets.len());
        let slot = |(client, state)| Slot {
            client,
            state: Arc::new(state),
            running: false,
            asking_identity: false,
            due: Instant::now(),
        };
        Self {
            slots: targets.into_iter().map(slot).collect(),
            tasks: JoinSet::new(),
            events: channel(),
            config,
            clock,
            ticks,
            metrics,
            readiness,
        }
    }

    /// Scans until `shutdown`; what runs then is cancelled.
    pub async fn run(mut self, publisher: Publisher, shutdown: CancellationToken) {
        let encoder = Encoder {
            publisher,
            shown: shown(&self.config),
            metrics: Arc::clone(&self.metrics),
            readiness: self.readiness.clone(),
        };
        let (snapshots, latest) = watch::channel(Arc::new(self.snapshot()));
        tokio::select! {
            () = shutdown.cancelled() => (),
            () = encoder.run(latest) => (),
            () = self.pump(&snapshots) => (),
        }
    }

    async fn pump(&mut self, snapshots: &watch::Sender<Arc<Snapshot>>) {
        let ready_at = Instant::now() + self.config.scan.ready_after;
        let mut counters = tokio::time::interval(COUNTERS_EVERY);
        let mut running = false;
        self.begin_at_first();
        loop {
            self.submit(snapshots);
            let expiry = self.next_expiry();
            let due = self.slots.iter().map(|slot| slot.due).min();
            let waits_for_ready = !self.readiness.is_ready() && !self.slots.is_empty();
            let ran = std::mem::replace(&mut running, self.slots.iter().any(|slot| slot.running));
            if running && !ran {
                // The intervals begin with the scans; those that passed meanwhile are no debt.
                counters.reset();
            }
            tokio::select! {
                Some(event) = self.events.1.recv() => self.handle(event),
                true = tick(&mut self.ticks, due) => self.tick(),
                () = at(expiry) => self.drop_expired(),
                _ = counters.tick(), if running => self.copy_counters(),
                () = sleep_until(ready_at), if waits_for_ready => {
                    become_ready(&self.readiness, &self.metrics, "scan.ready_after has passed");
                }
                Some(_) = self.tasks.join_next() => (),
            }
        }
    }

    /// Hands what is known to the encoder, if anything changed.
    fn submit(&self, snapshots: &watch::Sender<Arc<Snapshot>>) {
        snapshots.send_if_modified(|last| {
            let mut pairs = self.slots.iter().zip(&last.targets);
            let changed = !pairs.all(|(slot, last)| Arc::ptr_eq(&slot.state, last));
            if changed {
                *last = Arc::new(self.snapshot());
            }
            changed
        });
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot { targets: self.slots.iter().map(|slot| Arc::clone(&slot.state)).collect() }
    }

    fn begin_at_first(&mut self) {
        let now = self.clock.now();
        for slot in &mut self.slots {
            Arc::make_mut(&mut slot.state).next_attempt = now.unix;
        }
    }

    /// Begins what is due, and counts what is due but still running.
    fn tick(&mut self) {
        let (now, interval) = (Instant::now(), self.config.scan.interval);
        let manual = matches!(self.ticks, Ticks::Manual(_));
        for place in 0..self.slots.len() {
            if !manual && self.slots[place].due > now {
                continue;
            }
            let slot = &mut self.slots[place];
            if manual {
                slot.due = now;
            }
            slot.due += interval;
            if !slot.running {
                // After a pause of the whole process, ticks that nobody could hear are no skips.
                while slot.due <= now {
                    slot.due += interval;
                }
            }
            let next = self.clock.now().plus(slot.due.saturating_duration_since(now)).unix;
            let state = Arc::make_mut(&mut slot.state);
            state.next_attempt = next;
            if slot.running {
                state.tick_skipped();
                state.calls = slot.client.counts();
                let account = state.account.as_ref().map(AccountId::as_str);
                tracing::warn!(
                    account,
                    region = state.region.as_str(),
                    "a scan was due while the one before still runs, and is left out; raise \
                     scan.interval, or aws.max_requests_per_second if AWS allows it"
                );
            } else {
                self.begin(place);
            }
        }
    }

    fn begin(&mut self, place: usize) {
        let slot = &mut self.slots[place];
        slot.running = true;
        let job = Job {
            client: Arc::clone(&slot.client),
            config: Arc::clone(&self.config),
            clock: self.clock.clone(),
            prior: Arc::clone(&slot.state),
        };
        let events = self.events.0.clone();
        let (clock, news) = (self.clock.clone(), events.clone());
        self.tasks.spawn(async move {
            let (begun, started) = (clock.now(), Instant::now());
            let mut task = JoinSet::new();
            // The channel outlives its senders but at shutdown, when nobody listens any more.
            task.spawn(attempt(job, move |what| drop(news.send(Event::News(place, what)))));
            let finished = task.join_next().await.and_then(Result::ok);
            let finished = finished.unwrap_or_else(|| Finished::panicked(begun, started.elapsed()));
            let _ = events.send(Event::Ended(place, Box::new(finished)));
        });
        self.ask_identity(place);
    }

    /// Asks AWS whose account this is, beside the scan and not before it, until it is known.
    fn ask_identity(&mut self, place: usize) {
        let slot = &mut self.slots[place];
        if slot.state.account.is_some() || slot.asking_identity {
            return;
        }
        slot.asking_identity = true;
        let (client, events) = (Arc::clone(&slot.client), self.events.0.clone());
        self.tasks.spawn(async move {
            let identity = client.identity().await;
            let _ = events.send(Event::Identity(place, identity));
        });
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::News(place, News::Account(account)) => self.account_known(place, account),
            Event::News(place, News::ListComplete(catalog, asked)) => {
                Arc::make_mut(&mut self.slots[place].state).list_complete(catalog, asked);
            }
            Event::News(place, News::ListingsComplete(listings)) => {
                Arc::make_mut(&mut self.slots[place].state).listings_complete(listings);
            }
            Event::Ended(place, finished) => self.ended(place, *finished),
            Event::Identity(place, Ok(identity)) => {
                self.slots[place].asking_identity = false;
                tracing::info!(account = %identity.account, arn = identity.arn, "this is who asks AWS");
                self.account_known(place, identity.account);
            }
            Event::Identity(place, Err(error)) => {
                self.slots[place].asking_identity = false;
                tracing::warn!(
                    reason = error.reason.as_str(),
                    code = error.code,
                    error = error.message,
                    remedy = error.reason.remedy(error.operation),
                    "AWS did not say which account this is; it is read from the products instead, \
                     if there are any, and asked again with the next scan"
                );
            }
        }
    }

    fn account_known(&mut self, place: usize, account: AccountId) {
        let state = Arc::make_mut(&mut self.slots[place].state);
        state.account.get_or_insert(account);
    }

    fn ended(&mut self, place: usize, finished: Finished) {
        let slot = &mut self.slots[place];
        slot.running = false;
        let before = Arc::clone(&slot.state);
        let state = Arc::make_mut(&mut slot.state);
        state.calls = slot.client.counts();
        state.attempt_finished(finished.end.clone());
        report(&before, state, &finished);
    }

    fn copy_counters(&mut self) {
        for slot in &mut self.slots {
            if slot.running {
                Arc::make_mut(&mut slot.state).calls = slot.client.counts();
            }
        }
    }

    fn next_expiry(&self) -> Option<Instant> {
        let keep = self.config.scan.serve_stale_for;
        let next = self.slots.iter().filter_map(|slot| slot.state.next_expiry(keep)).min()?;
        Some(Instant::now() + next.saturating_sub(self.clock.now().uptime))
    }

    fn drop_expired(&mut self) {
        let (now, keep) = (self.clock.now(), self.config.scan.serve_stale_for);
        for slot in &mut self.slots {
            let expired = slot.state.next_expiry(keep).is_some_and(|next| next <= now.uptime);
            if expired && Arc::make_mut(&mut slot.state).drop_expired(now, keep) {
                tracing::warn!(
                    account = slot.state.account.as_ref().map(AccountId::as_str),
                    region = slot.state.region.as_str(),
                    "data was not confirmed for scan.serve_stale_for and is served no longer"
                );
            }
        }
    }
}

/// What the configuration shows of a snapshot.
#[must_use]
pub fn shown(config: &Config) -> Shown {
    Shown {
        per_product: config.metrics.per_product,
        max_instance_series: config.metrics.max_instance_series,
        max_series: config.metrics.max_series,
        names_and_tags: config.enrich.names_and_tags,
        records: config.enrich.records,
        tags: config.enrich.tags.iter().map(|(key, label)| TagLabel::new(key, label)).collect(),
    }
}

/// Waits for the next tick; never comes when nobody can send one any more.
async fn tick(ticks: &mut Ticks, due: Option<Instant>) -> bool {
    match ticks {
        Ticks::Timer => at(due).await,
        Ticks::Manual(ticks) => {
            if ticks.recv().await.is_none() {
                pending().await
            }
        }
    }
    true
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}
