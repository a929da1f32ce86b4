//! Reading the configuration and the web file again: on SIGHUP, when a file changed, and when
//! somebody asks.
//!
//! Each is taken by itself. One that is refused changes nothing: what ran before goes on, the log
//! and the metrics say so until it is good again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::systemd::Systemd;
use super::web::Web;
use crate::config::{Config, Loader};
use crate::http::Outcome;
use crate::model::Clock;
use crate::scan::NewConfig;
use crate::telemetry::SelfMetrics;

/// How often the files are looked at; a change is taken over when two looks in a row see the same.
/// Contents are compared, not names or times: Kubernetes changes a mounted file by moving a
/// symbolic link two folders above it.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Asks for a reload and hears how it ended.
pub(super) type Request = oneshot::Sender<Outcome>;

/// Reads the configuration again.
#[derive(Debug)]
pub(super) struct Reloader {
    pub(super) loader: Loader,
    /// What it was started with.
    pub(super) started: Arc<Config>,
    /// What runs.
    pub(super) config: Arc<Config>,
    /// Who takes over a new one.
    pub(super) configs: mpsc::Sender<NewConfig>,
    pub(super) web: Web,
    pub(super) metrics: Arc<SelfMetrics>,
    pub(super) clock: Clock,
    pub(super) good: Good,
    pub(super) systemd: Systemd,
}

/// Whether the last attempt to read each of them succeeded.
#[derive(Debug)]
pub(super) struct Good {
    config: bool,
    web: bool,
}

impl Default for Good {
    /// Nothing is served by a file that is refused at the start.
    fn default() -> Self {
        Self { config: true, web: true }
    }
}

impl Reloader {
    /// Reloads whenever there is a reason, for ever.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut hangups: mpsc::Receiver<()>,
    ) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watched = Watched::of(self.contents().await);
        let mut watched_web = Watched::of(self.web.read_at_start());
        // Finding out where AWS is may have taken a while.
        if watched.is_there() && self.is_outdated().await {
            self.reload_config("its file changed").await;
        }
        loop {
            tokio::select! {
                Some(request) = requests.recv() => {
                    watched.taken(self.contents().await);
                    watched_web.taken(self.web.contents().await);
                    let outcome = self.reload("a request").await;
                    // Whoever asked may be gone.
                    let _ = request.send(outcome);
                }
                Some(()) = hangups.recv() => {
                    watched.taken(self.contents().await);
                    watched_web.taken(self.web.contents().await);
                    self.reload("SIGHUP").await;
                }
                _ = looks.tick() => {
                    if watched.look(self.contents().await) {
                        self.reload_config("its file changed").await;
                    }
                    if watched_web.look(self.web.contents().await) {
                        self.reload_web("it or a file that it names changed").await;
                    }
                }
            }
        }
    }

    /// Whether the file says something else than what runs.
    async fn is_outdated(&self) -> bool {
        let loader = self.loader.clone();
        let loaded = tokio::task::spawn_blocking(move || loader.load()).await;
        !matches!(loaded, Ok(Ok(config)) if config == *self.config)
    }

    /// What the file holds; `None` while it cannot be read, as between two steps of replacing it.
    async fn contents(&self) -> Option<Vec<u8>> {
        let loader = self.loader.clone();
        tokio::task::spawn_blocking(move || loader.contents()).await.ok()?
    }

    async fn reload(&mut self, why: &str) -> Outcome {
        self.systemd.reloading().await;
        let web = self.read_web_again(why).await;
        let config = self.read_again(why).await;
        self.systemd.reloaded().await;
        match (config, web) {
            (Outcome::Refused(config), Err(web)) => Outcome::Refused(format!("{config}\n{web}")),
            (Outcome::Reloaded, Err(web)) => Outcome::Refused(web),
            (outcome, _) => outcome,
        }
    }

    async fn reload_config(&mut self, why: &str) {
        self.systemd.reloading().await;
        self.read_again(why).await;
        self.systemd.reloaded().await;
    }

    async fn reload_web(&mut self, why: &str) {
        self.systemd.reloading().await;
        // The log says why it is refused.
        let _ = self.read_web_again(why).await;
        self.systemd.reloaded().await;
    }

    async fn read_web_again(&mut self, why: &str) -> Result<(), String> {
        let reloaded = self.web.reload().await;
        self.good.web = reloaded.is_ok();
        self.metrics.set_reload_successful(self.good.config && self.good.web);
        match reloaded {
            Ok(true) => tracing::info!(why, "the web file was read again"),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(why, error, "the web file is refused; what ran before goes on");
                return Err(error);
            }
        }
        Ok(())
    }

    async fn read_again(&mut self, why: &str) -> Outcome {
        let loader = self.loader.clone();
        let loaded = tokio::task::spawn_blocking(move || loader.load_again()).await;
        let config = match loaded {
            Ok(Ok(config)) => Arc::new(config),
            Ok(Err(error)) => return self.refused(why, error.to_string()),
            Err(_) => return self.refused(why, "reading it panicked; see the log above".into()),
        };
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        for setting in needs_restart(&self.started, &config) {
            tracing::warn!(setting, "changed in the configuration; takes effect with a restart");
        }
        if self.config.metrics.per_instance != config.metrics.per_instance {
            tracing::info!(
                "metrics.per_instance changed; each stack set follows when it is listed next, \
                 within scan.stack_instances.max_age"
            );
        }
        let (taken_over, is_taken_over) = oneshot::channel();
        if self.configs.send((Arc::clone(&config), taken_over)).await.is_err()
            || is_taken_over.await.is_err()
        {
            return Outcome::Unavailable;
        }
        tracing::info!(why, targets = config.targets.len(), "the configuration was read again");
        self.metrics.config_loaded(self.clock.now().unix, config.hash);
        self.good.config = true;
        self.metrics.set_reload_successful(self.good.web);
        self.config = config;
        Outcome::Reloaded
    }

    fn refused(&mut self, why: &str, error: String) -> Outcome {
        tracing::error!(why, error, "the configuration is refused; what ran before goes on");
        self.good.config = false;
        self.metrics.set_reload_successful(false);
        Outcome::Refused(error)
    }
}

/// What was seen of a file; `None` is a file that cannot be read.
#[derive(Debug)]
struct Watched<T> {
    taken: Option<T>,
    last: Option<T>,
}

impl<T: Clone + PartialEq> Watched<T> {
    fn of(contents: Option<T>) -> Self {
        Self { taken: contents.clone(), last: contents }
    }

    fn is_there(&self) -> bool {
        self.taken.is_some()
    }

    /// The file is read as it is now, whatever comes of it.
    fn taken(&mut self, contents: Option<T>) {
        *self = Self::of(contents);
    }

    /// Whether the file is to be read again. Not before it was seen twice as it is: it may be half
    /// written, and half of a list of targets is a valid list.
    fn look(&mut self, contents: Option<T>) -> bool {
        let changed = contents == self.last && contents != self.taken;
        if changed {
            self.taken.clone_from(&contents);
        }
        self.last = contents;
        changed
    }
}

/// The settings that differ and are read at the start alone.
fn needs_restart(before: &Config, after: &Config) -> Vec<&'static str> {
    let (web, new) = (&before.web, &after.web);
    [
        ("web.listen_addresses", web.listen_addresses != new.listen_addresses),
        ("web.telemetry_path", web.telemetry_path != new.telemetry_path),
        ("web.external_url", web.external_url != new.external_url),
        ("web.route_prefix", web.route_prefix != new.route_prefix),
        ("web.max_connections", web.max_connections != new.max_connections),
        ("web.max_requests", web.max_requests != new.max_requests),
        ("web.drain_timeout", web.drain_timeout != new.drain_timeout),
        ("web.enable_lifecycle", web.enable_lifecycle != new.enable_lifecycle),
        ("web.config_file", web.config_file != new.config_file),
        ("web.unauthenticated_ready", web.unauthenticated_ready != new.unauthenticated_ready),
        ("web.status_page", web.status_page != new.status_page),
        ("storage", before.storage != after.storage),
        ("events", before.events != after.events),
        ("log", before.log != after.log),
    ]
    .into_iter()
    .filter_map(|(setting, differs)| differs.then_some(setting))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(seen: &[Option<&str>]) -> Vec<bool> {
        let mut watched = Watched::of(Some(b"old".to_vec()));
        let contents = |seen: &Option<&str>| seen.map(|text| text.as_bytes().to_vec());
        seen.iter().map(|seen| watched.look(contents(seen))).collect()
    }

    #[test]
    fn a_change_is_read_once_when_it_was_seen_twice() {
        let seen = [Some("old"), Some("new"), Some("new"), Some("new"), Some("old"), Some("old")];
        assert_eq!(looks(&seen), [false, false, true, false, false, true]);
    }

    #[test]
    fn a_file_that_is_half_written_or_gone_for_a_moment_is_not_read() {
        let seen = [Some("ne"), Some("new"), None, Some("new"), Some("old"), None, Some("old")];
        assert_eq!(looks(&seen), [false; 7]);
        let gone = [None, None, Some("old"), Some("old")];
        assert_eq!(looks(&gone), [false, true, false, true], "for longer it is refused");
    }
}
