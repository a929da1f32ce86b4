//! The exporter under test: the built program, or the same within this process, where its clock
//! can be moved and its tasks be counted.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use servicecatalog_exporter::app::{App, Source, system_clock};
use servicecatalog_exporter::config::{Config, Organization, Refresh};
use servicecatalog_exporter::model::Clock;
use servicecatalog_exporter::scan::Ticks;
use servicecatalog_exporter::sim::{Fleet, Simulator};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::growth::{Held, descriptors, memory};
use super::judge::Times;
use crate::fleet::organization;
use crate::process::program::{Program, exporter};
use crate::support::{config, impatient, session};

/// After a jump of the clock, what expired by it may be served for so long: until the next
/// publication.
const SETTLED: Duration = Duration::from_secs(20);

/// A look at the exporter's clock.
#[derive(Clone)]
pub struct Watch {
    now: Arc<dyn Fn() -> f64 + Send + Sync>,
    jumped: Arc<Mutex<Option<Instant>>>,
}

impl Watch {
    /// Seconds since 1970.
    pub fn now(&self) -> f64 {
        (self.now)()
    }

    /// A scrape begins.
    pub fn begins(&self) -> (f64, bool) {
        let jumped = *self.jumped.lock().unwrap();
        (self.now(), jumped.is_none_or(|at| at.elapsed() > SETTLED))
    }

    /// It ended.
    pub fn times(&self, (asked, steady): (f64, bool)) -> Times {
        Times { asked, answered: self.now(), steady }
    }
}

pub struct Exporter {
    pub address: SocketAddr,
    pub watch: Watch,
    /// `serve_stale_for`
    pub keep: Duration,
    /// Where the simulated AWS listens.
    aws: u16,
    kind: Kind,
}

enum Kind {
    Program { program: Box<Program>, file: PathBuf, fleet: Fleet },
    Within { runtime: Option<Runtime>, shutdown: CancellationToken, ahead: Arc<Mutex<Duration>> },
}

fn port(simulator: &Simulator) -> u16 {
    simulator.endpoint_url().rsplit_once(':').unwrap().1.parse().unwrap()
}

/// Settings that a reload may change.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub interval: u64,
    pub concurrency: u32,
    pub max_attempts: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { interval: 1, concurrency: 4, max_attempts: 2 }
    }
}

fn yaml(fleet: &Fleet, settings: Settings) -> String {
    let Settings { interval, concurrency, max_attempts } = settings;
    format!(
        "scan: {{interval: {interval}s, timeout: 6s, serve_stale_for: 30m, max_pages: 40}}\n\
         enrich: {{names_and_tags: true}}\n\
         organization: {{role_name: {}, regions: [{}], refresh: 2s}}\n\
         aws: {{attempt_timeout: 2s, connect_timeout: 2s, max_attempts: {max_attempts}, \
         max_requests_per_second: 0, concurrency: {concurrency}}}\n\
         web: {{enable_lifecycle: true}}\n",
        fleet.role,
        fleet.regions.join(", "),
    )
}

impl Exporter {
    /// The built program.
    pub async fn program(simulator: &Simulator, fleet: &Fleet) -> Self {
        let program = exporter(&["--web.listen-address", "127.0.0.1:0"])
            .scanning(simulator)
            .env("MUT", std::env::var("MUT").unwrap_or_default());
        let file = program.file("exporter.yml", &yaml(fleet, Settings::default()));
        let program = program.arg("--config.file").arg(&file).start();
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Self {
            address: program.ready().await,
            watch: Watch { now: Arc::new(move || now().as_secs_f64()), jumped: Arc::default() },
            keep: Duration::from_secs(30 * 60),
            aws: port(simulator),
            kind: Kind::Program { program: Box::new(program), file, fleet: fleet.clone() },
        }
    }

    /// The same within this process.
    pub fn within(simulator: &Simulator, fleet: &Fleet) -> Self {
        let keep = Duration::from_secs(30);
        let mut config: Config = config();
        let refresh = Duration::from_secs(2);
        config.organization = Some(Organization { refresh, ..organization(fleet) });
        config.enrich.names_and_tags = true;
        config.scan.interval = Duration::from_secs(1);
        config.scan.timeout = Duration::from_secs(6);
        config.scan.serve_stale_for = keep;
        config.scan.max_pages = 40;
        config.scan.stack_instances.refresh = Refresh::Changed;
        config.scan.stack_instances.max_age = Duration::from_secs(10);
        config.aws.attempt_timeout = Duration::from_secs(2);
        config.aws.max_attempts = 2;
        config.aws.concurrency = 4;
        config.web.enable_lifecycle = true;
        let ahead: Arc<Mutex<Duration>> = Arc::default();
        let (machine, skipped) = (system_clock(), Arc::clone(&ahead));
        let clock = Clock::new(move || machine.now().plus(*skipped.lock().unwrap()));
        let runtime = Runtime::new().unwrap();
        let session = session(simulator, impatient(&config));
        let (app, shutdown) = {
            let _entered = runtime.enter();
            let source = Source::Fixed(Arc::new(session));
            let app = App::bind(config, source, Ticks::Timer).unwrap().by_clock(clock.clone());
            (app, CancellationToken::new())
        };
        let address = app.addresses()[0];
        let stop = shutdown.clone();
        // The test that it belongs to finds out when it does not answer.
        drop(runtime.spawn(async move { app.run(stop).await.unwrap() }));
        let now = Arc::new(move || clock.now().unix);
        Self {
            address,
            watch: Watch { now, jumped: Arc::default() },
            keep,
            aws: port(simulator),
            kind: Kind::Within { runtime: Some(runtime), shutdown, ahead },
        }
    }

    /// Whether its clock can be moved.
    pub fn can_jump(&self) -> bool {
        matches!(self.kind, Kind::Within { .. })
    }

    /// Moves its clock on, if that can be done.
    pub fn jump(&self, by: Duration) {
        if let Kind::Within { ahead, .. } = &self.kind {
            *self.watch.jumped.lock().unwrap() = Some(Instant::now());
            *ahead.lock().unwrap() += by;
            *self.watch.jumped.lock().unwrap() = Some(Instant::now());
        }
    }

    /// The file of its configuration, if it has one, with what may be written into it.
    pub fn file(&self, settings: Settings) -> Option<(&Path, String)> {
        match &self.kind {
            Kind::Program { file, fleet, .. } => Some((file, yaml(fleet, settings))),
            Kind::Within { .. } => None,
        }
    }

    /// What it holds now.
    pub fn holds(&self) -> Held {
        match &self.kind {
            Kind::Program { program, .. } => {
                let (to_aws, others) = descriptors(program.id(), self.aws);
                let memory = Some(memory(program.id()));
                Held { to_aws, descriptors: Some(others), tasks: None, memory }
            }
            Kind::Within { runtime, .. } => {
                let (to_aws, _) = descriptors(std::process::id(), self.aws);
                let tasks = runtime.as_ref().map(|runtime| runtime.metrics().num_alive_tasks());
                let tasks = tasks.map(|tasks| tasks.saturating_sub(to_aws));
                Held { to_aws, descriptors: None, tasks, memory: None }
            }
        }
    }

    /// The last lines that it logged.
    pub fn log(&self) -> String {
        match &self.kind {
            Kind::Program { program, .. } => {
                let log = program.log();
                let lines: Vec<&str> = log.lines().collect();
                lines[lines.len().saturating_sub(40)..].join("\n")
            }
            Kind::Within { .. } => String::new(),
        }
    }

    /// Whether a panic was logged.
    pub fn panicked(&self) -> bool {
        matches!(&self.kind, Kind::Program { program, .. } if program.log().contains("panicked"))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Kind::Within { runtime, shutdown, .. } = &mut self.kind {
            shutdown.cancel();
            // It may be dropped by a task.
            if let Some(runtime) = runtime.take() {
                runtime.shutdown_background();
            }
        }
    }
}
