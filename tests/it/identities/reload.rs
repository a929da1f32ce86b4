use std::time::Duration;

use servicecatalog_exporter::model::Operation;
use tokio::task::JoinSet;

use super::aws::{Answer, Asked, Aws, assumed, error, no_products};
use super::{hub, limits, region, role, shared, soon};

fn usual(asked: &Asked) -> Answer {
    match &*asked.operation {
        "AssumeRole" => assumed(asked, Duration::from_secs(60 * 60)),
        _ => no_products(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_settings_keep_the_credentials_of_a_role_and_the_counts_of_a_target() {
    let aws = Aws::start(usual).await;
    let limits = limits();
    let (before, shared) = (hub(&aws.url, limits.clone()), shared(&limits));
    let old_role = before.assuming(&role("222222222222"));
    let old = old_role.target(&region("eu-west-1"), shared.clone());
    old.products(None, soon()).await.unwrap();
    let after = before.with(Some(&region("us-east-1")), None, limits).await.unwrap();
    let new = old.continuing(&after.assuming(&role("222222222222")), shared);
    new.products(None, soon()).await.unwrap();
    assert_eq!(aws.asked("AssumeRole").len(), 1, "the credentials are kept");
    let scans = aws.asked("ScanProvisionedProducts");
    assert!(scans.iter().all(|scan| scan.region == "eu-west-1"), "the target is the same");
    old.products(None, soon()).await.unwrap();
    for client in [&old, &new] {
        let counts = &client.counts().operations;
        assert_eq!(counts[&Operation::ScanProvisionedProducts].requests, 3);
        assert_eq!(counts[&Operation::AssumeRole].requests, 1);
    }
    // Another external id is another trust: it is not answered with kept credentials.
    let mut other = role("222222222222");
    other.external_id = None;
    let client =
        after.assuming(&other).target(&region("eu-west-1"), super::shared(&super::limits()));
    client.products(None, soon()).await.unwrap();
    assert_eq!(aws.asked("AssumeRole").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_slowed_down_stays_so_over_a_reload() {
    let aws = Aws::start(|asked| match asked.body.contains("later") {
        true => no_products(),
        false => error(400, "ThrottlingException", "Rate exceeded"),
    });
    let (aws, mut limits) = (aws.await, limits());
    limits.max_requests_per_second = 20.0;
    limits.burst = 1;
    let (session, shared) = (hub(&aws.url, limits.clone()), shared(&limits));
    let old = session.target(&region("eu-west-1"), shared.clone());
    let deadline = tokio::time::Instant::now() + Duration::from_millis(60);
    old.products(None, deadline).await.unwrap_err();
    limits.max_requests_per_second = 40.0;
    let session = session.with(None, None, limits).await.unwrap();
    let new = old.continuing(&session, shared);
    let begun = tokio::time::Instant::now();
    for _ in 0..4 {
        new.products(Some("later"), soon()).await.unwrap();
    }
    // Three intervals of at most ten calls a second; at forty they would take 75 ms.
    assert!(begun.elapsed() >= Duration::from_millis(290), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_of_requests_in_flight_holds_at_once() {
    let aws = Aws::start(|asked| match asked.region.as_str() {
        "us-east-1" => no_products(),
        _ => Answer::Never,
    });
    let (aws, mut limits) = (aws.await, limits());
    limits.max_in_flight = 1;
    limits.attempt_timeout = Duration::from_secs(20);
    let (session, shared) = (hub(&aws.url, limits.clone()), shared(&limits));
    let mut hanging = JoinSet::new();
    let client = session.target(&region("eu-west-1"), shared.clone());
    hanging.spawn(async move { client.products(None, soon()).await.map(drop) });
    while aws.asked("ScanProvisionedProducts").is_empty() {
        tokio::task::yield_now().await;
    }
    let client = session.target(&region("us-east-1"), shared.clone());
    let soon_over = tokio::time::Instant::now() + Duration::from_millis(100);
    client.products(None, soon_over).await.unwrap_err();
    shared.set_max_in_flight(2);
    client.products(None, soon()).await.unwrap();
}
