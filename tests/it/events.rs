//! Hints from the queue of events: what they let be scanned and listed, what they cost at most, and
//! that they change no number by themselves.

mod cost;
mod faults;
mod kinds;
mod moto;
mod queue;

use std::time::Duration;

use servicecatalog_exporter::config::{Config, Refresh};
use servicecatalog_exporter::sim::{self, Operation, World};

pub use self::queue::Queue;
use crate::support::Rig;
use crate::support::exposition::Scrape;
use crate::support::foreign::until;

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;

/// An event about a stack set of an account and region, as EventBridge puts it on a queue.
pub fn stack_set_event(account: &str, region: &str, product: &str) -> String {
    serde_json::json!({
        "version": "0",
        "id": "0f4cd7b2-2c39-4d3c-8a8d-cf0f2f1cbb0a",
        "detail-type": "CloudFormation StackSet StackInstance Status Change",
        "source": "aws.cloudformation",
        "account": account,
        "time": "2026-11-28T07:22:45Z",
        "region": region,
        "resources": [],
        "detail": {
            "stack-set-arn": format!(
                "arn:aws:cloudformation:{region}:{account}:stackset/SC-{account}-{product}:7b1d"
            ),
            "stack-id": "arn:aws:cloudformation:us-east-1:555566667777:stack/StackSet-SC/9d6e",
            "action": "UPDATE",
            "status-details": { "status": "INOPERABLE", "detailed-status": "FAILED" },
        },
    })
    .to_string()
}

/// About a product of the usual target.
fn about(product: &str) -> String {
    stack_set_event(sim::ACCOUNT, sim::REGION, product)
}

/// An exporter that reads that queue, and has scanned its world once.
async fn listening(world: World, queue: &Queue) -> Rig {
    listening_with(world, queue, |_| ()).await
}

async fn listening_with(world: World, queue: &Queue, change: impl FnOnce(&mut Config)) -> Rig {
    let rig = Rig::with(world, |config| {
        config.scan.stack_instances.refresh = Refresh::Changed;
        config.events = queue.events();
        change(config);
    });
    let rig = rig.await;
    rig.scan().await;
    rig.simulator.forget_calls();
    rig
}

/// The ids of the products, stack sets first.
fn ids(rig: &Rig) -> Vec<String> {
    rig.simulator.with_world(|world| world.ids(sim::ACCOUNT, sim::REGION))
}

/// Waits until so many messages were read and taken from the queue, and the counts say so.
async fn read(rig: &Rig, queue: &Queue, messages: usize) -> Scrape {
    queue.deleted(messages).await;
    until("the messages are counted", async || {
        let scrape = rig.scrape().await;
        let received = scrape.value("servicecatalog_exporter_events_received_total", &[]);
        (received == Some(messages as f64)).then_some(scrape)
    })
    .await
}

fn ignored(scrape: &Scrape, reason: &str) -> f64 {
    let labels = [("reason", reason)];
    scrape.value("servicecatalog_exporter_events_ignored_total", &labels).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_lets_its_target_be_scanned_and_the_stack_set_that_it_names_be_listed() {
    let queue = Queue::start().await;
    let rig = listening(World::sized(25, 5, 2), &queue).await;
    let ids = ids(&rig);
    // Behind Service Catalog's back: nothing that a product list shows has changed.
    rig.simulator.with_world(|world| {
        let catalog = world.catalog_mut(sim::ACCOUNT, sim::REGION);
        catalog.product_mut(&ids[3]).unwrap().instances[1].status = Some("OUTDATED".into());
    });
    queue.send(about(&ids[3]));
    let published = rig.wait_for(|target| target.scans() == 2).await;
    let listing = published.snapshot.targets[0].listing(&ids[3]).unwrap();
    assert!(listing.value.has_problem(), "what AWS answers, not what the message says");
    assert_eq!((rig.simulator.count(SCAN), rig.simulator.count(LIST)), (2, 1));
    let listed = rig.simulator.calls();
    let listed = listed.iter().find(|call| call.operation == Some(LIST)).unwrap();
    assert_eq!(listed.product_id.as_ref(), Some(&ids[3]));

    let scrape = read(&rig, &queue, 1).await;
    assert_eq!(scrape.sum("servicecatalog_exporter_events_ignored_total", &[]), 0.0);
    assert!(scrape.value("servicecatalog_exporter_events_lag_seconds", &[]).unwrap() < 10.0);
    let asked = queue.asked("ReceiveMessage");
    assert_eq!((&*asked[0].region, &*asked[0].service), (queue::REGION, "sqs"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_the_queue_are_counted_under_the_account_whose_queue_it_is() {
    let queue = Queue::start().await;
    queue.send("hello");
    let rig = listening(World::sized(3, 0, 0), &queue).await;
    read(&rig, &queue, 1).await;
    let scrape = rig.scan_and_scrape().await;
    let requests = |operation| {
        let labels = [("aws_account_id", queue::ACCOUNT), ("aws_region", "aws-global")];
        let labels = [labels[0], labels[1], ("operation", operation)];
        scrape.value("servicecatalog_aws_requests_total", &labels)
    };
    assert_eq!(requests("DeleteMessageBatch"), Some(1.0));
    assert!(requests("ReceiveMessage") >= Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lag_is_the_time_in_the_queue_whatever_the_message_says() {
    let queue = Queue::start().await;
    let rig = listening(World::sized(3, 0, 0), &queue).await;
    let long_ago = about("pp-a").replace("2026-11-28T", "1999-01-01T");
    queue.send_late(long_ago, Duration::from_secs(600));
    let scrape = read(&rig, &queue, 1).await;
    let lag = scrape.value("servicecatalog_exporter_events_lag_seconds", &[]).unwrap();
    assert!((600.0..660.0).contains(&lag), "{lag}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_queue_nothing_is_said_of_events() {
    let rig = Rig::new(World::sized(3, 0, 0)).await;
    let scrape = rig.scan_and_scrape().await;
    assert!(!scrape.text.contains("_events_"));
    rig.stop().await;
}
