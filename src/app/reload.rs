//! Reading the configuration again: on SIGHUP, when its file changed, and when somebody asks.
//!
//! A configuration that is refused changes nothing: what ran before goes on, the log and the
//! metrics say so.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::config::{Config, Loader};
use crate::http::Outcome;
use crate::model::Clock;
use crate::telemetry::SelfMetrics;

/// How often the file is looked at. Its contents are compared, not its name or time: Kubernetes
/// changes a mounted file by moving a symbolic link two folders above it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Asks for a reload and hears how it ended.
pub(super) type Request = oneshot::Sender<Outcome>;

/// Reads the configuration again.
#[derive(Debug)]
pub(super) struct Reloader {
    pub(super) loader: Loader,
    /// What runs.
    pub(super) config: Arc<Config>,
    /// Who takes over a new one.
    pub(super) configs: mpsc::Sender<Arc<Config>>,
    pub(super) metrics: Arc<SelfMetrics>,
    pub(super) clock: Clock,
}

impl Reloader {
    /// Reloads whenever there is a reason, for ever.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut hangups: mpsc::Receiver<()>,
    ) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut seen = self.contents().await;
        loop {
            tokio::select! {
                Some(request) = requests.recv() => {
                    seen = self.contents().await;
                    let outcome = self.reload("a request").await;
                    // Whoever asked may be gone.
                    let _ = request.send(outcome);
                }
                Some(()) = hangups.recv() => {
                    seen = self.contents().await;
                    self.reload("SIGHUP").await;
                }
                _ = looks.tick() => {
                    let now = self.contents().await;
                    if now != seen {
                        seen = now;
                        self.reload("its file changed").await;
                    }
                }
            }
        }
    }

    /// What the file holds; `None` while it cannot be read, as between two steps of replacing it.
    async fn contents(&self) -> Option<Vec<u8>> {
        let loader = self.loader.clone();
        tokio::task::spawn_blocking(move || loader.contents()).await.ok()?
    }

    async fn reload(&mut self, why: &str) -> Outcome {
        let loader = self.loader.clone();
        let loaded = tokio::task::spawn_blocking(move || loader.load()).await;
        let config = match loaded {
            Ok(Ok(config)) => Arc::new(config),
            Ok(Err(error)) => return self.refused(why, error.to_string()),
            Err(_) => return self.refused(why, "reading it panicked; see the log above".into()),
        };
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        for setting in needs_restart(&self.config, &config) {
            tracing::warn!(setting, "changed in the configuration; takes effect with a restart");
        }
        if self.configs.send(Arc::clone(&config)).await.is_err() {
            return Outcome::Unavailable;
        }
        tracing::info!(why, targets = config.targets.len(), "the configuration was read again");
        self.metrics.config_loaded(self.clock.now().unix, config.hash);
        self.config = config;
        Outcome::Reloaded
    }

    fn refused(&self, why: &str, error: String) -> Outcome {
        tracing::error!(why, error, "the configuration is refused; what ran before goes on");
        self.metrics.config_refused();
        Outcome::Refused(error)
    }
}

/// The settings that differ and are read at the start alone.
fn needs_restart(before: &Config, after: &Config) -> Vec<&'static str> {
    let (web, new) = (&before.web, &after.web);
    [
        ("web.listen_addresses", web.listen_addresses != new.listen_addresses),
        ("web.telemetry_path", web.telemetry_path != new.telemetry_path),
        ("web.drain_timeout", web.drain_timeout != new.drain_timeout),
        ("web.enable_lifecycle", web.enable_lifecycle != new.enable_lifecycle),
        ("log", before.log != after.log),
    ]
    .into_iter()
    .filter_map(|(setting, differs)| differs.then_some(setting))
    .collect()
}
