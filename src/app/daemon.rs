//! The daemon: binds, says where, scans and serves until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use http::request::Parts;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::reload::{Good, Reloader, Request};
use super::systemd::Systemd;
use super::web::Web;
use super::{limits, session, system_clock};
use crate::aws::{Session, Shared};
use crate::config::{Config, Loader};
use crate::families;
use crate::http::{Action, Gate, HEALTHY_PATH, Handler, Live, Outcome, READY_PATH};
use crate::model::Clock;
use crate::publish::{Published, Publisher, Reader, Readiness, cell};
use crate::scan::{Discovery, Events, Hints, Inputs, Pump, Ticks, shown_of};
use crate::serve::{self, Bell, Listener};
use crate::snapshot::Snapshot;
use crate::storage::{self, Storage};
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
    web: Web,
    /// Where what is known is kept, and what was found there.
    storage: Option<(Storage, storage::Found)>,
    systemd: Systemd,
    /// None: the configuration is never read again.
    loader: Option<Loader>,
    /// Each message is a SIGHUP.
    hangups: mpsc::Receiver<()>,
    requests: (mpsc::Sender<Request>, mpsc::Receiver<Request>),
    wishes: (mpsc::Sender<()>, mpsc::Receiver<()>),
}

impl App {
    /// Reads the web file, binds every address and takes note of the rest.
    ///
    /// # Errors
    /// When the web file is refused, an address cannot be bound, or the storage cannot be used; the
    /// message says what to do.
    pub fn bind(config: Config, source: Source, ticks: Ticks) -> anyhow::Result<Self> {
        let web = Web::load(config.web.config_file.as_deref())?;
        let storage = config.storage.path.as_deref().map(Storage::open).transpose()?;
        let listeners = config.web.listen_addresses.iter().map(serve::bind);
        let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
        let mut app = Self::of(config, source, ticks, Scope::Daemon, web);
        app.addresses = listeners.iter().map(Listener::local_addr).collect();
        app.listeners = listeners;
        app.storage = storage.map(|storage| {
            app.metrics.storage().configured();
            let found = storage.load();
            (storage, found)
        });
        Ok(app)
    }

    /// An exporter that nobody can scrape.
    pub(super) fn without_server(
        config: Config,
        source: Source,
        ticks: Ticks,
        scope: Scope,
    ) -> Self {
        Self::of(config, source, ticks, scope, Web::default())
    }

    fn of(config: Config, source: Source, ticks: Ticks, scope: Scope, web: Web) -> Self {
        let clock = system_clock();
        let metrics = Arc::new(SelfMetrics::new(scope));
        metrics.config_loaded(clock.now().unix, config.hash);
        metrics.set_reload_successful(true);
        let snapshot = Arc::new(Snapshot::default());
        let exposition = families::encode(&snapshot, &shown_of(&config));
        let (publisher, reader) = cell(Published { snapshot, exposition, kept: Arc::default() });
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
            web,
            storage: None,
            systemd: Systemd::default(),
            loader: None,
            hangups: mpsc::channel(1).1,
            requests: mpsc::channel(1),
            wishes: mpsc::channel(1),
        }
    }

    /// Where its configuration is read again, and who tells it to.
    #[must_use]
    pub fn reloading(mut self, loader: Loader, hangups: mpsc::Receiver<()>) -> Self {
        self.loader = Some(loader);
        self.hangups = hangups;
        self
    }

    /// The same as what this process is there for: its manager is told how it fares.
    #[must_use]
    pub(super) fn managed(mut self) -> Self {
        self.systemd = Systemd::of_this_process();
        self
    }

    /// The same by another clock than this machine's.
    #[must_use]
    pub fn by_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// `https` if it begins with TLS.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.web.is_tls() { "https" } else { "http" }
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
        let (requests, wishes) = (self.requests.0, self.wishes.0);
        let web = &self.config.web;
        let reader = self.reader.clone();
        let live = Live {
            reader: self.reader,
            readiness: self.readiness.clone(),
            telemetry: Arc::clone(&self.metrics),
            clock: self.clock.clone(),
        };
        let handler = Handler::new(live, &web.telemetry_path, version::VERSION);
        let handler = handler
            .below(web.route_prefix.as_str())
            .with_max_requests(web.max_requests)
            .with_status_page(web.status_page)
            .with_docs(super::reference());
        let handler = Arc::new(handler.with_lifecycle(web.enable_lifecycle));
        let below = |path| web.route_prefix.path(path);
        let ready = web.unauthenticated_ready.then(|| below(READY_PATH));
        let gate = Gate::new(self.web.rules(), below(HEALTHY_PATH), ready)?;
        let gate = Arc::new(gate);
        let bell = Bell::default();
        let rung = bell.clone();
        let answer = move |head: Parts| {
            let (handler, gate) = (Arc::clone(&handler), Arc::clone(&gate));
            let (requests, wishes, bell) = (requests.clone(), wishes.clone(), bell.clone());
            async move {
                let (method, path) = (&head.method, head.uri.path());
                let target = head.uri.path_and_query().map_or(path, |target| target.as_str());
                let answer = match gate.admit(path, &head.headers).await {
                    Err(refused) => handler.refused(method, path, refused),
                    Ok(()) => match handler.action(method, path, &head.headers) {
                        None => {
                            let room_wanted = || bell.ring();
                            handler
                                .respond_in_turn(method, target, &head.headers, room_wanted)
                                .await
                        }
                        Some(action) => {
                            let outcome = act(action, &requests, &wishes).await;
                            handler.acted(action, outcome)
                        }
                    },
                };
                gate.dressed(answer)
            }
        };
        let (stop, drain) = (shutdown.child_token(), web.drain_timeout);
        let of_server = limits_of_server(&self.config);
        let (tls, stopped) = (self.web.tls(), stop.clone());
        let takes_up = self.storage.as_ref().is_some_and(|(_, found)| !found.targets.is_empty());
        let server = async {
            if takes_up {
                // A scrape that came first would find nothing, and call that the end of everything.
                let known = reader.wait_for(|published| !published.snapshot.targets.is_empty());
                let _ = tokio::time::timeout(TAKEN_UP_WITHIN, known).await;
            }
            serve::serve(self.listeners, answer, of_server, tls, rung, stopped, drain).await
        };
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
            let shared = Shared::new(&limits(&self.config.aws), Arc::clone(&self.metrics));
            // They end with this future.
            let mut beside = JoinSet::new();
            let mut hints = Hints::none();
            if let Some(events) = &self.config.events {
                let (clock, metrics) = (self.clock.clone(), Arc::clone(&self.metrics));
                let queue = session.queue(&events.queue_url, &events.endpoint_url, &events.region);
                let (events, heard) = Events::new(queue, events.account.clone(), clock, metrics);
                beside.spawn(events.run());
                hints = heard;
            }
            let (discovery, roster) = Discovery::new(
                Arc::clone(&self.config),
                session,
                shared,
                self.clock.clone(),
                Arc::clone(&self.metrics),
            );
            let (configs, new_configs) = mpsc::channel(1);
            beside.spawn(discovery.run(new_configs, |config| limits(&config.aws)));
            if let Some(loader) = self.loader {
                let reloader = Reloader {
                    loader,
                    started: Arc::clone(&self.config),
                    config: self.config,
                    configs,
                    web: self.web,
                    metrics: Arc::clone(&self.metrics),
                    clock: self.clock.clone(),
                    good: Good::default(),
                    systemd: self.systemd,
                };
                beside.spawn(reloader.run(self.requests.1, self.hangups));
            }
            let inputs = Inputs { roster, ticks: self.ticks, wishes: self.wishes.1, hints };
            let mut pump = Pump::new(inputs, self.clock, self.metrics, self.readiness);
            if let Some((storage, found)) = self.storage {
                pump = pump.with_storage(storage, found);
            }
            pump.run(self.publisher, stop.clone()).await;
            anyhow::Ok(())
        };
        let manager = async {
            self.systemd.ready(&self.addresses).await;
            tokio::select! {
                () = self.systemd.keep_alive() => {}
                () = stop.cancelled() => {}
            }
            self.systemd.stopping().await;
        };
        let (served, pumped, ()) = tokio::join!(server, pump, manager);
        pumped?;
        let drained = served.context("the server failed")?;
        if drained.cut > 0 {
            tracing::warn!(connections = drained.cut, "answers were cut off by web.drain_timeout");
        }
        Ok(())
    }
}

/// Scrapes wait so long at the start for what an earlier process knew.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(2);

/// As many connections as are configured and the process may have beside its calls of AWS.
fn limits_of_server(config: &Config) -> serve::Limits {
    let max_connections = config.web.max_connections;
    let wanted = serve::Limits { max_connections, ..serve::Limits::default() };
    let Some(descriptors) = serve::descriptor_limit() else { return wanted };
    // A call has up to two connections, one to where its role is assumed; the rest is for files,
    // and for connections that are kept between two calls.
    let others = 64 + 2 * config.aws.max_in_flight;
    let limits = wanted.clone().within(descriptors, others);
    if limits.max_connections < wanted.max_connections {
        tracing::warn!(
            open_files = descriptors,
            max_connections = limits.max_connections,
            "the limit of open files is low, so fewer clients can be connected at the same time; \
             raise it (LimitNOFILE= in systemd, ulimit -n in a shell) to {} for {}",
            wanted.max_connections + others,
            wanted.max_connections,
        );
    }
    limits
}

/// Whoever asks for a reload hears by then how it ended, or that nobody answers: while it starts,
/// and while the disk of the file hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does what a request asks for.
async fn act(
    action: Action,
    requests: &mpsc::Sender<Request>,
    wishes: &mpsc::Sender<()>,
) -> Outcome {
    match action {
        // One that waits already is as good as another.
        Action::Scan => match wishes.try_send(()) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(())) => Outcome::Begins,
            Err(mpsc::error::TrySendError::Closed(())) => Outcome::Unavailable,
        },
        Action::Reload => {
            let (request, outcome) = oneshot::channel();
            let asking = async {
                requests.send(request).await.ok()?;
                outcome.await.ok()
            };
            let answered = tokio::time::timeout(PATIENCE, asking).await;
            answered.ok().flatten().unwrap_or(Outcome::Unavailable)
        }
    }
}

/// Serves until a signal.
///
/// # Errors
/// When it cannot begin: an address in use, no region.
pub async fn serve(config: Config, loader: Loader, source: Source) -> anyhow::Result<()> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let shutdown = stop_on_signal()?;
    let app = App::bind(config, source, Ticks::Timer)?.reloading(loader, hangups()?);
    let app = app.managed();
    for address in app.addresses() {
        tracing::info!(
            %address,
            metrics = format!(
                "{}://{address}{}",
                app.scheme(),
                app.config.web.route_prefix.path(&app.config.web.telemetry_path)
            ),
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

/// The SIGHUPs, which to whoever sends one to a daemon mean reload. Several that come at once are
/// one.
pub(super) fn hangups() -> anyhow::Result<mpsc::Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    let (told, hangups) = mpsc::channel(1);
    #[expect(clippy::disallowed_methods, reason = "listens as long as the process lives")]
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let _ = told.try_send(());
        }
    });
    Ok(hangups)
}
