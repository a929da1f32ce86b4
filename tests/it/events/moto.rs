//! The same against a queue that nobody here wrote: moto's.

use aws_config::BehaviorVersion;
use aws_sdk_sqs::config::{Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use servicecatalog_exporter::config::{Defaults, Overrides, parse};

use super::*;
use crate::moto::Moto;

const REGION: &str = "eu-central-1";

fn client(url: &str) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new("testing", "testing", None, None, "test"));
    aws_sdk_sqs::Client::from_conf(config.build())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto"]
async fn messages_on_motos_queue_let_their_target_be_scanned_and_are_gone_after() {
    let moto = Moto::start().await;
    let client = client(moto.text("url"));
    let made = client.create_queue().queue_name("events").send().await.unwrap();
    let url = made.queue_url().unwrap().to_owned();
    let yaml = format!("events: {{queue_url: '{url}', region: {REGION}}}");
    let rig = Rig::with(World::sized(25, 5, 2), |config| {
        config.scan.stack_instances.refresh = Refresh::Changed;
        config.events =
            parse("test", &yaml, &Overrides::new(), Defaults::Production).unwrap().events;
    });
    let rig = rig.await;
    rig.scan().await;
    rig.simulator.forget_calls();
    let set = ids(&rig)[2].clone();
    for body in [about(&set), about(&set), "no event".to_owned()] {
        client.send_message().queue_url(&url).message_body(body).send().await.unwrap();
    }
    rig.wait_for(|target| target.scans() == 2).await;
    assert_eq!((rig.simulator.count(SCAN), rig.simulator.count(LIST)), (2, 1));
    let scrape = until("the messages are counted", async || {
        let scrape = rig.scrape().await;
        (ignored(&scrape, "malformed") == 1.0).then_some(scrape)
    })
    .await;
    let value = |name| scrape.value(name, &[]).unwrap();
    assert_eq!(value("servicecatalog_exporter_events_received_total"), 3.0);
    assert!(value("servicecatalog_exporter_events_lag_seconds") < 60.0);
    until("the queue is empty", async || {
        let counts = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let asked = client.get_queue_attributes().queue_url(&url);
        let asked = asked.set_attribute_names(Some(counts.to_vec())).send().await.unwrap();
        asked.attributes()?.values().all(|count| count == "0").then_some(())
    })
    .await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto"]
async fn a_queue_that_moto_does_not_have_is_denied() {
    let moto = Moto::start().await;
    let url = format!("{}/123456789012/gone", moto.text("url"));
    let yaml = format!("events: {{queue_url: '{url}', region: {REGION}}}");
    let rig = Rig::with(World::sized(1, 0, 0), |config| {
        config.events =
            parse("test", &yaml, &Overrides::new(), Defaults::Production).unwrap().events;
    });
    let rig = rig.await;
    until("the failure is counted", async || {
        let labels = [("reason", "access_denied")];
        rig.scrape().await.value("servicecatalog_exporter_events_receive_failures_total", &labels)
    })
    .await;
    rig.stop().await;
}
