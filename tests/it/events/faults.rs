//! A queue that cannot be read.

use super::*;

fn failures(scrape: &Scrape, reason: &str) -> Option<f64> {
    let labels = [("reason", reason)];
    scrape.value("servicecatalog_exporter_events_receive_failures_total", &labels)
}

async fn failed_for(rig: &Rig, reason: &str) -> Scrape {
    until("the failure is counted", async || {
        let scrape = rig.scrape().await;
        failures(&scrape, reason).is_some().then_some(scrape)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_queue_is_denied_scans_go_on_and_when_it_is_allowed_it_is_read_again() {
    let queue = Queue::start().await;
    queue.fail("AccessDenied", "User is not authorized to perform: sqs:receivemessage");
    let rig = Rig::with(World::sized(3, 1, 1), |config| config.events = queue.events()).await;
    let scrape = failed_for(&rig, "access_denied").await;
    const SUCCESS: &str = "servicecatalog_exporter_events_last_receive_success_timestamp_seconds";
    assert_eq!(scrape.value(SUCCESS, &[]), Some(0.0), "never");
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure("products"), None);
    assert_eq!(scrape.failure("stack_instances"), None);
    queue.send("hello");
    queue.mend();
    let scrape = read(&rig, &queue, 1).await;
    assert!(scrape.value(SUCCESS, &[]) > Some(1.7e9));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_the_reason_that_its_code_says() {
    for (code, reason) in [
        ("AWS.SimpleQueueService.NonExistentQueue", "access_denied"),
        ("com.amazonaws.sqs#QueueDoesNotExist", "access_denied"),
        ("KmsAccessDenied", "access_denied"),
        ("RequestThrottled", "throttled"),
        ("KmsThrottled", "throttled"),
        ("InvalidClientTokenId", "credentials"),
        ("InternalError", "server_error"),
        ("UnsupportedOperation", "other"),
    ] {
        let queue = Queue::start().await;
        queue.fail(code, "no");
        let rig = Rig::with(World::sized(1, 0, 0), |config| config.events = queue.events()).await;
        failed_for(&rig, reason).await;
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_not_there_costs_ever_fewer_attempts() {
    let queue = Queue::start().await;
    let mut events = queue.events().unwrap();
    events.endpoint_url = "http://127.0.0.1:1".into();
    let rig = Rig::with(World::sized(3, 1, 1), |config| config.events = Some(events)).await;
    let scrape = failed_for(&rig, "network").await;
    assert!(failures(&scrape, "network") <= Some(2.0), "a second apart at least");
    assert_eq!(rig.scan_and_scrape().await.failure("products"), None);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_cannot_be_deleted_are_read_and_counted_as_a_failure() {
    let queue = Queue::start().await;
    queue.refuse_deletes(true);
    let rig = listening(World::sized(25, 5, 2), &queue).await;
    queue.send(about(&ids(&rig)[1]));
    rig.wait_for(|target| target.scans() == 2).await;
    assert_eq!(rig.simulator.count(LIST), 1);
    failed_for(&rig, "invalid_response").await;
    rig.stop().await;
}
