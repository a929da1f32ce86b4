//! The slots of all targets: which there are, whose turn it is, and which of two that turn out to
//! be one is scanned.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::keeper::Known;
use super::restored::Restored;
use super::roster::{Key, Roster, Wanted};
use super::slot::Slot;
use super::timeline::Timeline;
use crate::config::Config;
use crate::model::{AccountId, Clock, Region};
use crate::snapshot::{Found, TargetState};

/// The slots of all targets.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: BTreeMap<u64, Slot>,
    /// The numbers of the slots in the order of the roster.
    order: Vec<u64>,
    numbers: HashMap<Key, u64>,
    /// Of those that are scanned and whose account is known.
    places: HashMap<(AccountId, Region), u64>,
    last_number: u64,
    dues: Timeline<Instant>,
    expiries: Timeline<Duration>,
    restored: Restored,
}

impl Slots {
    /// No slots yet, but what an earlier process knew of some.
    pub(super) fn restored(restored: Restored) -> Self {
        Self { restored, ..Self::default() }
    }

    /// What is to be kept over a restart.
    pub(super) fn known(&self) -> Known {
        let known = |slot: &Slot| (slot.wanted.key.role.clone(), Arc::clone(&slot.state));
        let targets = self.shown().map(known).collect();
        Known { targets, unclaimed: self.restored.unclaimed() }
    }

    /// The slot of that number, if its target is still there.
    pub(super) fn get(&mut self, number: u64) -> Option<&mut Slot> {
        self.slots.get_mut(&number)
    }

    /// The number of the target that is scanned there.
    pub(super) fn at(&self, account: &AccountId, region: &Region) -> Option<u64> {
        self.places.get(&(account.clone(), region.clone())).copied()
    }

    /// Whether there is a target of that number.
    pub(super) fn has(&self, number: u64) -> bool {
        self.slots.contains_key(&number)
    }

    /// Every number, in the order of the roster.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.order.clone()
    }

    /// Every slot in which an attempt runs.
    pub(super) fn running(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.slots.values_mut().filter(|slot| slot.is_running())
    }

    /// What is shown, in the order of the roster.
    pub(super) fn states(&self) -> Vec<Arc<TargetState>> {
        self.shown().map(|slot| Arc::clone(&slot.state)).collect()
    }

    fn shown(&self) -> impl Iterator<Item = &Slot> {
        let in_order = self.order.iter().filter_map(|number| self.slots.get(number));
        in_order.filter(|slot| !slot.is_stopped())
    }

    /// When the next attempt is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.dues.first()
    }

    /// The slots that are due, earliest first.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<u64> {
        self.dues.take_due(now)
    }

    /// Lets all be due.
    pub(super) fn all_due(&mut self, now: Instant) {
        for (number, slot) in &mut self.slots {
            slot.due_now(now);
            self.dues.set(*number, slot.due());
        }
    }

    /// The uptime at which data is to be dropped next.
    pub(super) fn next_expiry(&self) -> Option<Duration> {
        self.expiries.first()
    }

    /// The slots that have data to be dropped.
    pub(super) fn take_expired(&mut self, uptime: Duration) -> Vec<u64> {
        self.expiries.take_due(uptime)
    }

    /// Notes when a slot is due and when its data expires, after anything happened to it.
    pub(super) fn touch(&mut self, number: u64, keep: Duration, clock: &Clock) {
        let Some(slot) = self.slots.get_mut(&number) else { return };
        slot.announce(clock);
        self.dues.set(number, slot.due());
        self.expiries.set(number, slot.state.next_expiry(keep));
    }

    /// Takes over a roster: targets that stay keep all that is known of them.
    pub(super) fn follow(&mut self, roster: &Roster, clock: &Clock) {
        let config: &Config = &roster.config;
        let is_new = |wanted: &&Wanted| !self.numbers.contains_key(&wanted.key);
        let new = roster.targets.iter().filter(is_new).count();
        let mut before = std::mem::take(&mut self.numbers);
        self.order.clear();
        let (mut nth, mut taken_up) = (0, 0);
        for wanted in roster.targets.iter().cloned() {
            let key = wanted.key.clone();
            let known = before.remove(&key);
            let number = known.unwrap_or_else(|| {
                self.last_number += 1;
                self.last_number
            });
            if let Some(slot) = self.slots.get_mut(&number) {
                slot.update(wanted, config, clock.now());
            } else {
                let mut slot = Slot::new(wanted, config, nth, new);
                let saved = self.restored.take(&key);
                let keep = config.scan.serve_stale_for;
                taken_up +=
                    usize::from(saved.is_some_and(|saved| slot.restore(&saved, keep, clock.now())));
                self.slots.insert(number, slot);
                nth += 1;
            }
            self.numbers.insert(key, number);
            self.order.push(number);
        }
        for gone in before.into_values() {
            self.slots.remove(&gone);
            self.dues.set(gone, None);
            self.expiries.set(gone, None);
        }
        if taken_up > 0 {
            tracing::info!(
                targets = taken_up,
                "what an earlier process knew is served until a scan knows better"
            );
        }
        if roster.found == Found::Wholly {
            self.restored.forget();
        }
        self.share_account();
        self.stop_clashing();
        for number in self.numbers() {
            self.touch(number, config.scan.serve_stale_for, clock);
        }
    }

    /// All ambient targets are one account: what one knows, all know.
    pub(super) fn share_account(&mut self) {
        let is_ambient = |slot: &&Slot| slot.wanted.key.role.is_none();
        let mut ambient = self.slots.values().filter(is_ambient);
        let told = |slot: &Slot| (!slot.asks_for_account()).then(|| slot.state.account.clone())?;
        if let Some(account) = ambient.find_map(told) {
            let _ = self.ambient_account_known(&account);
        }
    }

    /// That is the account of all ambient targets. Whether it is news to any.
    pub(super) fn ambient_account_known(&mut self, account: &AccountId) -> bool {
        let mut is_news = false;
        for slot in self.slots.values_mut() {
            if slot.wanted.key.role.is_none() && slot.asks_for_account() {
                is_news |= slot.account_known(account);
            }
        }
        self.stop_clashing();
        is_news
    }

    /// The slots that are not scanned before AWS has said whose account the ambient one is.
    pub(super) fn waiting_for_account(&self) -> Vec<u64> {
        let waiting = self.slots.iter().filter(|(_, slot)| slot.waits_for_account());
        waiting.map(|(number, _)| *number).collect()
    }

    /// AWS did not say it: they are scanned all the same, and the products will.
    pub(super) fn ambient_account_stays_unknown(&mut self) {
        self.slots.values_mut().for_each(Slot::account_stays_unknown);
    }

    /// Of two targets that are one account and region the earlier one goes on, the later one is
    /// stopped: two series of the same name would be wrong both.
    fn stop_clashing(&mut self) {
        let mut taken: HashMap<(AccountId, Region), Key> = HashMap::new();
        self.places.clear();
        for number in &self.order {
            let Some(slot) = self.slots.get_mut(number) else { continue };
            let Some(account) = slot.state.account.clone() else { continue };
            let place = (account, slot.state.region.clone());
            match (taken.get(&place), slot.is_stopped()) {
                (Some(first), false) => {
                    slot.stop();
                    tracing::error!(
                        account = place.0.as_str(),
                        region = place.1.as_str(),
                        scanned_as = identity(first),
                        stopped = identity(&slot.wanted.key),
                        "two targets turn out to be one account and region; the later one is \
                         stopped: remove one of the two from the configuration"
                    );
                }
                (None, true) => slot.resume(Instant::now()),
                _ => {}
            }
            self.dues.set(*number, slot.due());
            self.places.entry(place.clone()).or_insert(*number);
            taken.entry(place).or_insert_with(|| slot.wanted.key.clone());
        }
    }
}

fn identity(key: &Key) -> String {
    key.role.as_ref().map_or_else(|| "the ambient identity".to_owned(), ToString::to_string)
}
