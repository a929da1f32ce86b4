//! Targets are independent. This version's daemon has one; the pump takes any number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use servicecatalog_exporter::app::system_clock;
use servicecatalog_exporter::aws::Shared;
use servicecatalog_exporter::config::Config;
use servicecatalog_exporter::families::{self, Shown};
use servicecatalog_exporter::model::{AccountId, Region, RoleArn, RoleName};
use servicecatalog_exporter::publish::{Published, Reader, Readiness, cell};
use servicecatalog_exporter::scan::{Hints, Inputs, Key, Pump, Roster, Ticks, Wanted};
use servicecatalog_exporter::sim::{
    Fault, Operation, ProvisionedProduct, REGION, Simulator, StackInstance, What, World,
};
use servicecatalog_exporter::snapshot::{Found, Snapshot, TargetNames, TargetState};
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{FOR_EVER, SCAN, denied};
use crate::support::exposition::{Sample, Scrape};
use crate::support::{PATIENCE, config, impatient, session};

const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];

/// A pump with a simulated AWS for each of its targets.
struct Pumped {
    simulators: Vec<Simulator>,
    reader: Reader,
    readiness: Readiness,
    tick: mpsc::Sender<()>,
    _stop: DropGuard,
}

impl Pumped {
    /// One target for each of these accounts, with 25 products, of which one is a stack set.
    async fn new(accounts: &[&str], change: impl FnOnce(&mut Config)) -> Self {
        let (tick, ticks) = mpsc::channel(16);
        Self::ticking(accounts, change, Ticks::Manual(ticks), tick).await
    }

    async fn ticking(
        accounts: &[&str],
        change: impl FnOnce(&mut Config),
        ticks: Ticks,
        tick: mpsc::Sender<()>,
    ) -> Self {
        let mut config = config();
        change(&mut config);
        let limits = impatient(&config);
        let metrics = Arc::new(SelfMetrics::new(Scope::OneScan));
        let shared = Shared::new(&limits, Arc::clone(&metrics));
        let (mut simulators, mut targets) = (Vec::new(), Vec::new());
        for (nth, account) in accounts.iter().enumerate() {
            let simulator = Simulator::start(holding(account)).await.unwrap();
            let region = Region::parse(REGION).unwrap();
            let client = session(&simulator, limits.clone()).target(&region, shared.clone());
            let account = AccountId::new(account);
            let role = RoleArn::of("aws", &account, &RoleName::parse("Exporter").unwrap());
            // One of them is the ambient one, whose account nobody knows yet.
            let ambient = nth == 1;
            targets.push(Wanted {
                key: Key { role: (!ambient).then_some(role), region },
                account: (!ambient).then_some(account),
                names: TargetNames::default(),
                client: Arc::new(client),
            });
            simulators.push(simulator);
        }
        let snapshot = Arc::new(Snapshot::default());
        let shown = Shown {
            per_product: config.metrics.per_product,
            max_instance_series: config.metrics.max_instance_series,
            max_series: config.metrics.max_series,
            ..Shown::default()
        };
        let exposition = families::encode(&snapshot, &shown);
        let (publisher, reader) = cell(Published { snapshot, exposition, kept: Arc::default() });
        let (readiness, stop) = (Readiness::default(), CancellationToken::new());
        let clock = system_clock();
        let roster = Roster {
            config: Arc::new(config),
            configured: targets.len(),
            targets,
            found: Found::Wholly,
            discovered: true,
            failures: Vec::new(),
            management: None,
            calls: Vec::new(),
        };
        let (_, roster) = watch::channel(Arc::new(roster));
        let inputs = Inputs { roster, ticks, wishes: mpsc::channel(1).1, hints: Hints::none() };
        let pump = Pump::new(inputs, clock, metrics, readiness.clone());
        tokio::spawn(pump.run(publisher, stop.clone()));
        Self { simulators, reader, readiness, tick, _stop: stop.drop_guard() }
    }

    async fn wait_for(&self, wanted: impl Fn(&[Arc<TargetState>]) -> bool) -> Scrape {
        let wanted = |published: &Published| {
            let targets = &published.snapshot.targets;
            !targets.is_empty() && wanted(targets)
        };
        let found = timeout(PATIENCE, self.reader.wait_for(wanted)).await.unwrap().unwrap();
        let chunks = found.exposition.plain(&Default::default());
        Scrape::read(&String::from_utf8(chunks.flatten().collect()).unwrap())
    }

    /// Lets a scan of every target be due, and waits until each has finished that many.
    async fn scan(&self, finished: &[u64]) -> Scrape {
        self.tick.send(()).await.unwrap();
        self.wait_for(|targets| {
            let each = targets.iter().zip(finished);
            each.into_iter().all(|(t, finished)| t.scans() == *finished && t.account.is_some())
        })
        .await
    }
}

fn holding(account: &str) -> World {
    let mut world = World::empty(account, REGION);
    let set = ProvisionedProduct::stack_set(0, StackInstance::current(3));
    let products = [set].into_iter().chain((1..25).map(ProvisionedProduct::healthy));
    for product in products {
        world.add(account, REGION, product.at(account, REGION));
    }
    world
}

/// All series of one account, but those that say what was asked for, when, and how long it took.
fn lasting<'s>(scrape: &'s Scrape, account: &str) -> Vec<&'s Sample> {
    let moves = |name: &str| {
        name.contains("_timestamp_seconds")
            || name.ends_with("_total")
            || name.ends_with("_duration_seconds")
    };
    let samples = scrape.samples.iter();
    samples.filter(|s| s.label("aws_account_id") == account && !moves(&s.name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_fails_changes_no_series_of_another() {
    let pumped = Pumped::new(&ACCOUNTS, |_| ()).await;
    let before = pumped.scan(&[1, 1]).await;
    pumped.simulators[1].inject(denied(SCAN));
    let after = pumped.scan(&[2, 2]).await;
    assert!(lasting(&before, ACCOUNTS[0]).len() > 100);
    assert_eq!(lasting(&before, ACCOUNTS[0]), lasting(&after, ACCOUNTS[0]));
    for (account, success) in ACCOUNTS.into_iter().zip([1.0, 0.0]) {
        let labels = [("aws_account_id", account), ("stage", "products")];
        assert_eq!(after.value("servicecatalog_scan_success", &labels), Some(success));
        let failures = after.value("servicecatalog_scan_failures_total", &labels);
        assert_eq!(failures, Some(1.0 - success));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_hangs_delays_no_other_and_keeps_its_own_series() {
    let pumped = Pumped::new(&ACCOUNTS, |config| config.aws.attempt_timeout = FOR_EVER).await;
    let before = pumped.scan(&[1, 1]).await;
    pumped.simulators[1].inject(Fault::new(What::Hang));
    pumped.scan(&[2, 1]).await;
    pumped.simulators[0].with_world(|world| {
        world.add(ACCOUNTS[0], REGION, ProvisionedProduct::tainted(25).at(ACCOUNTS[0], REGION));
    });
    let after = pumped.scan(&[3, 1]).await;
    assert_eq!(lasting(&before, ACCOUNTS[1]), lasting(&after, ACCOUNTS[1]));
    let count = |account| {
        let labels = [("aws_account_id", account)];
        after.value("servicecatalog_scan_provisioned_products", &labels)
    };
    assert_eq!(ACCOUNTS.map(count), [Some(26.0), Some(25.0)]);
    let skipped =
        |account| after.value("servicecatalog_scans_skipped_total", &[("aws_account_id", account)]);
    assert_eq!(ACCOUNTS.map(skipped), [Some(0.0), Some(1.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_only_when_every_target_was_tried() {
    let pumped = Pumped::new(&ACCOUNTS, |config| config.aws.attempt_timeout = FOR_EVER).await;
    pumped.simulators[1].inject(Fault::new(What::Hang).on(SCAN));
    pumped.scan(&[1, 0]).await;
    pumped.scan(&[2, 0]).await;
    assert!(!pumped.readiness.is_ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_whose_account_is_unknown_withholds_no_other() {
    let pumped = Pumped::new(&ACCOUNTS, |_| ()).await;
    pumped.simulators[1].inject(denied(Operation::GetCallerIdentity));
    pumped.simulators[1].inject(denied(SCAN));
    pumped.tick.send(()).await.unwrap();
    let scrape = pumped
        .wait_for(|targets| {
            targets.iter().all(|target| target.scans() == 1) && targets[0].account.is_some()
        })
        .await;
    assert!(!lasting(&scrape, ACCOUNTS[0]).is_empty());
    assert!(lasting(&scrape, ACCOUNTS[1]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_target_it_never_becomes_ready() {
    let pumped = Pumped::new(&[], |config| config.scan.ready_after = Duration::ZERO).await;
    // Ticks keep the pump going until it has long had the time to call itself ready.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(200) {
        pumped.tick.send(()).await.unwrap();
    }
    assert!(!pumped.readiness.is_ready());
}

/// The pump has but this thread, so that it stands still while the test holds it.
#[tokio::test]
async fn after_a_pause_of_the_whole_process_the_next_attempt_is_ahead_and_nothing_was_skipped() {
    let interval = Duration::from_secs(1);
    let change = |config: &mut Config| config.scan.interval = interval;
    let (tick, _) = mpsc::channel(1);
    let pumped = Pumped::ticking(&ACCOUNTS[..1], change, Ticks::Timer, tick).await;
    // The scan that began with the last tick is over, and the next tick is not near.
    let idle = |target: &TargetState| {
        let since_begun = target.next_attempt - target.last_attempt();
        let ahead = target.next_attempt - system_clock().now().unix;
        since_begun < 1.5 && ahead > 0.25
    };
    pumped.wait_for(|targets| targets[0].scans() > 0 && idle(&targets[0])).await;
    let scans = pumped.reader.latest().snapshot.targets[0].scans();
    let begin = Instant::now();
    while begin.elapsed() < interval.mul_f64(2.5) {}
    pumped.wait_for(|targets| targets[0].scans() > scans).await;
    let published = pumped.reader.latest();
    let target = &published.snapshot.targets[0];
    assert!(target.next_attempt > target.last_attempt());
    assert_eq!(target.skipped(), 0, "ticks that nobody could hear are no skips");
}
