//! One target in the pump: what is known of it, and where its attempts stand.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::attempt::Finished;
use super::pace;
use super::report::report;
use super::roster::Wanted;
use super::schedule::Schedule;
use super::slow::report_slow;
use super::transitions::report_transitions;
use crate::aws::CallError;
use crate::config::Config;
use crate::model::{AccountId, Clock, Moment, Reason};
use crate::snapshot::{CompleteList, SavedTarget, StageError, TargetState, Transition};

/// One target in the pump.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) wanted: Wanted,
    pub(super) state: Arc<TargetState>,
    schedule: Schedule,
    account: Account,
    running: Option<Running>,
    /// How long its last attempt took.
    took: Duration,
    /// Another attempt begins as soon as the one that runs has ended.
    again: bool,
    /// An earlier target is the same account and region: this one is neither scanned nor shown.
    stopped: bool,
    /// Those of the attempt that runs: told at its end, when the records behind them were read.
    transitions: Vec<Transition>,
    /// It was said that its attempts take longer than the interval.
    slow: bool,
    /// It was said that it is asked less often.
    paused: bool,
}

/// How the account of a target is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Account {
    /// By its role, or because AWS said it, or not at all.
    Told,
    /// An earlier process knew it: the ambient identity may be another one now. Nothing is scanned
    /// before AWS has said whose it is.
    Restored,
    /// As before, but AWS did not say it: the products will.
    Unconfirmed,
}

#[derive(Debug)]
struct Running {
    begun: Instant,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Slot {
    /// A target of which nothing is known; its first attempt is due at once.
    pub(super) fn new(wanted: Wanted, config: &Config, nth: usize, many: usize) -> Self {
        let interval = config.scan.interval;
        let region = wanted.key.region.clone();
        let mut state = TargetState::new(region, wanted.account.clone(), interval);
        state.names = wanted.names.clone();
        Self {
            schedule: Schedule::new(Instant::now(), interval, nth, many),
            state: Arc::new(state),
            wanted,
            account: Account::Told,
            running: None,
            took: Duration::ZERO,
            again: false,
            stopped: false,
            transitions: Vec::new(),
            slow: false,
            paused: false,
        }
    }

    /// Takes up what an earlier process knew of it. Whether it did.
    pub(super) fn restore(&mut self, saved: &SavedTarget<'_>, keep: Duration, now: Moment) -> bool {
        let told = self.state.account.as_ref().map(|account| account.as_str() == saved.account);
        let state = Arc::make_mut(&mut self.state);
        if told == Some(false) || !state.restore(saved, now) {
            return false;
        }
        state.drop_expired(now, keep);
        if told.is_none() {
            self.account = Account::Restored;
        }
        true
    }

    /// Whether AWS is to say whose account this is.
    pub(super) fn asks_for_account(&self) -> bool {
        self.state.account.is_none() || self.account != Account::Told
    }

    /// Whether nothing is scanned before AWS has said whose account this is.
    pub(super) fn waits_for_account(&self) -> bool {
        self.account == Account::Restored
    }

    /// AWS said, or a product's ARN, whose account this is. Whether that is news. What an earlier
    /// process knew of another account is forgotten.
    pub(super) fn account_known(&mut self, account: &AccountId) -> bool {
        if self.account != Account::Told {
            if self.state.account.as_ref() != Some(account) {
                self.forget_restored();
            }
            self.account = Account::Told;
        }
        let is_news = self.state.account.is_none();
        if is_news {
            Arc::make_mut(&mut self.state).account = Some(account.clone());
        }
        is_news
    }

    /// AWS did not say whose account this is: it is scanned all the same.
    pub(super) fn account_stays_unknown(&mut self) {
        if self.waits_for_account() {
            self.account = Account::Unconfirmed;
        }
    }

    fn forget_restored(&mut self) {
        let known = &self.state;
        let mut state = TargetState::new(known.region.clone(), None, known.interval);
        state.names = known.names.clone();
        state.next_attempt = known.next_attempt;
        self.account = Account::Told;
        self.state = Arc::new(state);
        tracing::warn!(
            region = self.state.region.as_str(),
            "what an earlier process knew of another account is not taken up"
        );
    }

    /// What an attempt starts from.
    pub(super) fn prior(&self) -> Arc<TargetState> {
        let mut prior = Arc::clone(&self.state);
        if self.account != Account::Told {
            // So that the first ARN is told.
            Arc::make_mut(&mut prior).account = None;
        }
        prior
    }

    /// Takes over what a new roster says; what is known of the target stays.
    pub(super) fn update(&mut self, wanted: Wanted, config: &Config, now: Moment) {
        let interval = pace::interval(&self.state, &config.scan, self.took, now);
        let changed = self.state.interval != interval
            || self.state.names != wanted.names
            || (self.state.account.is_none() && wanted.account.is_some());
        if changed {
            let state = Arc::make_mut(&mut self.state);
            if state.interval != interval {
                self.schedule.stretch(Instant::now(), state.interval, interval);
            }
            state.interval = interval;
            state.names = wanted.names.clone();
            if state.account.is_none() {
                state.account.clone_from(&wanted.account);
            }
        }
        if !Arc::ptr_eq(&self.wanted.client, &wanted.client) && self.schedule.forgive() {
            // What was denied may be allowed now: by another external id, another endpoint.
            match self.running {
                Some(_) => self.again = true,
                None => self.schedule.due_now(Instant::now()),
            }
        }
        self.wanted = wanted;
    }

    /// Whether it is not scanned because an earlier target is the same.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether an attempt is under way.
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Whether it is asked less often, because it is denied.
    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// When its next attempt is due; never while it is stopped.
    pub(super) fn due(&self) -> Option<Instant> {
        (!self.stopped).then(|| self.schedule.due())
    }

    /// Its next attempt is due now.
    pub(super) fn due_now(&mut self, now: Instant) {
        self.schedule.due_now(now);
    }

    /// Its tick came: whether an attempt is to begin. If one still runs, the tick is left out.
    pub(super) fn tick(&mut self, now: Instant, clock: &Clock) -> bool {
        let interval = self.state.interval;
        let begins = self.running.is_none();
        if begins {
            self.schedule.begun(now, interval);
        } else {
            self.schedule.skipped(now, interval);
            let calls = self.wanted.client.counts();
            let state = Arc::make_mut(&mut self.state);
            state.tick_skipped();
            state.calls = calls;
            tracing::warn!(
                account = state.account.as_ref().map(AccountId::as_str),
                region = state.region.as_str(),
                "a scan was due while the one before still runs, and is left out; raise \
                 scan.interval, or aws.max_requests_per_second if AWS allows it"
            );
        }
        self.announce(clock);
        begins
    }

    /// Whether an attempt is to begin at once because somebody asks for it; if one runs, another
    /// follows it. One that is due anyway begins with its tick.
    pub(super) fn asked_for(&mut self) -> bool {
        self.again = self.running.is_some() && !self.stopped;
        self.running.is_none() && !self.stopped && self.schedule.due() > Instant::now()
    }

    /// The attempt that runs has its product list. Whether it is another list than before.
    pub(super) fn list_complete(&mut self, list: CompleteList, asked: Moment) -> bool {
        if self.account != Account::Told {
            // No product names the account, so whose list this is is not known.
            self.forget_restored();
        }
        let change = Arc::make_mut(&mut self.state).list_complete(list, asked);
        self.transitions.extend(change.transitions);
        change.is_another
    }

    /// An attempt began.
    pub(super) fn runs(&mut self, task: AbortHandle) {
        self.running = Some(Running { begun: Instant::now(), task });
    }

    /// The attempt ended. Whether another is to begin at once.
    pub(super) fn ended(&mut self, finished: Finished, config: &Config, clock: &Clock) -> bool {
        let interval = self.state.interval;
        let before = Arc::clone(&self.state);
        let begun = self.running.take().map_or_else(Instant::now, |running| running.begun);
        let took = begun.elapsed();
        self.took = took;
        let denied = finished.end.products.is_err_and(Reason::is_permanent);
        let state = Arc::make_mut(&mut self.state);
        state.calls = self.wanted.client.counts();
        state.attempt_finished(finished.end.clone());
        state.explain(finished.errors.iter().map(|(stage, error)| (*stage, said(error))));
        let next = pace::interval(state, &config.scan, took, clock.now());
        if next != interval {
            state.interval = next;
            self.schedule.repace(begun, next);
        }
        let pause = self.schedule.ended(begun, denied, next);
        report(&before, state, &finished, pause.filter(|_| !self.paused));
        report_transitions(state, &std::mem::take(&mut self.transitions));
        self.paused = pause.is_some();
        let is_slow = took > config.scan.interval;
        if is_slow && !self.slow {
            report_slow(&before, state, took, config);
        }
        self.slow = is_slow;
        self.announce(clock);
        std::mem::take(&mut self.again)
    }

    /// Ends what runs and forgets it: the target is not scanned any more.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.again = false;
        self.running = None;
    }

    /// It may be scanned after all.
    pub(super) fn resume(&mut self, now: Instant) {
        self.stopped = false;
        self.schedule.due_now(now);
    }

    /// Says when the next attempt is due.
    pub(super) fn announce(&mut self, clock: &Clock) {
        if self.stopped {
            return;
        }
        let wait = self.schedule.due().saturating_duration_since(Instant::now());
        let next = clock.now().plus(wait).unix;
        if (self.state.next_attempt - next).abs() > 0.001 {
            Arc::make_mut(&mut self.state).next_attempt = next;
        }
    }

    /// Copies the counts of calls, which go on while an attempt runs. Whether any moved.
    pub(super) fn copy_counters(&mut self) -> bool {
        let calls = self.wanted.client.counts();
        let moved = self.state.calls != calls;
        if moved {
            Arc::make_mut(&mut self.state).calls = calls;
        }
        moved
    }
}

/// What a failed call says to whoever looks at the target.
fn said(error: &CallError) -> StageError {
    StageError {
        operation: error.operation,
        reason: error.reason,
        code: error.code.as_str().into(),
        message: error.message.as_str().into(),
        request_id: error.request_id.as_str().into(),
    }
}
