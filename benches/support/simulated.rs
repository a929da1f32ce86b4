//! A simulated AWS in a process of its own, so that what it uses is not counted, and what scans it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use servicecatalog_exporter::app::{limits, system_clock};
use servicecatalog_exporter::aws::{Session, Shared};
use servicecatalog_exporter::config::{Config, Defaults, Refresh};
use servicecatalog_exporter::families;
use servicecatalog_exporter::model::{Clock, Region};
use servicecatalog_exporter::publish::{Published, Reader, Readiness, cell};
use servicecatalog_exporter::scan::{Discovery, Hints, Inputs, Pump, Ticks, shown_of};
use servicecatalog_exporter::sim::{self, Simulator, World};
use servicecatalog_exporter::snapshot::Snapshot;
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

pub const PRODUCTS: usize = 10_000;
pub const STACK_SETS: usize = 500;
pub const INSTANCES: usize = 50;

/// The argument with which a bench starts itself once more, to be the simulator.
const SIMULATOR: &str = "--simulator";
/// The same for a world of its own.
const FLEET: &str = "--simulated-fleet";

/// The simulator's process.
pub struct Aws {
    process: Child,
    pub endpoint_url: String,
}

#[allow(dead_code, reason = "each bench uses a part of it")]
impl Aws {
    /// One account with many products.
    pub fn start() -> Self {
        Self::start_as(SIMULATOR)
    }

    /// What [`be_simulator_if_told`] was given.
    pub fn start_fleet() -> Self {
        Self::start_as(FLEET)
    }

    fn start_as(argument: &str) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut process = Command::new(program)
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started once more");
        let mut endpoint_url = String::new();
        let said = process.stdout.as_mut().expect("it is piped");
        BufReader::new(said).read_line(&mut endpoint_url).expect("it says where it listens");
        Self { process, endpoint_url: endpoint_url.trim().to_owned() }
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        // It ends by itself when its input does; a simulator that hangs must not stay.
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Is the simulator, until its input ends, if this process was started for that. `fleet` is the
/// world of [`Aws::start_fleet`], and how long each of its answers takes.
pub fn be_simulator_if_told(fleet: impl FnOnce() -> (World, Duration)) -> bool {
    let told = |argument| std::env::args().any(|given| given == argument);
    let (world, latency) = if told(SIMULATOR) {
        (World::sized(PRODUCTS, STACK_SETS, INSTANCES), Duration::ZERO)
    } else if told(FLEET) {
        fleet()
    } else {
        return false;
    };
    runtime().block_on(async {
        let simulator = Simulator::start(world).await.expect("loopback can be bound");
        simulator.set_latency(latency);
        println!("{}", simulator.endpoint_url());
        std::io::stdout().flush().expect("somebody listens");
        let until_end = || std::io::stdin().read_to_end(&mut Vec::new());
        let _ = tokio::task::spawn_blocking(until_end).await;
    });
    true
}

/// For a bench that has none.
#[allow(dead_code, reason = "one bench has a fleet")]
pub fn no_fleet() -> (World, Duration) {
    (World::empty(sim::ACCOUNT, sim::REGION), Duration::ZERO)
}

/// A runtime as the exporter has it.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads can be had")
}

/// The default configuration without the rate limit, and every scan a whole one.
pub fn config() -> Config {
    let mut config = Config::defaults(Defaults::Production);
    config.scan.stack_instances.refresh = Refresh::Always;
    config.aws.max_requests_per_second = 0.0;
    config
}

/// A pump that scans by command, until it is dropped.
pub struct Scanner {
    pub reader: Reader,
    tick: mpsc::Sender<()>,
    _stop: DropGuard,
}

#[allow(dead_code, reason = "each bench uses a part of it")]
impl Scanner {
    pub fn new(config: Config, endpoint_url: &str) -> Self {
        Self::by_clock(config, endpoint_url, system_clock())
    }

    pub fn by_clock(config: Config, endpoint_url: &str, clock: Clock) -> Self {
        let region = Region::parse(sim::REGION).expect("a region");
        let of_config = |config: &Config| limits(&config.aws);
        let limits = of_config(&config);
        let (id, secret) = (sim::ACCESS_KEY_ID, sim::SECRET_ACCESS_KEY);
        let session = Session::fixed(endpoint_url, &region, id, secret, limits.clone());
        let metrics = Arc::new(SelfMetrics::new(Scope::Daemon));
        let shared = Shared::new(&limits, Arc::clone(&metrics));
        let config = Arc::new(config);
        let (discovery, roster) = Discovery::new(
            Arc::clone(&config),
            Arc::new(session),
            shared,
            clock.clone(),
            Arc::clone(&metrics),
        );
        let snapshot = Arc::new(Snapshot::default());
        let exposition = families::encode(&snapshot, &shown_of(&config));
        let (publisher, reader) = cell(Published { snapshot, exposition, kept: Arc::default() });
        let (tick, ticks) = mpsc::channel(1);
        let inputs = Inputs {
            roster,
            ticks: Ticks::Manual(ticks),
            wishes: mpsc::channel(1).1,
            hints: Hints::none(),
        };
        let pump = Pump::new(inputs, clock, metrics, Readiness::default());
        let shutdown = CancellationToken::new();
        let _stop = shutdown.clone().drop_guard();
        #[expect(clippy::disallowed_methods, reason = "it ends when the scanner is dropped")]
        tokio::spawn(async move {
            let (_configs, none) = mpsc::channel(1);
            tokio::select! {
                () = discovery.run(none, of_config) => (),
                () = pump.run(publisher, shutdown) => (),
            }
        });
        Self { reader, tick, _stop }
    }

    /// Lets a scan of every target be due.
    pub async fn tick(&self) {
        self.tick.send(()).await.expect("the pump runs");
    }

    /// Waits until every target was scanned so often, its account is known, and nothing is missing.
    pub async fn all_scanned(&self, times: u64) -> Arc<Published> {
        let done = self.reader.wait_for(|published| {
            let mut targets = published.snapshot.targets.iter();
            targets.all(|target| target.scans() >= times && target.account.is_some())
        });
        let published = done.await.expect("the pump runs");
        let mut targets = published.snapshot.targets.iter();
        let whole =
            targets.all(|target| target.products().is_some() && target.stack_sets_unknown() == 0);
        assert!(whole, "every target was scanned with success");
        published
    }

    /// Scans once, until the end of the attempt is published.
    pub async fn scan(&self) -> Arc<Published> {
        let latest = self.reader.latest();
        let before = latest.snapshot.targets.first().map_or(0, |target| target.scans());
        drop(latest);
        self.tick().await;
        let done = self.reader.wait_for(|published| {
            published
                .snapshot
                .targets
                .iter()
                .any(|target| target.scans() > before && target.account.is_some())
        });
        done.await.expect("the pump runs")
    }
}
