//! What happened between two processes is counted once.

use servicecatalog_exporter::sim::Simulator;

use super::*;
use crate::process::program::{exporter, scrape, scrape_until};

const TRANSITIONS: &str = "servicecatalog_provisioned_product_transitions_total";
const SINCE: &str = "servicecatalog_provisioned_product_status_since_timestamp_seconds";

fn set(kept: &Kept, status: &'static str) {
    kept.rig.simulator.with_world(|world| {
        world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut()[0].status = Some(status.into());
    });
}

async fn scanned(kept: &Kept) -> Scrape {
    kept.hands.forward(INTERVAL);
    kept.rig.scan_and_scrape().await
}

async fn one_product() -> Kept {
    let kept = Kept::of(World::sized(1, 0, 0)).await;
    kept.rig.scan().await;
    kept
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_enters_a_status_is_counted_once_and_says_since_when() {
    let kept = one_product().await;
    let first = kept.rig.scrape().await;
    assert_eq!(first.all(TRANSITIONS, &[]).len(), 5, "each known status, from zero on");
    assert_eq!(first.sum(TRANSITIONS, &[]), 0.0);
    assert!(first.all(SINCE, &[]).is_empty(), "nobody saw it begin");
    set(&kept, "TAINTED");
    let scrape = scanned(&kept).await;
    let since = kept.hands.now().unix;
    assert_eq!(scrape.value(TRANSITIONS, &[("status", "TAINTED")]), Some(1.0));
    assert_eq!(scrape.value(SINCE, &[]), Some(since));
    let scrape = scanned(&kept).await;
    assert_eq!(scrape.sum(TRANSITIONS, &[]), 1.0);
    assert_eq!(scrape.value(SINCE, &[]), Some(since));
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_fails_tells_of_no_transition_and_the_next_one_tells_of_it_once() {
    let kept = one_product().await;
    set(&kept, "ERROR");
    kept.rig.simulator.inject(Fault::new(What::InternalFailure).on(SCAN));
    assert_eq!(scanned(&kept).await.sum(TRANSITIONS, &[]), 0.0);
    kept.rig.simulator.clear_faults();
    assert_eq!(scanned(&kept).await.value(TRANSITIONS, &[("status", "ERROR")]), Some(1.0));
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_no_process_ran_is_counted_by_the_next_one() {
    let kept = one_product().await;
    set(&kept, "TAINTED");
    scanned(&kept).await;
    let since = kept.hands.now().unix;
    let kept = kept.restarted(INTERVAL).await;
    assert_eq!(kept.at_once().await.value(SINCE, &[]), Some(since));
    let scrape = scanned(&kept).await;
    assert_eq!(scrape.sum(TRANSITIONS, &[]), 0.0, "the process before has counted that one");
    assert_eq!(scrape.value(SINCE, &[]), Some(since));
    set(&kept, "ERROR");
    let kept = kept.restarted(INTERVAL).await;
    let scrape = scanned(&kept).await;
    assert_eq!(scrape.value(TRANSITIONS, &[("status", "ERROR")]), Some(1.0));
    assert_eq!(scrape.sum(TRANSITIONS, &[]), 1.0);
    kept.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transition_is_told_with_what_aws_says_of_it_and_how_long_the_status_before_lasted() {
    let simulator = Simulator::start(World::sized(1, 0, 0)).await.unwrap();
    let program = exporter(&["--web.listen-address", "127.0.0.1:0", "--log.format", "json"]);
    let program = program.scanning(&simulator).config("scan: {interval: 1s}\n").start();
    program.ready().await;
    let put = |product: ProvisionedProduct| {
        simulator.with_world(|world| {
            world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut()[0] = product;
        });
    };
    put(ProvisionedProduct::healthy(0).with_status("UNDER_CHANGE"));
    program.logs(r#""to":"UNDER_CHANGE""#).await;
    put(ProvisionedProduct::tainted(0).named("network").saying("the \u{7}bell\nof it"));
    let line = program.logs(r#""to":"TAINTED""#).await;
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    for (key, value) in [
        ("message", "a provisioned product entered another status"),
        ("account", sim::ACCOUNT),
        ("region", sim::REGION),
        ("product", "pp-0000000000000"),
        ("name", "network"),
        ("type", "CFN_STACK"),
        ("product_id", "prod-0000000000000"),
        ("from", "UNDER_CHANGE"),
        ("to", "TAINTED"),
        ("record", "rec-tainted000000"),
    ] {
        assert_eq!(line[key], value, "{key} in {line}");
    }
    for key in ["after", "status_message", "operation", "code", "error"] {
        assert!(!line[key].as_str().unwrap().is_empty(), "{key} in {line}");
    }
    assert!(!line["status_message"].as_str().unwrap().contains(char::is_control), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_counts_nothing_again() {
    let simulator = Simulator::start(World::sized(1, 0, 0)).await.unwrap();
    let program = exporter(&["--web.listen-address", "127.0.0.1:0"]).scanning(&simulator);
    let program = program.config("scan: {interval: 1s}\n").start();
    let address = program.ready().await;
    simulator.with_world(|world| {
        let product = ProvisionedProduct::tainted(0);
        world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut()[0] = product;
    });
    scrape_until(address, |scrape| scrape.sum(TRANSITIONS, &[]) == 1.0).await;
    program.signal("HUP");
    program.logs("the configuration was read again").await;
    let before = scrape(address).await.sum("servicecatalog_scans_total", &[]);
    let later = |scrape: &Scrape| scrape.sum("servicecatalog_scans_total", &[]) >= before + 2.0;
    let scrape = scrape_until(address, later).await;
    assert_eq!(scrape.sum(TRANSITIONS, &[]), 1.0);
    assert_eq!(scrape.all(SINCE, &[]).len(), 1);
}
