//! A whole organisation whose AWS takes 20 ms for each call: how long the first scan of all targets
//! takes beside what its calls take at least, what a still world costs afterwards, and how much
//! memory it takes.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program that prints its findings to whoever runs it"
)]

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/simulated.rs"]
mod simulated;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use servicecatalog_exporter::app::system_clock;
use servicecatalog_exporter::config::{Config, Organization, Refresh, Regions};
use servicecatalog_exporter::memory;
use servicecatalog_exporter::model::{
    Clock, Moment, Operation, PerProduct, Region, RoleName, SessionName,
};
use servicecatalog_exporter::publish::Published;
use servicecatalog_exporter::sim::{Fleet, World};
use servicecatalog_exporter::snapshot::Found;
use simulated::{Aws, Scanner, config};

const ACCOUNTS: usize = 200;
const REGIONS: [&str; 3] = ["eu-central-1", "us-east-1", "eu-west-1"];
const PRODUCTS: usize = 50;
const STACK_SETS: usize = 5;
const INSTANCES: usize = 20;
const LATENCY: Duration = Duration::from_millis(20);
/// Odd, for the median.
const ROUNDS: usize = 5;

/// The calls of one target's first scan; a page holds 20.
const PAGES: usize = PRODUCTS.div_ceil(20);
const LISTINGS: usize = STACK_SETS * INSTANCES.div_ceil(20);

fn main() {
    if simulated::be_simulator_if_told(|| (World::fleet(&fleet()), LATENCY)) {
        return;
    }
    // As the exporter does.
    memory::share_one_heap();
    let aws = Aws::start_fleet();
    simulated::runtime().block_on(measure(&aws.endpoint_url));
}

fn fleet() -> Fleet {
    Fleet {
        accounts: ACCOUNTS,
        regions: REGIONS.map(str::to_owned).to_vec(),
        products: PRODUCTS,
        stack_sets: STACK_SETS,
        instances: INSTANCES,
        account_factory: false,
        ..Fleet::default()
    }
}

fn fleet_config() -> Config {
    let mut config = config();
    config.scan.stack_instances.refresh = Refresh::Changed;
    let region = |name: &str| Region::parse(name).expect("a region");
    config.organization = Some(Organization {
        role_name: RoleName::parse(&fleet().role).expect("a role"),
        external_id: None,
        session_name: SessionName::default(),
        regions: Regions::Listed(REGIONS.map(region).to_vec()),
        include_ous: Vec::new(),
        exclude_ous: Vec::new(),
        include_accounts: Vec::new(),
        exclude_accounts: Vec::new(),
        refresh: Duration::from_secs(3600),
        management_role: None,
    });
    config
}

/// What one round found.
struct Round {
    first: Duration,
    at_once: Counts,
    later: Counts,
    resident: f64,
    text: u64,
}

/// The calls of a scan.
#[derive(Clone, Copy, Default)]
struct Counts {
    all: u64,
    listings: u64,
}

async fn measure(endpoint_url: &str) {
    // All products are healthy, so that what is published is short and what is measured is the
    // scan; publications are paced by how long they take.
    let mut config = fleet_config();
    config.metrics.per_product = PerProduct::Problems;
    let in_flight = config.aws.max_in_flight;
    // The management account has no products: one page for each of its regions.
    let targets = (ACCOUNTS + 1) * REGIONS.len();
    let calls = ACCOUNTS * REGIONS.len() * (PAGES + LISTINGS) + REGIONS.len() + ACCOUNTS;
    println!(
        "{targets} targets, {PRODUCTS} products in each, {STACK_SETS} of them stack sets of \
         {INSTANCES} instances; {LATENCY:?} a call, no rate limit, {in_flight} calls in flight"
    );
    let chain = LATENCY * u32::try_from(PAGES + 1).expect("a few");
    let floor = LATENCY.mul_f64(calls as f64 / in_flight as f64).max(chain);
    println!(
        "first scan: {calls} calls, {ACCOUNTS} of them AssumeRole, take {} ms at least\n",
        floor.as_millis()
    );
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(round(&config, endpoint_url).await);
    }
    let ratio = |round: &Round| round.first.as_secs_f64() / floor.as_secs_f64();
    let ratios: Vec<f64> = rounds.iter().map(ratio).collect();
    let times = rounds.iter().map(|round| round.first.as_secs_f64() * 1e3).collect();
    let (low, high) = (least(&ratios), most(&ratios));
    println!("median of {ROUNDS} rounds (least – most)");
    println!(
        "first scan of all (goal: at most 1.2)      {:5.0} ms   {:4.2} ({low:4.2} – {high:4.2})",
        cpu::median(times),
        cpu::median(ratios)
    );
    let first = (ACCOUNTS * REGIONS.len() * LISTINGS) as f64;
    for (name, of) in [
        ("second scan, at once", (|round| round.at_once) as fn(&Round) -> Counts),
        ("second scan, an interval later", |round| round.later),
    ] {
        let all = cpu::median(rounds.iter().map(|round| of(round).all as f64).collect());
        let listings = cpu::median(rounds.iter().map(|round| of(round).listings as f64).collect());
        println!(
            "{name:31} {all:5.0} calls, {listings:4.0} listings: {:3.0} % fewer (goal: 80 %)",
            100.0 * (1.0 - listings / first)
        );
    }
    let last = &rounds[ROUNDS - 1];
    println!(
        "\nresident {:.1} MB after the last round, text {:.1} MB",
        last.resident,
        last.text as f64 / 1e6
    );
}

async fn round(config: &Config, endpoint_url: &str) -> Round {
    let (first, at_once, ..) = scans(config, endpoint_url, Duration::ZERO).await;
    let (_, later, resident, text) = scans(config, endpoint_url, config.scan.interval).await;
    Round { first, at_once, later, resident, text }
}

/// Two scans, the second of which comes so much later by the exporter's clock.
async fn scans(
    config: &Config,
    endpoint_url: &str,
    later: Duration,
) -> (Duration, Counts, f64, u64) {
    let (clock, forward) = moving_clock();
    let scanner = Scanner::by_clock(config.clone(), endpoint_url, clock);
    let found = scanner.reader.wait_for(|published| published.snapshot.found == Found::Wholly);
    drop(found.await.expect("the pump runs"));
    let begun = Instant::now();
    scanner.tick().await;
    let published = scanner.all_scanned(1).await;
    let took = begun.elapsed();
    let before = counts(&published);
    let text = published.exposition.plain_len();
    drop(published);
    forward.store(later.as_secs(), Ordering::Relaxed);
    scanner.tick().await;
    let published = scanner.all_scanned(2).await;
    let after = counts(&published);
    drop(published);
    // Freed memory is given back after a publication; that takes milliseconds.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = Counts { all: after.all - before.all, listings: after.listings - before.listings };
    (took, second, resident(), text)
}

/// A clock that can be put forward.
fn moving_clock() -> (Clock, Arc<AtomicU64>) {
    let (clock, forward) = (system_clock(), Arc::new(AtomicU64::new(0)));
    let by = Arc::clone(&forward);
    let moving = Clock::new(move || {
        let (now, by) = (clock.now(), Duration::from_secs(by.load(Ordering::Relaxed)));
        Moment { unix: now.unix + by.as_secs_f64(), uptime: now.uptime + by }
    });
    (moving, forward)
}

fn counts(published: &Published) -> Counts {
    let list = Operation::ListStackInstancesForProvisionedProduct;
    let mut sum = Counts::default();
    for target in &published.snapshot.targets {
        for (operation, counts) in &target.calls.operations {
            sum.all += counts.requests;
            sum.listings += if *operation == list { counts.requests } else { 0 };
        }
    }
    sum
}

fn least(figures: &[f64]) -> f64 {
    figures.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(figures: &[f64]) -> f64 {
    figures.iter().copied().fold(0.0, f64::max)
}

fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    let kilobytes: f64 =
        line.split_whitespace().next().and_then(|text| text.parse().ok()).expect("a number of kB");
    kilobytes * 1024.0 / 1e6
}
