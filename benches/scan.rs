//! What a scan adds to the calls that it makes: the pump, without its rate limit, against a bare
//! loop of the same calls of the SDK, in turn, against one simulated AWS in another process.
//!
//! With `--lister` it scans in one of these ways only, and prints a line of JSON for each scan:
//! that is how `bench/run scan` compares them with what is written in other languages.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints its findings to whoever runs it"
)]

#[path = "support/attempts.rs"]
mod attempts;
#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/sdk.rs"]
mod sdk;
#[path = "support/simulated.rs"]
mod simulated;

use std::io::{BufRead as _, Write as _};
use std::time::{Duration, Instant};

use clap::Parser as _;
use servicecatalog_exporter::config::Config;
use servicecatalog_exporter::memory;
use servicecatalog_exporter::model::PerProduct;
use simulated::{Aws, INSTANCES, PRODUCTS, STACK_SETS, Scanner, config};

/// A and B are run in turn so many times; odd, for the median.
const ROUNDS: usize = 21;
/// So long after a publication the next one can begin at once.
const PUBLISHED: Duration = Duration::from_secs(3);
/// A publication is over when freed memory is given back, which takes milliseconds.
const GIVEN_BACK: Duration = Duration::from_millis(50);

#[derive(clap::Parser)]
struct Arguments {
    /// Who scans; by default the exporter and the SDK are compared, with a simulator of their own.
    #[arg(long, requires = "endpoint")]
    lister: Option<Lister>,
    /// The URL of the simulated AWS.
    #[arg(long)]
    endpoint: Option<String>,
    /// How often; by default once for each line of the standard input.
    #[arg(long)]
    scans: Option<usize>,
    /// Calls that are under way at once.
    #[arg(long, default_value_t = 2)]
    concurrency: usize,
    /// What this program is told when it is the simulator.
    #[arg(long, hide = true)]
    simulator: bool,
    /// What cargo tells every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Lister {
    /// The exporter, with series of products that have a problem only: of those that are simulated
    /// none has, so that what it publishes is short, and what is measured is the scan.
    Exporter,
    /// The exporter as it is: each scan is published when it ends, with every product, and there is a
    /// pause between scans. In a world that moves it is published when the list is complete, too.
    Publishing,
    /// A loop of the SDK's calls.
    Sdk,
    /// hyper and serde_json.
    Raw,
    /// The same without signatures.
    RawUnsigned,
}

/// What was found, for how many calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Listed {
    products: u64,
    instances: u64,
    calls: u64,
}

enum Scans {
    Exporter { scanner: Scanner, calls: u64, pause: Duration },
    Sdk { client: aws_sdk_servicecatalog::Client, concurrency: usize },
    Raw(raw::Client),
}

/// One scan.
struct Scan {
    listed: Listed,
    wall: Duration,
    /// On the processor, of the whole process.
    cpu: Duration,
}

fn main() {
    if simulated::be_simulator_if_told(simulated::no_fleet) {
        return;
    }
    let given = Arguments::parse();
    // As the exporter does.
    memory::share_one_heap();
    match (given.lister, given.endpoint) {
        (Some(lister), Some(endpoint_url)) => {
            let work = list(lister, &endpoint_url, given.concurrency, given.scans);
            simulated::runtime().block_on(work);
        }
        _ => {
            let aws = Aws::start();
            simulated::runtime().block_on(compare(&aws.endpoint_url, given.concurrency));
        }
    }
}

async fn list(lister: Lister, endpoint_url: &str, concurrency: usize, scans: Option<usize>) {
    let mut lister = Scans::new(lister, endpoint_url, concurrency).await;
    let mut lines = std::io::stdin().lock().lines();
    for scan in 0.. {
        let more = scans.map_or_else(|| lines.next().is_some(), |scans| scan < scans);
        if !more {
            break;
        }
        let Scan { listed, wall, cpu } = lister.scan().await;
        println!(
            "{}",
            serde_json::json!({
                "wall_seconds": wall.as_secs_f64(),
                "cpu_seconds": cpu.as_secs_f64(),
                "calls": listed.calls,
                "products": listed.products,
                "instances": listed.instances,
            })
        );
        std::io::stdout().flush().expect("somebody listens");
    }
}

async fn compare(endpoint_url: &str, concurrency: usize) {
    let mut exporter = Scans::new(Lister::Exporter, endpoint_url, concurrency).await;
    let mut sdk = Scans::new(Lister::Sdk, endpoint_url, concurrency).await;
    let (mut bare, mut scan, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut calls = 0;
    for round in 0..=ROUNDS {
        // Neither is always the one that finds the caches as the other left them.
        let (listed, scanned) = if round % 2 == 0 {
            let listed = sdk.scan().await;
            (listed, exporter.scan().await)
        } else {
            let scanned = exporter.scan().await;
            (sdk.scan().await, scanned)
        };
        for Listed { products, instances, .. } in [listed.listed, scanned.listed] {
            let all = (PRODUCTS as u64, (STACK_SETS * INSTANCES) as u64);
            assert_eq!((products, instances), all, "all was listed");
        }
        calls = listed.listed.calls;
        // The first round opens connections.
        if round > 0 {
            bare.push(milliseconds(listed.cpu));
            scan.push(milliseconds(scanned.cpu));
            ratios.push(scanned.cpu.as_secs_f64() / listed.cpu.as_secs_f64());
        }
    }
    ratios.sort_by(f64::total_cmp);
    let (low, high) = (ratios[ROUNDS / 4], ratios[ROUNDS - 1 - ROUNDS / 4]);
    let (bare, scan, ratio) = (cpu::median(bare), cpu::median(scan), cpu::median(ratios));
    println!(
        "{PRODUCTS} products, {STACK_SETS} stack sets of {INSTANCES} instances: {calls} calls"
    );
    println!(
        "time on the processor                    ms   ratio (middle half of {ROUNDS} rounds)"
    );
    println!("the SDK's calls alone                 {bare:5.0}   1");
    println!(
        "a scan (goal: at most 1.1)            {scan:5.0}   {ratio:4.2} ({low:4.2} – {high:4.2})"
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

impl Scans {
    async fn new(lister: Lister, endpoint_url: &str, concurrency: usize) -> Self {
        let mut config = config();
        config.aws.concurrency = concurrency;
        config.aws.max_in_flight = config.aws.max_in_flight.max(concurrency);
        match lister {
            Lister::Exporter => {
                config.metrics.per_product = PerProduct::Problems;
                Self::exporter(config, endpoint_url, Duration::ZERO)
            }
            Lister::Publishing => Self::exporter(config, endpoint_url, PUBLISHED),
            Lister::Sdk => {
                Self::Sdk { client: sdk::client(endpoint_url, &config.aws), concurrency }
            }
            Lister::Raw => Self::Raw(raw::Client::connect(endpoint_url, concurrency, true).await),
            Lister::RawUnsigned => {
                Self::Raw(raw::Client::connect(endpoint_url, concurrency, false).await)
            }
        }
    }

    fn exporter(config: Config, endpoint_url: &str, pause: Duration) -> Self {
        attempts::watch();
        Self::Exporter { scanner: Scanner::new(config, endpoint_url), calls: 0, pause }
    }

    async fn scan(&mut self) -> Scan {
        if let Self::Exporter { pause, .. } = self {
            tokio::time::sleep(*pause).await;
        }
        let (begun, used) = (Instant::now(), cpu::of_process());
        let mut ended = None;
        let listed = match self {
            Self::Exporter { scanner, calls, .. } => {
                let published = scanner.scan().await;
                // What is published waits until a twentieth of a core is enough for it.
                ended = attempts::ended();
                // Its last work: freed memory is given back.
                tokio::time::sleep(GIVEN_BACK).await;
                let target = &published.snapshot.targets[0];
                let counts = target.calls.operations.values();
                let before = std::mem::replace(calls, counts.map(|count| count.requests).sum());
                Listed {
                    products: target.products().map_or(0, |catalog| catalog.len()),
                    instances: target.instances().map_or(0, |tally| tally.total()),
                    calls: *calls - before,
                }
            }
            Self::Sdk { client, concurrency } => sdk::list_all(client, *concurrency).await,
            Self::Raw(client) => client.list_all().await,
        };
        let cpu = cpu::of_process() - used;
        Scan { listed, wall: ended.unwrap_or_else(Instant::now) - begun, cpu }
    }
}
