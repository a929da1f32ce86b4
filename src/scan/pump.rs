//! The one task that owns all state.

mod hints;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::attempt::{Finished, Job, News, attempt};
use super::encoder::{Ask, Encoder, Submission, become_ready};
use super::events::Hints;
use super::keeper::{Keeper, Wish};
use super::roster::Roster;
use super::shown::{shown_of, terms_of};
use super::slot::Slot;
use super::slots::Slots;
use super::wakes::Wakes;
use crate::aws::{CallError, Identity};
use crate::config::Config;
use crate::model::{AccountId, Clock, Region};
use crate::publish::{Publisher, Readiness};
use crate::snapshot::Snapshot;
use crate::storage::{self, Storage};
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

/// What the pump works with.
#[derive(Debug)]
pub struct Inputs {
    /// Who is to be scanned.
    pub roster: watch::Receiver<Arc<Roster>>,
    /// When.
    pub ticks: Ticks,
    /// Each message is a wish that every target be scanned now.
    pub wishes: mpsc::Receiver<()>,
    /// What may have changed.
    pub hints: Hints,
}

/// Scans, advances, publishes.
#[derive(Debug)]
pub struct Pump {
    roster: Arc<Roster>,
    inputs: Inputs,
    clock: Clock,
    slots: Slots,
    wakes: Wakes,
    asking_identity: bool,
    /// Something is known that is not published.
    changed: bool,
    /// Something is known that is not kept.
    is_news: bool,
    keeper: Option<Keeper>,
    tasks: JoinSet<()>,
    events: (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>),
    metrics: Arc<SelfMetrics>,
    readiness: Readiness,
}

#[derive(Debug)]
enum Event {
    News(u64, News),
    Ended(u64, Box<Finished>),
    Identity(Region, Result<Identity, CallError>),
}

/// An attempt sends four events at most and a target has one attempt at a time: that is the bound.
#[expect(clippy::disallowed_methods, reason = "bounded by the number of targets")]
fn channel() -> (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>) {
    mpsc::unbounded_channel()
}

impl Pump {
    /// A pump that begins with [`Pump::run`].
    #[must_use]
    pub fn new(
        inputs: Inputs,
        clock: Clock,
        metrics: Arc<SelfMetrics>,
        readiness: Readiness,
    ) -> Self {
        let roster = Arc::clone(&inputs.roster.borrow());
        Self {
            roster,
            inputs,
            clock,
            slots: Slots::default(),
            wakes: Wakes::default(),
            asking_identity: false,
            changed: true,
            is_news: false,
            keeper: None,
            tasks: JoinSet::new(),
            events: channel(),
            metrics,
            readiness,
        }
    }

    /// The same, which takes up what an earlier process kept in that directory, and keeps there
    /// what it learns.
    #[must_use]
    pub fn with_storage(mut self, storage: Storage, found: storage::Found) -> Self {
        self.slots = Slots::restored(found.into());
        self.keeper = Some(Keeper::new(storage, self.clock.clone(), Arc::clone(&self.metrics)));
        self
    }

    /// Scans until `shutdown`; what runs then is cancelled.
    pub async fn run(mut self, publisher: Publisher, shutdown: CancellationToken) {
        let encoder = Encoder {
            publisher,
            metrics: Arc::clone(&self.metrics),
            readiness: self.readiness.clone(),
        };
        let (asking, asks) = mpsc::channel(1);
        let (wishing, wishes) = mpsc::channel(1);
        let keeper = self.keeper.clone();
        let keeping = async {
            match keeper {
                Some(keeper) => keeper.run(wishing).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => (),
            () = encoder.run(asking) => (),
            () = keeping => (),
            () = self.pump(asks, wishes) => (),
        }
        self.tasks.abort_all();
        if let Some(keeper) = &self.keeper {
            keeper.keep_last(self.slots.known()).await;
        }
    }

    async fn pump(&mut self, mut asks: mpsc::Receiver<Ask>, mut wishes: mpsc::Receiver<Wish>) {
        let ready_at = Instant::now() + self.config().scan.ready_after;
        let mut counters = tokio::time::interval(COUNTERS_EVERY);
        let (mut asker, mut wisher): (Option<Ask>, Option<Wish>) = (None, None);
        self.follow(Arc::clone(&self.roster));
        loop {
            if self.changed
                && let Some(ask) = asker.take()
            {
                self.changed = false;
                // Nobody there any more is the end of everything.
                let _ = ask.send(self.submission());
            }
            if self.is_news
                && let Some(wish) = wisher.take()
            {
                self.is_news = false;
                let _ = wish.send(self.slots.known());
            }
            let (due, expiry) = (self.slots.next_due(), self.next_expiry());
            let wake = self.wakes.next_due();
            let waits_for_ready = !self.readiness.is_ready() && self.has_something_to_show();
            tokio::select! {
                Some(event) = self.events.1.recv() => self.handle(event),
                Ok(()) = self.inputs.roster.changed() => {
                    let roster = Arc::clone(&self.inputs.roster.borrow_and_update());
                    self.follow(roster);
                }
                true = tick(&mut self.inputs.ticks, due) => self.tick(),
                Some(()) = self.inputs.wishes.recv() => self.scan_now(),
                Some(hint) = self.inputs.hints.next() => self.hinted(hint),
                () = at(wake) => self.wake(),
                () = at(expiry) => self.drop_expired(),
                _ = counters.tick() => self.copy_counters(),
                Some(ask) = asks.recv(), if asker.is_none() => asker = Some(ask),
                Some(wish) = wishes.recv(), if wisher.is_none() => wisher = Some(wish),
                () = sleep_until(ready_at), if waits_for_ready => {
                    become_ready(&self.readiness, &self.metrics, "scan.ready_after has passed");
                }
                Some(_) = self.tasks.join_next() => (),
            }
        }
    }

    fn config(&self) -> &Arc<Config> {
        &self.roster.config
    }

    /// With an organisation: its accounts are known. And there is a target at all.
    fn has_something_to_show(&self) -> bool {
        self.roster.discovered && !self.roster.targets.is_empty()
    }

    fn submission(&self) -> Submission {
        let targets = self.slots.states();
        self.metrics.set_targets(targets.len(), self.roster.configured);
        let shown = shown_of(self.config());
        let snapshot = Snapshot {
            targets,
            found: self.roster.found,
            directories: self.inputs.hints.and_calls(&self.roster.calls),
            optional_stages: shown.optional_stages().collect(),
            terms: terms_of(self.config()),
            taken: self.clock.now(),
        };
        Submission { snapshot: Arc::new(snapshot), shown }
    }

    fn follow(&mut self, roster: Arc<Roster>) {
        self.roster = roster;
        self.slots.follow(&self.roster, &self.clock);
        self.wakes.keep(|number| self.slots.has(number));
        self.changed = true;
    }

    fn touch(&mut self, number: u64) {
        self.note(number);
        self.changed = true;
    }

    /// As [`Self::touch`], of what is not worth a publication of its own: the next one has it, and
    /// while an attempt runs there is one with the counters.
    fn note(&mut self, number: u64) {
        self.slots.touch(number, self.roster.config.scan.serve_stale_for, &self.clock);
    }

    /// Begins what is due, and counts what is due but still running.
    fn tick(&mut self) {
        let now = Instant::now();
        if matches!(self.inputs.ticks, Ticks::Manual(_)) {
            self.slots.all_due(now);
        }
        for number in self.slots.take_due(now) {
            let Some(slot) = self.slots.get(number) else { continue };
            if slot.tick(now, &self.clock) {
                self.begin(number);
                self.note(number);
            } else {
                self.touch(number);
            }
        }
    }

    fn scan_now(&mut self) {
        // Whoever reloads and then asks for a scan means the new targets, and their new settings.
        if self.inputs.roster.has_changed().unwrap_or_default() {
            let roster = Arc::clone(&self.inputs.roster.borrow_and_update());
            self.follow(roster);
        }
        tracing::info!("a scan of every target begins because somebody asked for it");
        for number in self.slots.numbers() {
            if self.slots.get(number).is_some_and(Slot::asked_for) {
                self.begin(number);
            }
        }
    }

    fn begin(&mut self, number: u64) {
        let config = Arc::clone(self.config());
        let Some(slot) = self.slots.get(number) else { return };
        if slot.waits_for_account() {
            self.ask_identity(number);
            return;
        }
        Arc::make_mut(&mut slot.state).attempt_begins(self.clock.now());
        let hinted = Arc::new(self.wakes.begins(number, Instant::now()));
        let job = Job {
            hinted,
            client: Arc::clone(&slot.wanted.client),
            config,
            clock: self.clock.clone(),
            prior: slot.prior(),
        };
        let events = self.events.0.clone();
        let (clock, news) = (self.clock.clone(), events.clone());
        let task = self.tasks.spawn(async move {
            let (begun, started) = (clock.now(), Instant::now());
            let mut task = JoinSet::new();
            // The channel outlives its senders but at shutdown, when nobody listens any more.
            task.spawn(attempt(job, move |what| drop(news.send(Event::News(number, what)))));
            let finished = task.join_next().await.and_then(Result::ok);
            let finished = finished.unwrap_or_else(|| Finished::panicked(begun, started.elapsed()));
            let _ = events.send(Event::Ended(number, Box::new(finished)));
        });
        slot.runs(task);
        self.ask_identity(number);
    }

    fn begin_all(&mut self, numbers: Vec<u64>) {
        for number in numbers {
            self.begin(number);
        }
    }

    /// Asks AWS whose account the ambient one is, beside the scan and not before it, until it is
    /// known; once for all regions.
    fn ask_identity(&mut self, number: u64) {
        let Some(slot) = self.slots.get(number) else { return };
        if !slot.asks_for_account() || self.asking_identity {
            return;
        }
        self.asking_identity = true;
        let (client, events) = (Arc::clone(&slot.wanted.client), self.events.0.clone());
        let region = slot.state.region.clone();
        self.tasks.spawn(async move {
            let identity = client.identity().await;
            let _ = events.send(Event::Identity(region, identity));
        });
    }

    fn handle(&mut self, event: Event) {
        // What an attempt says of the account is said by its list too.
        self.is_news |= matches!(
            event,
            Event::Ended(..) | Event::News(_, News::ListComplete(..) | News::ListingsComplete(_))
        );
        match event {
            Event::News(number, News::Account(account)) => {
                if let Some(slot) = self.slots.get(number)
                    && slot.asks_for_account()
                {
                    slot.account_known(&account);
                    self.slots.share_account();
                    self.changed = true;
                }
            }
            Event::News(number, News::ListComplete(catalog, asked)) => {
                if let Some(slot) = self.slots.get(number) {
                    let is_another = slot.list_complete(catalog, asked);
                    self.note(number);
                    self.changed |= is_another;
                }
            }
            Event::News(number, News::ListingsComplete(listings)) => {
                if let Some(slot) = self.slots.get(number) {
                    Arc::make_mut(&mut slot.state).listings_complete(listings);
                    self.touch(number);
                }
            }
            Event::Ended(number, finished) => self.ended(number, *finished),
            Event::Identity(_, Ok(identity)) => {
                self.asking_identity = false;
                tracing::info!(account = %identity.account, arn = identity.arn, "this is who asks AWS");
                let waiting = self.slots.waiting_for_account();
                self.changed |= self.slots.ambient_account_known(&identity.account);
                self.begin_all(waiting);
            }
            Event::Identity(region, Err(error)) => {
                self.asking_identity = false;
                tracing::warn!(
                    region = region.as_str(),
                    reason = error.reason.as_str(),
                    code = error.code,
                    error = error.message,
                    remedy = error.reason.remedy(error.operation),
                    "AWS did not say which account this is; it is read from the products instead, \
                     if there are any, and asked again with the next scan"
                );
                let waiting = self.slots.waiting_for_account();
                self.slots.ambient_account_stays_unknown();
                self.begin_all(waiting);
            }
        }
    }

    fn ended(&mut self, number: u64, finished: Finished) {
        let config = Arc::clone(self.config());
        let Some(slot) = self.slots.get(number).filter(|slot| slot.is_running()) else {
            return;
        };
        self.wakes.ended(number, Instant::now());
        if slot.ended(finished, &config, &self.clock) {
            self.begin(number);
        }
        self.touch(number);
    }

    fn copy_counters(&mut self) {
        for slot in self.slots.running() {
            self.changed |= slot.copy_counters();
        }
    }

    fn next_expiry(&self) -> Option<Instant> {
        let next = self.slots.next_expiry()?;
        Some(Instant::now() + next.saturating_sub(self.clock.now().uptime))
    }

    fn drop_expired(&mut self) {
        let (now, keep) = (self.clock.now(), self.config().scan.serve_stale_for);
        for number in self.slots.take_expired(now.uptime) {
            let Some(slot) = self.slots.get(number) else { continue };
            if Arc::make_mut(&mut slot.state).drop_expired(now, keep) {
                tracing::warn!(
                    account = slot.state.account.as_ref().map(AccountId::as_str),
                    region = slot.state.region.as_str(),
                    "data was not confirmed for scan.serve_stale_for and is served no longer"
                );
            }
            self.is_news = true;
            self.touch(number);
        }
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
