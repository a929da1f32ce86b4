//! How long it takes from a change in the simulated world to the publication that shows it, and how
//! many calls that costs: three exporters side by side, at a fixed interval, at two speeds, and with
//! events, each with a world of its own in which the same happens at the same moments.
//!
//! Nothing is scaled: timers, intervals and pauses are those of production. Prints one line of JSON.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints its findings to whoever runs it"
)]

#[path = "support/script.rs"]
mod script;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_sqs::config::Credentials;
use script::{Change, Edge, script};
use serde_json::{Value, json};
use servicecatalog_exporter::app::{App, Source, limits};
use servicecatalog_exporter::aws::Session;
use servicecatalog_exporter::config::{
    Config, Defaults, Organization, Overrides, Pace, Regions, parse,
};
use servicecatalog_exporter::memory;
use servicecatalog_exporter::model::{CallCounts, Operation, Region, RoleName, SessionName};
use servicecatalog_exporter::publish::{Published, Reader};
use servicecatalog_exporter::scan::Ticks;
use servicecatalog_exporter::sim::{self, Fleet, REGION, Simulator, World};
use servicecatalog_exporter::snapshot::Found;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

const USAGE: &str = "\
usage: reaction --sqs URL [--accounts N] [--interval S] [--busy S] [--lasts S] [--seed N]

--sqs URL      an SQS that checks no signature, such as moto's server; a queue is made there
--accounts N   in each one operation; 60
--interval S   scan.interval in seconds, within which the operations begin; 300
--busy S       scan.busy_interval in seconds; 60
--lasts S      how long each operation takes, in seconds; 180
--seed N       of what happens when; 1
";

const PRODUCTS: usize = 30;
const STACK_SETS: usize = 3;
const INSTANCES: usize = 20;
/// Of each call of Service Catalog and STS.
const LATENCY: Duration = Duration::from_millis(20);
const IDLE: Duration = Duration::from_secs(30 * 60);

/// How an exporter hears of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Fixed,
    Adaptive,
    Events,
}

impl Way {
    const ALL: [Self; 3] = [Self::Fixed, Self::Adaptive, Self::Events];

    fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Adaptive => "adaptive",
            Self::Events => "events",
        }
    }
}

struct Settings {
    sqs: String,
    accounts: usize,
    interval: Duration,
    busy: Duration,
    lasts: Duration,
    seed: u64,
}

impl Settings {
    fn read(words: &[String]) -> Self {
        let seconds = Duration::from_secs;
        let mut settings = Self {
            sqs: String::new(),
            accounts: 60,
            interval: seconds(300),
            busy: seconds(60),
            lasts: seconds(180),
            seed: 1,
        };
        let (pairs, rest) = words.as_chunks::<2>();
        assert!(rest.is_empty(), "{rest:?} has no value\n{USAGE}");
        for [name, value] in pairs {
            let number =
                || value.parse().unwrap_or_else(|_| panic!("{name} {value}: no number\n{USAGE}"));
            match &**name {
                "--sqs" => settings.sqs.clone_from(value),
                "--accounts" => settings.accounts = usize::try_from(number()).expect("few"),
                "--interval" => settings.interval = seconds(number()),
                "--busy" => settings.busy = seconds(number()),
                "--lasts" => settings.lasts = seconds(number()),
                "--seed" => settings.seed = number(),
                _ => panic!("{name}?\n{USAGE}"),
            }
        }
        assert!(!settings.sqs.is_empty(), "--sqs is missing\n{USAGE}");
        settings
    }

    fn fleet(&self) -> Fleet {
        Fleet {
            accounts: self.accounts,
            regions: vec![REGION.to_owned()],
            products: PRODUCTS,
            stack_sets: STACK_SETS,
            instances: INSTANCES,
            account_factory: false,
            ..Fleet::default()
        }
    }

    /// That of production, but for what is asked for.
    fn config(&self, way: Way, queue_url: &str) -> Config {
        let mut config = Config::defaults(Defaults::Production);
        config.web.listen_addresses =
            vec!["127.0.0.1:0".parse().expect("an address of this machine")];
        config.scan.interval = self.interval;
        config.organization = Some(Organization {
            role_name: RoleName::parse(&self.fleet().role).expect("a role"),
            external_id: None,
            session_name: SessionName::default(),
            regions: Regions::Listed(vec![Region::parse(REGION).expect("a region")]),
            include_ous: Vec::new(),
            exclude_ous: Vec::new(),
            include_accounts: Vec::new(),
            exclude_accounts: Vec::new(),
            refresh: Duration::from_secs(3600),
            management_role: None,
        });
        match way {
            Way::Fixed => (),
            Way::Adaptive => config.scan.pace = Pace::Adaptive { busy: self.busy, idle: IDLE },
            Way::Events => {
                let text = format!("events: {{queue_url: '{queue_url}', region: {REGION}}}");
                let read = parse("reaction", &text, &Overrides::new(), Defaults::Production);
                config.events = read.expect("the URL of a queue").events;
            }
        }
        config
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // What cargo bench says to every bench; without a queue there is nothing to measure.
    if words.iter().all(|word| word == "--bench") {
        print!("{USAGE}");
        return;
    }
    let settings = Settings::read(&words);
    // As the exporter does.
    memory::share_one_heap();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().expect("threads can be had");
    println!("{}", runtime.block_on(measure(&settings)));
}

/// Where messages are put.
#[derive(Clone)]
struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    async fn make(endpoint_url: &str) -> Self {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint_url)
            .region(aws_sdk_sqs::config::Region::new(REGION))
            .credentials_provider(Credentials::new("testing", "testing", None, None, "bench"));
        let client = aws_sdk_sqs::Client::from_conf(config.build());
        let made = client.create_queue().queue_name("reaction").send().await;
        let url = made.expect("SQS makes a queue").queue_url.expect("it has a URL");
        Self { client, url }
    }

    async fn put(self, event: String) {
        let sent = self.client.send_message().queue_url(self.url).message_body(event).send();
        sent.await.expect("SQS takes a message");
    }
}

/// An exporter, and the world that it scans.
struct Exporter {
    way: Way,
    simulator: Simulator,
    reader: Reader,
    running: JoinSet<()>,
}

impl Exporter {
    async fn start(way: Way, settings: &Settings, queue_url: &str) -> Self {
        let world = World::fleet(&settings.fleet());
        let simulator = Simulator::start(world).await.expect("loopback can be bound");
        simulator.set_latency(LATENCY);
        let config = settings.config(way, queue_url);
        let region = Region::parse(REGION).expect("a region");
        let (id, secret) = (sim::ACCESS_KEY_ID, sim::SECRET_ACCESS_KEY);
        let url = simulator.endpoint_url();
        let session = Session::fixed(&url, &region, id, secret, limits(&config.aws));
        let app = App::bind(config, Source::Fixed(Arc::new(session)), Ticks::Timer);
        let app = app.expect("loopback can be bound");
        let (reader, mut running) = (app.reader(), JoinSet::new());
        running.spawn(async move {
            let ended = app.run(CancellationToken::new()).await;
            panic!("the exporter ended: {ended:?}");
        });
        Self { way, simulator, reader, running }
    }

    /// Waits until every target was scanned once.
    async fn all_scanned(&self) {
        let done = self.reader.wait_for(|published| {
            let snapshot = &published.snapshot;
            let scanned = snapshot.targets.iter().all(|target| target.scans() > 0);
            snapshot.found == Found::Wholly && !snapshot.targets.is_empty() && scanned
        });
        drop(done.await.expect("the pump runs"));
    }

    /// All calls so far: those of Service Catalog and STS as the simulator counts them, those of
    /// the queue as the exporter does.
    fn calls(&self) -> BTreeMap<&'static str, u64> {
        let counted = sim::Operation::ALL
            .map(|operation| (operation.name(), self.simulator.count(operation)));
        let mut calls: BTreeMap<_, _> = counted.into();
        let published = self.reader.latest();
        for operation in [Operation::ReceiveMessage, Operation::DeleteMessageBatch] {
            let of = |counts: &CallCounts| Some(counts.operations.get(&operation)?.requests);
            let directories = published.snapshot.directories.iter();
            let count = directories.filter_map(|(_, counts)| of(counts)).sum();
            calls.insert(operation.as_str(), count);
        }
        calls
    }

    /// Calls that failed, those of the queue too.
    fn failures(&self) -> u64 {
        let published = self.reader.latest();
        let targets = published.snapshot.targets.iter().map(|target| &target.calls);
        let directories = published.snapshot.directories.iter().map(|(_, counts)| counts);
        let operations = targets.chain(directories).flat_map(|counts| counts.operations.values());
        operations.flat_map(|counts| counts.failures.values()).sum()
    }
}

/// When a change was made, or seen: its begin and its end.
#[derive(Clone, Copy, Default)]
struct Moments {
    begin: Option<Instant>,
    end: Option<Instant>,
}

impl Moments {
    fn set(&mut self, edge: Edge) {
        let moment = match edge {
            Edge::Begin => &mut self.begin,
            Edge::End => &mut self.end,
        };
        // What is published again was seen before.
        moment.get_or_insert_with(Instant::now);
    }
}

/// When each change was first published, until that moment or until all have ended.
async fn watch(reader: Reader, changes: Arc<[Change]>, until: Instant) -> Vec<Moments> {
    let mut seen = vec![Moments::default(); changes.len()];
    let all_ended = reader.wait_for(|published| {
        look(published, &changes, &mut seen);
        seen.iter().all(|moments| moments.end.is_some())
    });
    // An end that never came is found by whoever reads the figures.
    drop(tokio::time::timeout_at(until, all_ended).await);
    seen
}

fn look(published: &Published, changes: &[Change], seen: &mut [Moments]) {
    for target in &published.snapshot.targets {
        let Some((account, list)) = target.account.as_ref().zip(target.products()) else {
            continue;
        };
        for (change, seen) in changes.iter().zip(&mut *seen) {
            if seen.end.is_none()
                && change.account == account.as_str()
                && let Some(edge) =
                    list.product(&change.product).and_then(|product| change.shown_by(product))
            {
                seen.set(edge);
            }
        }
    }
}

/// Lets everything happen in all worlds, each at its moment; when each has happened, by exporter.
async fn play(
    changes: &[Change],
    lasts: Duration,
    start: Instant,
    exporters: &[Exporter],
    queue: &Queue,
) -> Vec<Vec<Moments>> {
    let edges = |nth: usize, change: &Change| {
        [(change.begins, nth, Edge::Begin), (change.begins + lasts, nth, Edge::End)]
    };
    let mut moments: Vec<_> =
        changes.iter().enumerate().flat_map(|(nth, change)| edges(nth, change)).collect();
    moments.sort_by_key(|(at, ..)| *at);
    let mut happened = vec![vec![Moments::default(); changes.len()]; exporters.len()];
    let mut messages = JoinSet::new();
    for (at, nth, edge) in moments {
        sleep_until(start + at).await;
        for (exporter, happened) in exporters.iter().zip(&mut happened) {
            happened[nth].set(edge);
            exporter.simulator.with_world(|world| changes[nth].happen(edge, world));
        }
        messages.spawn(queue.clone().put(changes[nth].event(edge)));
    }
    messages.join_all().await;
    happened
}

async fn measure(settings: &Settings) -> Value {
    let queue = Queue::make(&settings.sqs).await;
    let mut exporters = Vec::new();
    for way in Way::ALL {
        exporters.push(Exporter::start(way, settings, &queue.url).await);
    }
    for exporter in &exporters {
        exporter.all_scanned().await;
    }
    let world = World::fleet(&settings.fleet());
    let changes = script(&world, settings.accounts, settings.interval, settings.seed);
    let changes: Arc<[Change]> = changes.into();
    let all_calls = || exporters.iter().map(Exporter::calls).collect::<Vec<_>>();

    // The second scans are spread over an interval: in it every target is scanned once.
    eprintln!("every target is scanned; a still world for {:?}", settings.interval);
    let at_first = all_calls();
    let start = Instant::now() + settings.interval;
    sleep_until(start).await;
    let still = all_calls();
    // The last operation ends so late, and is seen an interval after it at the latest; a little
    // more is for the scan itself.
    let whole = settings.interval * 2 + settings.lasts;
    let until = start + whole + settings.interval / 20;
    eprintln!("{} operations, for {whole:?}", changes.len());
    let mut watching = JoinSet::new();
    for (nth, exporter) in exporters.iter().enumerate() {
        let (reader, changes) = (exporter.reader.clone(), Arc::clone(&changes));
        watching.spawn(async move { (nth, watch(reader, changes, until).await) });
    }
    let happened = play(&changes, settings.lasts, start, &exporters, &queue).await;
    // The same time for all, whoever has seen everything before.
    sleep_until(start + whole).await;
    let moving = all_calls();
    let mut seen = watching.join_all().await;
    seen.sort_by_key(|(nth, _)| *nth);

    let mut ways = serde_json::Map::new();
    for (nth, exporter) in exporters.iter_mut().enumerate() {
        let pairs = || happened[nth].iter().zip(&seen[nth].1);
        let found = json!({
            "first": at_first[nth],
            "still": fewer(&still[nth], &at_first[nth]),
            "moving": fewer(&moving[nth], &still[nth]),
            "failures": exporter.failures(),
            "begin": pairs().map(|(at, seen)| seconds(at.begin, seen.begin)).collect::<Vec<_>>(),
            "end": pairs().map(|(at, seen)| seconds(at.end, seen.end)).collect::<Vec<_>>(),
        });
        ways.insert(exporter.way.name().to_owned(), found);
        exporter.running.shutdown().await;
    }
    let told = |change: &Change| {
        json!({
            "begins": change.begins.as_secs_f64(),
            "is_stack_set": change.is_stack_set,
            "fails": change.fails,
        })
    };
    json!({
        "accounts": settings.accounts,
        "products": PRODUCTS,
        "stack_sets": STACK_SETS,
        "instances": INSTANCES,
        "latency_ms": LATENCY.as_secs_f64() * 1e3,
        "still_seconds": settings.interval.as_secs(),
        "moving_seconds": whole.as_secs(),
        "changes": changes.iter().map(told).collect::<Vec<_>>(),
        "ways": ways,
    })
}

/// From the one to the other; none if it was never seen.
fn seconds(happened: Option<Instant>, seen: Option<Instant>) -> Option<f64> {
    Some((seen? - happened?).as_secs_f64())
}

/// How many calls came between two moments; operations without any are left out.
fn fewer(
    after: &BTreeMap<&'static str, u64>,
    before: &BTreeMap<&'static str, u64>,
) -> BTreeMap<&'static str, u64> {
    let between = |name: &'static str, count: u64| (name, count - before.get(name).unwrap_or(&0));
    let between = after.iter().map(|(name, count)| between(name, *count));
    between.filter(|(_, count)| *count > 0).collect()
}
