//! No configuration needed: the usual AWS environment is enough.

use servicecatalog_exporter::sim::{self, Fault, Operation, Outcome, Simulator, What};

use super::program::{Invocation, scrape, scrape_until};
use super::responder::{Reply, Responder};
use super::{SCAN, asked_for, exporter, scanning, some_products, soon};

const IDENTITY: Operation = Operation::GetCallerIdentity;

#[tokio::test(flavor = "multi_thread")]
async fn region_credentials_and_endpoint_of_the_environment_are_enough() {
    let simulator = some_products().await;
    let program = scanning(&simulator, &[]).start();
    let scrape = scrape(program.ready().await).await;
    let target = [("aws_account_id", sim::ACCOUNT), ("aws_region", sim::REGION)];
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &target), Some(25.0));
    assert_eq!(scrape.sum("servicecatalog_provisioned_products", &target), 25.0);
    assert_eq!(scrape.value("servicecatalog_scan_interval_seconds", &target), Some(300.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_account_is_asked_for_and_not_what_the_caller_owns() {
    let simulator = some_products().await;
    let _program = scanning(&simulator, &[]).start();
    let call = asked_for(&simulator, SCAN).await;
    assert_eq!(call.access_level.as_deref(), Some("Account"));
    // Any other value than self would have been refused.
    assert_eq!(call.outcome, Outcome::Answered);
    assert_eq!(call.page_size, Some(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_scans_at_once_and_then_every_interval() {
    let simulator = some_products().await;
    let program = scanning(&simulator, &["--scan.interval", "1s"]).start();
    let address = program.ready().await;
    // Two pages a scan.
    soon(simulator.wait_until(|log| log.count(SCAN) >= 6)).await;
    let scrape =
        scrape_until(address, |scrape| scrape.sum("servicecatalog_scans_total", &[]) >= 3.0).await;
    let of = |name: &str| scrape.value(name, &[]).unwrap();
    let next = of("servicecatalog_scan_next_attempt_timestamp_seconds");
    assert!(next > of("servicecatalog_scan_last_attempt_timestamp_seconds"));
}

/// Expects an exporter that finds Service Catalog in the simulated AWS, and STS elsewhere.
async fn leaves_sts_where_it_is(simulator: &Simulator, program: Invocation) {
    // Whoever asks the real STS comes by here, and no further.
    let proxy = Responder::start(|_| Reply::Status(403)).await;
    let program = program.without("AWS_ENDPOINT_URL").env("HTTPS_PROXY", proxy.url("")).start();
    let address = program.ready().await;
    proxy.asked(&format!("CONNECT sts.{}.amazonaws.com:443", sim::REGION)).await;
    // The ARNs of the products tell it instead.
    let account = [("aws_account_id", sim::ACCOUNT)];
    let scrape = scrape_until(address, |scrape| {
        scrape.value("servicecatalog_scan_provisioned_products", &account).is_some()
    });
    assert_eq!(scrape.await.sum("servicecatalog_provisioned_products", &account), 25.0);
    assert_eq!(simulator.count(IDENTITY), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_for_service_catalog_alone_leaves_the_account_to_the_arns() {
    let simulator = some_products().await;
    let program =
        scanning(&simulator, &[]).env("AWS_ENDPOINT_URL_SERVICE_CATALOG", simulator.endpoint_url());
    leaves_sts_where_it_is(&simulator, program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_of_the_file_is_for_service_catalog_alone() {
    let simulator = some_products().await;
    let file = format!("aws: {{endpoint_url: {:?}}}\n", simulator.endpoint_url());
    let program = scanning(&simulator, &[]).config(&file);
    leaves_sts_where_it_is(&simulator, program).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_region_of_the_file_wins_over_that_of_the_environment() {
    let simulator = some_products().await;
    let _program = scanning(&simulator, &[]).config("aws: {region: eu-west-3}\n").start();
    assert_eq!(asked_for(&simulator, SCAN).await.region.as_deref(), Some("eu-west-3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_who_we_are_never_delays_the_first_scan() {
    let simulator = some_products().await;
    simulator.inject(Fault::new(What::Hang).on(IDENTITY));
    let program = scanning(&simulator, &[]).start();
    let address = program.ready().await;
    asked_for(&simulator, IDENTITY).await;
    let scrape = scrape(address).await;
    assert_eq!(scrape.value("servicecatalog_scan_success", &[("stage", "products")]), Some(1.0));
    // What the scan had waited for would have been counted at its end.
    let asked = [("operation", "GetCallerIdentity")];
    assert_eq!(scrape.value("servicecatalog_aws_requests_total", &asked), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_is_what_is_done_without_a_subcommand() {
    let simulator = some_products().await;
    for args in [&["serve"][..], &[]] {
        let program = exporter(args).args(&["--web.listen-address", "127.0.0.1:0"]);
        program.scanning(&simulator).start().ready().await;
    }
}
