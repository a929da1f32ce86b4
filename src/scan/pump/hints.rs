//! Hints that come in, and the scans that they begin.

use tokio::time::Instant;

use super::Pump;
use crate::model::{AccountId, Hint, Ignored};

impl Pump {
    /// Something may have changed in a target: it is scanned soon.
    pub(super) fn hinted(&mut self, hint: Hint) {
        let Hint { account, region, product } = hint;
        let Some(number) = self.slots.at(&account, &region) else {
            return self.metrics.events().ignored(Ignored::UnknownTarget);
        };
        if self.slots.get(number).is_some_and(|slot| slot.is_paused()) {
            return self.metrics.events().ignored(Ignored::Paused);
        }
        self.wakes.hinted(number, product, Instant::now());
    }

    /// Begins what hints are waiting for. Their target may have an attempt that runs, and then they
    /// wait for its end; or one that is due anyway, which begins with its tick.
    pub(super) fn wake(&mut self) {
        for number in self.wakes.take_due(Instant::now()) {
            let Some(slot) = self.slots.get(number) else { continue };
            if slot.is_paused() {
                self.wakes.forget(number);
            } else if !slot.is_running() && slot.asked_for() {
                let account = slot.state.account.as_ref().map(AccountId::as_str);
                let region = slot.state.region.as_str();
                tracing::debug!(account, region, "a scan begins because of events");
                self.begin(number);
            }
        }
    }
}
