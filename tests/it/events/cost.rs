//! What messages cost at most, and that none of them changes a number.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use servicecatalog_exporter::config::Shard;
use servicecatalog_exporter::model::{AccountId, Region};
use servicecatalog_exporter::shard::owner;
use servicecatalog_exporter::sim::{Fault, Fleet, What};

use super::*;
use crate::fleet;

/// What is said of products and stack instances, without the age of what is listed.
fn numbers(scrape: &Scrape) -> BTreeMap<String, f64> {
    let ours = ["servicecatalog_provisioned_product", "servicecatalog_stack_instance"];
    let said = scrape.samples.iter().filter(|sample| {
        ours.iter().any(|name| sample.name.starts_with(name)) && !sample.name.contains("timestamp")
    });
    said.map(|sample| (format!("{} {:?}", sample.name, sample.labels), sample.value)).collect()
}

/// Every message of the corpus of the fuzz check, and what might be thought up to mislead.
fn messages(product: &str) -> Vec<String> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/event");
    let mut files: Vec<_> = fs::read_dir(corpus).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let stored = files.iter().map(|path| fs::read_to_string(path).unwrap());
    let mut messages: Vec<String> = stored.filter(|text| !text.is_empty()).collect();
    let real = about(product);
    messages.extend([
        real.clone(),
        // Again, late, and of a stack set that was never there.
        real.clone(),
        real.replace("2026-", "2016-"),
        about("pp-nothere"),
        // Of a product that is no stack set.
        about("pp-0000000000020"),
        // Of statuses and places that nobody has heard of, and cut in the middle.
        real.replace("INOPERABLE", "EXPLODED"),
        real.replace(sim::REGION, "mars-north-1"),
        real.replace(sim::ACCOUNT, "000000000000"),
        real.chars().take(200).collect(),
        format!("{real}{real}"),
        " ".repeat(300 * 1024),
        "[".repeat(200_000),
        "\u{feff}{}".to_owned(),
    ]);
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn late_duplicate_forged_and_malformed_messages_change_no_number_and_cost_one_scan() {
    let queue = Queue::start().await;
    let rig = listening(World::sized(25, 5, 2), &queue).await;
    let before = numbers(&rig.scrape().await);
    let set = ids(&rig)[0].clone();
    let messages = messages(&set);
    for message in &messages {
        queue.send(message);
    }
    rig.wait_for(|target| target.scans() == 2).await;
    let scrape = read(&rig, &queue, messages.len()).await;
    assert_eq!(numbers(&scrape), before);
    assert!(before.len() > 50, "{}", before.len());
    assert_eq!(queue.waiting(), 0, "all are taken, also those that say nothing");
    assert_eq!(rig.simulator.count(SCAN), 2, "two pages of one scan");
    assert_eq!(rig.simulator.count(LIST), 1, "of the one that is there");
    for reason in ["malformed", "unknown_source", "not_service_catalog", "unknown_target"] {
        assert!(ignored(&scrape, reason) > 0.0, "{reason}");
    }
    assert_eq!(scrape.failure("products"), None);
    assert_eq!(scrape.failure("stack_instances"), None);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_a_thousand_messages_costs_one_scan_of_the_target() {
    let queue = Queue::start().await;
    let rig = listening(World::sized(40, 5, 2), &queue).await;
    let ids = ids(&rig);
    for nth in 0..1_000 {
        queue.send(about(&ids[nth % ids.len()]));
    }
    rig.wait_for(|target| target.scans() == 2).await;
    let scrape = read(&rig, &queue, 1_000).await;
    assert_eq!(scrape.sum("servicecatalog_exporter_events_ignored_total", &[]), 0.0);
    assert_eq!((rig.simulator.count(SCAN), rig.simulator.count(LIST)), (2, 5));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_costs_no_other_target_a_call() {
    let queue = Queue::start().await;
    let fleet = Fleet::default();
    let rig = Rig::with(World::fleet(&fleet), |config| {
        config.organization = Some(fleet::organization(&fleet));
        config.events = queue.events();
    });
    let rig = rig.await;
    fleet::found(&rig).await;
    fleet::scan_all(&rig).await;
    rig.simulator.forget_calls();
    let (account, region) = (Fleet::account(1), &fleet.regions[0]);
    queue.send(stack_set_event(&account, region, "pp-a"));
    queue.send(stack_set_event("012345678901", region, "pp-a"));
    rig.wait_for(|target| target.scans() == 2).await;
    let scrape = read(&rig, &queue, 2).await;
    let of_target = rig.simulator.count_in(SCAN, &account, region);
    assert!(of_target > 0);
    assert_eq!(rig.simulator.count(SCAN), of_target);
    assert_eq!(ignored(&scrape, "unknown_target"), 1.0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_the_target_of_another_shard_is_ignored() {
    let queue = Queue::start().await;
    let fleet = Fleet::default();
    let rig = Rig::with(World::fleet(&fleet), |config| {
        config.organization = Some(fleet::organization(&fleet));
        config.shard = Shard { ordinal: 0, total: 2 };
        config.events = queue.events();
    });
    let rig = rig.await;
    fleet::found(&rig).await;
    let other = (0..fleet.accounts).map(Fleet::account).find(|account| {
        let region = Region::parse(&fleet.regions[0]).unwrap();
        owner(&AccountId::new(account), &region, 2) == 1
    });
    queue.send(stack_set_event(&other.unwrap(), &fleet.regions[0], "pp-a"));
    let scrape = read(&rig, &queue, 1).await;
    let scrape = until("it is ignored", async || {
        let scrape = if ignored(&scrape, "unknown_target") > 0.0 {
            scrape.clone()
        } else {
            rig.scrape().await
        };
        (ignored(&scrape, "unknown_target") == 1.0).then_some(scrape)
    });
    scrape.await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_backed_off_for_its_denials_is_not_woken() {
    let queue = Queue::start().await;
    let rig = listening(World::sized(3, 1, 1), &queue).await;
    rig.simulator.inject(Fault::new(What::Denied).on(SCAN));
    for _ in 0..3 {
        rig.attempt().await;
    }
    queue.send(about("pp-a"));
    queue.deleted(1).await;
    until("it is ignored", async || (ignored(&rig.scrape().await, "paused") == 1.0).then_some(()))
        .await;
    assert_eq!(rig.scans(), 4);
    rig.stop().await;
}
