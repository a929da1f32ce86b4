//! The program itself, killed or told to stop.

use servicecatalog_exporter::sim::{ACCOUNT, REGION, Simulator};

use super::*;
use crate::process::program::{Program, exporter, scrape, scrape_until};
use crate::support::PATIENCE;

const PRODUCTS: &str = "servicecatalog_provisioned_products";
const TRANSITIONS: &str = "servicecatalog_provisioned_product_transitions_total";

/// The program, keeping what it knows in that directory, with a first scan and no other.
fn start(simulator: &Simulator, directory: &Path) -> Program {
    let program = exporter(&["--web.listen-address", "127.0.0.1:0"]).scanning(simulator);
    let program = program.arg("--storage.path").arg(directory);
    program.config("scan: {interval: 10m}\naws: {max_requests_per_second: 0}\n").start()
}

async fn written(address: std::net::SocketAddr) {
    scrape_until(address, |scrape| scrape.value(WRITTEN, &[]) > Some(0.0)).await;
}

fn taint(simulator: &Simulator) {
    simulator.with_world(|world| {
        let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
        products[0].status = Some("TAINTED".into());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_leaves_what_it_kept_and_nothing_is_counted_behind_it() {
    let simulator = Simulator::start(World::sized(25, 2, 3)).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let program = start(&simulator, directory.path());
    written(program.ready().await).await;
    program.signal("KILL");
    program.end().await;

    taint(&simulator);
    simulator.inject(Fault::new(What::Hang).on(SCAN).times(1));
    let program = start(&simulator, directory.path());
    let address = program.ready().await;
    assert_eq!(scrape(address).await.sum(PRODUCTS, &[]), 25.0, "before its first scan");
    simulator.clear_faults();
    let tainted = [("status", "TAINTED")];
    drop(program);

    let program = start(&simulator, directory.path());
    let address = program.ready().await;
    let scrape = scrape_until(address, |scrape| scrape.sum(PRODUCTS, &tainted) == 1.0).await;
    assert_eq!(scrape.sum(TRANSITIONS, &[]), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_told_to_stop_keeps_what_it_learnt_last_and_the_next_one_counts_on() {
    let simulator = Simulator::start(World::sized(25, 2, 3)).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let program = start(&simulator, directory.path());
    program.ready().await;
    program.signal("TERM");
    assert_eq!(program.end().await.status.code(), Some(0));

    taint(&simulator);
    let program = start(&simulator, directory.path());
    let address = program.ready().await;
    let tainted = [("status", "TAINTED")];
    let counted = |scrape: &Scrape| scrape.sum(TRANSITIONS, &tainted) == 1.0;
    scrape_until(address, counted).await;
    let log = program.logs("a provisioned product entered another status").await;
    for said in ["from=\"AVAILABLE\"", "to=\"TAINTED\"", "product=\"pp-"] {
        assert!(log.contains(said), "{said} in {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_in_use_or_missing_is_refused_with_what_to_do() {
    let simulator = Simulator::start(World::sized(1, 0, 0)).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let first = start(&simulator, directory.path());
    first.ready().await;
    let ended = start(&simulator, directory.path()).end_within(PATIENCE).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.concat().contains("give each exporter one of its own"), "{ended:?}");
    let ended = start(&simulator, &directory.path().join("no/such")).end_within(PATIENCE).await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.concat().contains("must be a directory"), "{ended:?}");
}
