//! What a scan adds to the calls that it makes: the pump, without its rate limit, against a bare
//! loop of the same calls of the SDK, in turn, against one simulated AWS in another process.

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
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_servicecatalog::Client;
use aws_sdk_servicecatalog::config::StalledStreamProtectionConfig;
use aws_sdk_servicecatalog::config::retry::RetryConfig;
use aws_sdk_servicecatalog::types::{AccessLevelFilter, AccessLevelFilterKey};
use aws_smithy_http_client::tls;
use servicecatalog_exporter::config::{Aws as AwsConfig, Config};
use servicecatalog_exporter::families;
use servicecatalog_exporter::memory;
use servicecatalog_exporter::model::PerProduct;
use servicecatalog_exporter::scan::shown_of;
use servicecatalog_exporter::sim;
use simulated::{Aws, INSTANCES, PRODUCTS, STACK_SETS, Scanner, config};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

/// A and B are run in turn so many times; odd, for the median.
const ROUNDS: usize = 21;
const PAGE: i32 = 20;

fn main() {
    if simulated::be_simulator_if_told(simulated::no_fleet) {
        return;
    }
    // As the exporter does.
    memory::share_one_heap();
    let aws = Aws::start();
    simulated::runtime().block_on(measure(&aws.endpoint_url));
}

async fn measure(endpoint_url: &str) {
    // All products are healthy, so that what is published is short and what is measured is the
    // scan; what it costs to publish everything is measured apart.
    let mut quiet = config();
    quiet.metrics.per_product = PerProduct::Problems;
    let client = client(endpoint_url, &quiet.aws);
    let scanner = Scanner::new(quiet.clone(), endpoint_url);
    let (mut bare, mut scan, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let scan_once = async { drop(scanner.scan().await) };
        let call_all = all_calls(&client, quiet.aws.concurrency);
        // Neither is always the one that finds the caches as the other left them.
        let (calls, scanned) = if round % 2 == 0 {
            let calls = cpu_of(call_all).await;
            (calls, cpu_of(scan_once).await)
        } else {
            let scanned = cpu_of(scan_once).await;
            (cpu_of(call_all).await, scanned)
        };
        // The first round opens connections.
        if round > 0 {
            bare.push(calls);
            scan.push(scanned);
            ratios.push(scanned / calls);
        }
    }
    let snapshot = Arc::clone(&scanner.reader.latest().snapshot);
    drop(scanner);
    let publish = |config: &Config| {
        let shown = shown_of(config);
        let times = (0..5).map(|_| {
            let begun = cpu::of_thread();
            drop(families::encode(&snapshot, &shown));
            milliseconds(cpu::of_thread() - begun)
        });
        cpu::median(times.collect())
    };
    ratios.sort_by(f64::total_cmp);
    let (low, high) = (ratios[ROUNDS / 4], ratios[ROUNDS - 1 - ROUNDS / 4]);
    let (bare, scan, ratio) = (cpu::median(bare), cpu::median(scan), cpu::median(ratios));
    let (quiet, whole) = (publish(&quiet), publish(&config()));
    let pages = PRODUCTS.div_ceil(20) + STACK_SETS * INSTANCES.div_ceil(20);
    println!(
        "{PRODUCTS} products, {STACK_SETS} stack sets of {INSTANCES} instances: {pages} calls"
    );
    println!(
        "time on the processor                    ms   ratio (middle half of {ROUNDS} rounds)"
    );
    println!("the SDK's calls alone                 {bare:5.0}   1");
    println!(
        "a scan (goal: at most 1.15)           {scan:5.0}   {ratio:4.2} ({low:4.2} – {high:4.2})"
    );
    println!("  with two short publications of      {quiet:5.1}");
    println!("publishing every product, each time   {whole:5.0}   {:4.2}", whole / bare);
}

async fn cpu_of(work: impl Future<Output = ()>) -> f64 {
    let begun = cpu::of_process();
    work.await;
    milliseconds(cpu::of_process() - begun)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A client as the exporter has it, made without the exporter.
fn client(endpoint_url: &str, config: &AwsConfig) -> Client {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(config.connect_timeout)
        .read_timeout(config.attempt_timeout)
        .operation_attempt_timeout(config.attempt_timeout);
    let keys = Credentials::new(sim::ACCESS_KEY_ID, sim::SECRET_ACCESS_KEY, None, None, "fixed");
    Client::from_conf(
        aws_sdk_servicecatalog::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(sim::REGION))
            .endpoint_url(endpoint_url)
            .credentials_provider(keys)
            .http_client(http)
            .timeout_config(timeouts.build())
            .app_name(AppName::new("bench").expect("a valid name"))
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build(),
    )
}

/// Every call of a scan, as many at once, and nothing else.
async fn all_calls(client: &Client, concurrency: usize) {
    let permits = Arc::new(Semaphore::new(concurrency));
    let permit = permits.acquire().await.expect("it stays open");
    let mut listings = JoinSet::new();
    let mut products = 0;
    pages_of_products(client, permit, |count, stack_sets| {
        products += count;
        for id in stack_sets {
            let (client, permits) = (client.clone(), Arc::clone(&permits));
            listings.spawn(async move {
                let _permit = permits.acquire().await.expect("it stays open");
                stack_instances(&client, &id).await
            });
        }
    })
    .await;
    let instances: usize = listings.join_all().await.into_iter().sum();
    assert_eq!((products, instances), (PRODUCTS, STACK_SETS * INSTANCES), "all was listed");
}

async fn pages_of_products(
    client: &Client,
    _permit: SemaphorePermit<'_>,
    mut found: impl FnMut(usize, Vec<String>),
) {
    let level = AccessLevelFilter::builder().key(AccessLevelFilterKey::Account).value("self");
    let mut token = None;
    loop {
        let request = client.scan_provisioned_products().page_size(PAGE);
        let request = request.access_level_filter(level.clone().build()).set_page_token(token);
        let page = request.send().await.expect("the simulator answers");
        let products = page.provisioned_products();
        let stack_sets = products.iter().filter(|item| item.r#type() == Some("CFN_STACKSET"));
        let ids = stack_sets.filter_map(|item| Some(item.id()?.to_owned()));
        found(products.len(), ids.collect());
        token = page.next_page_token;
        if token.is_none() {
            break;
        }
    }
}

async fn stack_instances(client: &Client, id: &str) -> usize {
    let (mut instances, mut token) = (0, None);
    loop {
        let request = client.list_stack_instances_for_provisioned_product();
        let request = request.provisioned_product_id(id).page_size(PAGE).set_page_token(token);
        let page = request.send().await.expect("the simulator answers");
        instances += page.stack_instances().len();
        token = page.next_page_token;
        if token.is_none() {
            break instances;
        }
    }
}
