//! What tests stand on: an exporter in this process, scanning a simulated AWS over real sockets
//! through the real SDK, stepped by command.

pub mod clock;
pub mod exposition;
pub mod foreign;
pub mod http;
pub mod https;
pub mod pki;
pub mod prometheus;
pub mod server;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use servicecatalog_exporter::app::{App, Source, limits, system_clock};
use servicecatalog_exporter::aws::{Limits, Session};
use servicecatalog_exporter::config::{Config, Defaults, Refresh};
use servicecatalog_exporter::model::{Clock, Region};
use servicecatalog_exporter::publish::{Published, Reader};
use servicecatalog_exporter::scan::Ticks;
use servicecatalog_exporter::sim::{self, Simulator, World};
use servicecatalog_exporter::snapshot::TargetState;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::clock::Hands;
use self::exposition::Scrape;

/// Nothing in a test takes this long unless it is stuck.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An exporter and the world that it scans.
pub struct Rig {
    pub simulator: Simulator,
    pub reader: Reader,
    pub address: SocketAddr,
    tick: mpsc::Sender<()>,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

/// The configuration of most tests: no rate limit, nothing that takes long, and every scan asks
/// for everything.
pub fn config() -> Config {
    let mut config = Config::defaults(Defaults::Production);
    config.scan.stack_instances.refresh = Refresh::Always;
    config.web.listen_addresses = vec!["127.0.0.1:0".parse().unwrap()];
    config.aws.max_requests_per_second = 0.0;
    config.aws.attempt_timeout = Duration::from_secs(5);
    config
}

/// Limits of AWS calls whose retries come at once.
pub fn impatient(config: &Config) -> Limits {
    Limits {
        first_pause: Duration::from_millis(2),
        max_pause: Duration::from_millis(20),
        ..limits(&config.aws)
    }
}

/// A session with the simulated AWS.
pub fn session(simulator: &Simulator, limits: Limits) -> Session {
    let region = Region::parse(sim::REGION).unwrap();
    let url = simulator.endpoint_url();
    Session::fixed(&url, &region, sim::ACCESS_KEY_ID, sim::SECRET_ACCESS_KEY, limits)
}

impl Rig {
    /// An exporter of the usual configuration that has scanned nothing yet.
    pub async fn new(world: World) -> Self {
        Self::with(world, |_| ()).await
    }

    /// The same with a changed configuration.
    pub async fn with(world: World, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let limits = impatient(&config);
        Self::limited(world, config, limits).await
    }

    /// The same with limits of its own.
    pub async fn limited(world: World, config: Config, limits: Limits) -> Self {
        let (tick, ticks) = mpsc::channel(16);
        Self::ticking(world, config, limits, Ticks::Manual(ticks), tick).await
    }

    /// An exporter that scans by the timer, as the daemon does; [`Rig::tick`] is not for it.
    pub async fn timed(world: World, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let limits = impatient(&config);
        Self::ticking(world, config, limits, Ticks::Timer, mpsc::channel(16).0).await
    }

    /// An exporter that lists what changed, and whose clock stands still but for its hands.
    pub async fn by_hand(world: World, change: impl FnOnce(&mut Config)) -> (Self, Hands) {
        let mut config = config();
        config.scan.stack_instances.refresh = Refresh::Changed;
        change(&mut config);
        let simulator = Simulator::start(world).await.unwrap();
        let session = session(&simulator, impatient(&config));
        let ((tick, ticks), hands) = (mpsc::channel(16), Hands::default());
        let ticks = Ticks::Manual(ticks);
        (Self::start(simulator, session, config, ticks, tick, hands.clock()), hands)
    }

    async fn ticking(
        world: World,
        config: Config,
        limits: Limits,
        ticks: Ticks,
        tick: mpsc::Sender<()>,
    ) -> Self {
        let simulator = Simulator::start(world).await.unwrap();
        let session = session(&simulator, limits);
        Self::start(simulator, session, config, ticks, tick, system_clock())
    }

    /// An exporter with a session of its own, which need not reach the simulator.
    pub fn of(simulator: Simulator, session: Session, config: Config) -> Self {
        let (tick, ticks) = mpsc::channel(16);
        Self::start(simulator, session, config, Ticks::Manual(ticks), tick, system_clock())
    }

    fn start(
        simulator: Simulator,
        session: Session,
        config: Config,
        ticks: Ticks,
        tick: mpsc::Sender<()>,
        clock: Clock,
    ) -> Self {
        let source = Source::Fixed(Arc::new(session));
        let app = App::bind(config, source, ticks).unwrap().by_clock(clock);
        let (address, reader) = (app.addresses()[0], app.reader());
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(app.run(shutdown.clone()));
        Self { simulator, reader, address, tick, shutdown, running }
    }

    /// Lets a scan be due, and does not wait for it.
    pub async fn tick(&self) {
        self.tick.send(()).await.unwrap();
    }

    /// Waits for a publication whose one target is as wanted.
    pub async fn wait_for(&self, wanted: impl Fn(&TargetState) -> bool) -> Arc<Published> {
        let found =
            self.reader.wait_for(|published| published.snapshot.targets.iter().any(|t| wanted(t)));
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.expect("the publication that the test waits for never came").expect("the pump runs")
    }

    /// How many attempts have finished.
    pub fn scans(&self) -> u64 {
        self.reader.latest().snapshot.targets.first().map_or(0, |target| target.scans())
    }

    /// Scans once, and waits until the end of the attempt is published and the account is known.
    pub async fn scan(&self) -> Arc<Published> {
        let before = self.scans();
        self.tick().await;
        self.wait_for(|target| target.scans() > before && target.account.is_some()).await
    }

    /// Scans once, and waits until the end of the attempt is published, whoever the account is.
    pub async fn attempt(&self) -> Arc<Published> {
        let before = self.scans();
        self.tick().await;
        self.wait_for(|target| target.scans() > before).await
    }

    /// What /metrics answers now.
    pub async fn scrape(&self) -> Scrape {
        let answer = http::get(self.address, "/metrics", &[("Accept-Encoding", "gzip")]).await;
        assert_eq!(answer.status, 200);
        Scrape::read(&answer.text())
    }

    /// Scans once and scrapes.
    pub async fn scan_and_scrape(&self) -> Scrape {
        self.scan().await;
        self.scrape().await
    }

    /// Stops the exporter as a signal does, and starts another one of that configuration in its
    /// place, which has scanned nothing yet.
    pub async fn restarted(self, config: Config, clock: Clock) -> Self {
        let Self { simulator, shutdown, running, .. } = self;
        shutdown.cancel();
        tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
        let session = session(&simulator, impatient(&config));
        let (tick, ticks) = mpsc::channel(16);
        Self::start(simulator, session, config, Ticks::Manual(ticks), tick, clock)
    }

    /// Stops the exporter as a signal does.
    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap();
    }
}
