//! What systemd is told about this process: sd_notify(3), for units of `Type=notify` or
//! `notify-reload`. Without such a manager nothing is said.

use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::MissedTickBehavior;

/// The manager of this process, if it has one that listens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Systemd {
    /// Somebody else's process, such as a test's, is not ours to speak for.
    speaks: bool,
}

impl Systemd {
    /// That of this process, as `NOTIFY_SOCKET` and `WATCHDOG_USEC` name it.
    pub(super) fn of_this_process() -> Self {
        Self { speaks: true }
    }

    /// Scrapes are answered from now on. That does not wait for AWS: an exporter that cannot reach
    /// it has to tell somebody, and a unit that is restarted for it cannot.
    pub(super) async fn ready(self, addresses: &[SocketAddr]) {
        let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        self.say(format!("READY=1\nSTATUS=listening on {addresses}")).await;
    }

    /// A new configuration is being read; [`Self::reloaded`] follows, however that ends.
    pub(super) async fn reloading(self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.say(format!("RELOADING=1\n{now}")).await,
            Err(error) => tracing::debug!(%error, "the monotonic clock cannot be read"),
        }
    }

    /// The reload ended.
    pub(super) async fn reloaded(self) {
        self.say("READY=1".to_owned()).await;
    }

    /// Nothing new is answered any more.
    pub(super) async fn stopping(self) {
        self.say("STOPPING=1".to_owned()).await;
    }

    /// Says again and again that this process lives, twice as often as the manager wants to hear
    /// it. What it proves is that the runtime runs tasks, blocking ones too; AWS has no part in it.
    pub(super) async fn keep_alive(self) {
        let Some(within) = self.speaks.then(sd_notify::watchdog_enabled).flatten() else {
            return std::future::pending().await;
        };
        let mut ticks = tokio::time::interval((within / 2).max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.say("WATCHDOG=1".to_owned()).await;
        }
    }

    /// On a thread of its own: the socket blocks while its other side does not read.
    async fn say(self, what: String) {
        if !self.speaks {
            return;
        }
        let say = move || sd_notify::notify(&[NotifyState::Custom(&what)]);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(say).await {
            tracing::debug!(%error, "systemd cannot be told");
        }
    }
}
