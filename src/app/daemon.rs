//! The daemon: binds, says where, scans and serves until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{session, system_clock};
use crate::aws::{Session, Shared};
use crate::config::Config;
use crate::families;
use crate::http::{Handler, Live};
use crate::model::Clock;
use crate::publish::{Published, Publisher, Reader, Readiness, cell};
use crate::scan::{Pump, Ticks, shown};
use crate::serve::{self, Limits, Listener};
use crate::snapshot::{Snapshot, TargetState};
use crate::telemetry::{Scope, SelfMetrics};
use crate::version;

/// Where identity, region and endpoint come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The usual AWS environment, after the configuration.
    Ambient,
    /// This session, whatever the environment says.
    Fixed(Arc<Session>),
}

/// A bound exporter that scans nothing yet.
#[derive(Debug)]
pub struct App {
    config: Arc<Config>,
    source: Source,
    ticks: Ticks,
    clock: Clock,
    metrics: Arc<SelfMetrics>,
    readiness: Readiness,
    publisher: Publisher,
    reader: Reader,
    listeners: Vec<Listener>,
    addresses: Vec<SocketAddr>,
}

impl App {
    /// Binds every address and takes note of the rest.
    ///
    /// # Errors
    /// When an address cannot be bound; the message says what to do.
    pub fn bind(config: Config, source: Source, ticks: Ticks) -> anyhow::Result<Self> {
        let listeners = config.web.listen_addresses.iter().map(serve::bind);
        let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
        let mut app = Self::without_server(config, source, ticks, Scope::Daemon);
        app.addresses = listeners.iter().map(Listener::local_addr).collect();
        app.listeners = listeners;
        Ok(app)
    }

    /// An exporter that nobody can scrape.
    pub(super) fn without_server(
        config: Config,
        source: Source,
        ticks: Ticks,
        scope: Scope,
    ) -> Self {
        let clock = system_clock();
        let metrics = Arc::new(SelfMetrics::new(scope));
        metrics.config_loaded(clock.now().unix, config.hash);
        // The ambient account and region: one target, before anybody has asked for its name.
        metrics.set_targets(1, 1);
        let snapshot = Arc::new(Snapshot::default());
        let exposition = families::encode(&snapshot, &shown(&config));
        let (publisher, reader) = cell(Published { snapshot, exposition });
        Self {
            config: Arc::new(config),
            source,
            ticks,
            clock,
            metrics,
            readiness: Readiness::default(),
            publisher,
            reader,
            listeners: Vec::new(),
            addresses: Vec::new(),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What it publishes.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// The daemon's own figures.
    #[must_use]
    pub fn metrics(&self) -> Arc<SelfMetrics> {
        Arc::clone(&self.metrics)
    }

    /// Scans and serves until `shutdown`; then scans are cancelled and answers that run are
    /// finished, for `web.drain_timeout` at most.
    ///
    /// # Errors
    /// When there is no AWS region, or a listener cannot be used.
    pub async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let handler = Arc::new(Handler::new(
            Live {
                reader: self.reader,
                readiness: self.readiness.clone(),
                telemetry: Arc::clone(&self.metrics),
            },
            &self.config.web.telemetry_path,
            version::VERSION,
        ));
        let answer = move |head: http::request::Parts| {
            std::future::ready(handler.respond(&head.method, head.uri.path(), &head.headers))
        };
        let (stop, drain) = (shutdown.child_token(), self.config.web.drain_timeout);
        let server = serve::serve(self.listeners, answer, Limits::default(), stop.clone(), drain);
        let pump = async {
            // However scanning ends, nothing is served after it.
            let _stop = stop.clone().drop_guard();
            // A task of its own: the SDK reads its files without waiting for them as a future
            // would, and one that hangs must not keep this from hearing of the shutdown.
            let mut looking = JoinSet::new();
            let (config, source) = (Arc::clone(&self.config), self.source);
            looking.spawn(async move { session(&config, &source).await });
            let session = tokio::select! {
                Some(session) = looking.join_next() => session??,
                () = stop.cancelled() => return Ok(()),
            };
            let region = session.region().clone();
            let shared = Shared::new(&super::limits(&self.config.aws), Arc::clone(&self.metrics));
            let client = Arc::new(session.target(shared));
            let target = TargetState::new(region, None, self.config.scan.interval);
            let pump = Pump::new(
                vec![(client, target)],
                Arc::clone(&self.config),
                self.clock,
                self.ticks,
                self.metrics,
                self.readiness,
            );
            pump.run(self.publisher, stop.clone()).await;
            anyhow::Ok(())
        };
        let (served, pumped) = tokio::join!(server, pump);
        pumped?;
        let drained = served.context("the server failed")?;
        if drained.cut > 0 {
            tracing::warn!(connections = drained.cut, "answers were cut off by web.drain_timeout");
        }
        Ok(())
    }
}

/// Serves until a signal.
///
/// # Errors
/// When it cannot begin: an address in use, no region.
pub async fn serve(config: Config, source: Source) -> anyhow::Result<()> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let shutdown = stop_on_signal()?;
    survive_hangups()?;
    let app = App::bind(config, source, Ticks::Timer)?;
    for address in app.addresses() {
        tracing::info!(
            %address,
            metrics = format!("http://{address}{}", app.config.web.telemetry_path),
            version = version::VERSION,
            revision = version::REVISION,
            "listening"
        );
    }
    app.run(shutdown).await?;
    tracing::info!("stopped");
    Ok(())
}

/// A token that SIGTERM or SIGINT cancels; the second signal ends the process at once.
pub(super) fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = CancellationToken::new();
    let told = shutdown.clone();
    #[expect(clippy::disallowed_methods, reason = "listens as long as the process lives")]
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => ("SIGTERM", 128 + 15),
                _ = interrupt.recv() => ("SIGINT", 128 + 2),
            }
        };
        let (signal, _) = next().await;
        tracing::info!(signal, "stopping; a second signal ends it at once");
        told.cancel();
        let (_, code) = next().await;
        #[expect(clippy::exit, reason = "whoever sends a second signal wants just that")]
        std::process::exit(code);
    });
    Ok(shutdown)
}

/// Lets SIGHUP end nothing: to whoever sends it to a daemon it means reload.
pub(super) fn survive_hangups() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    #[expect(clippy::disallowed_methods, reason = "listens as long as the process lives")]
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::warn!(
                signal = "SIGHUP",
                "reload is not supported yet; restart to apply a changed configuration"
            );
        }
    });
    Ok(())
}
