//! What the commands make of a queue of events.

use serde_json::{Value, json};

use super::program::{exporter, scrape_until};
use super::{scanning, some_products, soon};
use crate::events::{Queue, stack_set_event};

use servicecatalog_exporter::sim;

const RECEIVED: &str = "servicecatalog_exporter_events_received_total";

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_scans_what_a_message_names_and_logs_nothing_of_what_it_says() {
    let (simulator, queue) = (some_products().await, Queue::start().await);
    let quiet = format!("{}log: {{level: debug}}\n", queue.yaml());
    let program = scanning(&simulator, &[]).config(&quiet).start();
    let address = program.ready().await;
    queue.send("open-sesame");
    queue.send(stack_set_event(sim::ACCOUNT, sim::REGION, "pp-0000000000001"));
    program.logs("a scan begins because of events").await;
    scrape_until(address, |scrape| scrape.sum("servicecatalog_scans_total", &[]) == 2.0).await;
    let scrape = scrape_until(address, |scrape| scrape.value(RECEIVED, &[]) == Some(2.0)).await;
    assert!(!scrape.text.contains("sesame"));
    let log = program.log();
    assert!(log.contains("is ignored") && !log.contains("sesame"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_denied_is_told_once_with_what_to_do_and_again_when_it_is_read() {
    let (simulator, queue) = (some_products().await, Queue::start().await);
    queue.fail("AccessDenied", "User is not authorized to perform: sqs:receivemessage");
    let program = scanning(&simulator, &[]).config(&queue.yaml()).start();
    let line = program.logs("the queue of events cannot be read; scans go on").await;
    for said in ["reason=\"access_denied\"", "allow sqs:ReceiveMessage on it", "ReceiveMessage"] {
        assert!(line.contains(said), "{said} is not in {line}");
    }
    let address = program.ready().await;
    const FAILED: &str = "servicecatalog_exporter_events_receive_failures_total";
    scrape_until(address, |scrape| scrape.sum(FAILED, &[]) >= 2.0).await;
    queue.mend();
    program.logs("the queue of events is read again").await;
    assert_eq!(program.log().matches("cannot be read").count(), 1, "{}", program.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_looks_at_the_queue_and_leaves_it_as_it_was() {
    let (simulator, queue) = (some_products().await, Queue::start().await);
    queue.send("hello");
    let check = || exporter(&["check", "--live"]).config(&queue.yaml()).scanning(&simulator);
    let ended = check().run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let place = "999999999999 us-west-2 (events)";
    let line =
        |text: &str| ended.stdout.lines().any(|line| line.contains(text) && line.ends_with("  ok"));
    assert!(ended.stdout.contains(place), "{}", ended.stdout);
    assert!(line("ReceiveMessage") && line("DeleteMessageBatch"), "{}", ended.stdout);
    assert_eq!(queue.waiting(), 1);
    let asked: Value = serde_json::from_str(&queue.asked("ReceiveMessage")[0].body).unwrap();
    assert_eq!(asked["VisibilityTimeout"], json!(0), "others see it at once");

    queue.fail("AccessDenied", "no");
    let ended = check().run().await;
    assert_eq!(ended.status.code(), Some(0), "scans do without it: {ended:?}");
    for action in ["sqs:ReceiveMessage", "sqs:DeleteMessage"] {
        let missing = format!("Missing, not required: {action} in {place}");
        assert!(ended.stdout.contains(&missing), "{}", ended.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_scan_takes_nothing_from_the_queue_of_the_daemon() {
    let (simulator, queue) = (some_products().await, Queue::start().await);
    queue.send("hello");
    let ended = exporter(&["scan"]).config(&queue.yaml()).scanning(&simulator).run().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!ended.stdout.contains("_events_"));
    assert_eq!((queue.waiting(), queue.asked("ReceiveMessage").len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_of_the_hub_allows_the_queue() {
    let url = "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/events";
    let yaml = format!("events: {{queue_url: '{url}'}}\n");
    let ended = exporter(&["print-iam-policy", "--part", "hub"]).config(&yaml).run().await;
    let policy: Value = serde_json::from_str(&ended.stdout).unwrap();
    let queue = policy["Statement"].as_array().unwrap().last().unwrap();
    assert_eq!(queue["Resource"], "arn:aws-cn:sqs:cn-north-1:123456789012:events");
    assert_eq!(queue["Action"], json!(["sqs:DeleteMessage", "sqs:ReceiveMessage"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_process_does_not_wait_for_a_message() {
    let (simulator, queue) = (some_products().await, Queue::start().await);
    queue.hang();
    let program = scanning(&simulator, &[]).config(&queue.yaml()).start();
    program.ready().await;
    soon(queue.until_asked()).await;
    let begun = std::time::Instant::now();
    program.signal("TERM");
    let ended = program.end().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
}
