//! The status page and its JSON over HTTP, of an exporter that scans a simulated AWS.

use serde_json::Value;
use servicecatalog_exporter::config::{Config, StatusPage};
use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Operation, ProvisionedProduct, REGION, StackInstance, What, World,
};

use crate::support::Rig;
use crate::support::http::{Answer, get};

/// Of so many products every tenth is a problem, and every hundredth is a stack set.
pub const MANY: usize = 10_000;

/// A world of [`MANY`] products: 900 TAINTED, 100 stack sets of which each has an OUTDATED instance.
pub fn large() -> World {
    let mut world = World::empty(ACCOUNT, REGION);
    let product = |n: usize| match n % 100 {
        0 => {
            let mut instances = StackInstance::current(3);
            instances[0].status = Some("OUTDATED".into());
            ProvisionedProduct::stack_set(n, instances)
        }
        _ if n.is_multiple_of(10) => ProvisionedProduct::tainted(n),
        _ => ProvisionedProduct::healthy(n),
    };
    *world.catalog_mut(ACCOUNT, REGION).products_mut() = (0..MANY).map(product).collect();
    world
}

/// Records of hundreds of products are not what these tests are about.
pub fn without_records(config: &mut Config) {
    config.enrich.records = false;
}

async fn page(rig: &Rig, query: &str) -> String {
    let answer = get(rig.address, &format!("/{query}"), &[]).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    answer.text()
}

async fn json(rig: &Rig, query: &str) -> Value {
    let answer = get(rig.address, &format!("/api/v1/status{query}"), &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    serde_json::from_slice(&answer.body).unwrap()
}

fn size(answer: &Answer) -> usize {
    answer.body.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_the_demo_are_those_of_its_world() {
    let rig = Rig::new(World::demo(1, 1_780_000_000)).await;
    rig.simulator.with_world(|world| world.freeze(true));
    rig.scan().await;
    let json = json(&rig, "").await;
    let (statuses, instances) = rig.simulator.with_world(|world| {
        (world.counts_by_status(ACCOUNT, REGION), world.instance_counts(ACCOUNT, REGION))
    });
    for (status, many) in &statuses {
        assert_eq!(json["products"]["by_status"][status], *many, "{status}");
    }
    for (status, many) in &instances {
        assert_eq!(json["stack_instances"]["by_status"][status], *many, "{status}");
    }
    let broken: usize = statuses.iter().filter(|(s, _)| *s != "AVAILABLE").map(|(_, n)| n).sum();
    assert_eq!(json["problems"]["total"], broken + 1, "and the rollout that stopped half way");
    let page = page(&rig, "").await;
    assert!(page.contains(&format!("Problems ({})", broken + 1)), "{page}");
    assert!(page.contains(ACCOUNT) && page.contains("failed-launch"), "{page}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_products_are_pages_of_bounded_size() {
    let rig = Rig::with(large(), without_records).await;
    rig.scan().await;
    let all = json(&rig, "").await;
    assert_eq!(
        (&all["products"]["total"], &all["problems"]["total"]),
        (&MANY.into(), &1000.into())
    );
    let mut seen = std::collections::BTreeSet::new();
    for page in 1..=5 {
        let answer = get(rig.address, &format!("/?rows=200&page={page}"), &[]).await;
        assert!(size(&answer) < 400_000, "{}", size(&answer));
        let json = json(&rig, &format!("?rows=200&page={page}")).await;
        for row in json["problems"]["rows"].as_array().unwrap() {
            assert!(seen.insert(row["id"].as_str().unwrap().to_owned()), "twice: {row}");
        }
    }
    assert_eq!(seen.len(), 1000);
    let outdated = json(&rig, "?status=OUTDATED&type=CFN_STACKSET").await;
    assert_eq!(outdated["problems"]["total"], 100);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_says_reaches_the_page_in_full_only_and_never_the_metrics() {
    const SECRET: &str = "Parameter DbPassword is hunter2";
    for (tells, told) in [(StatusPage::Summary, false), (StatusPage::Full, true)] {
        let mut world = World::empty(ACCOUNT, REGION);
        world.add(ACCOUNT, REGION, ProvisionedProduct::tainted(0).saying(SECRET));
        let rig = Rig::with(world, |config| config.web.status_page = tells).await;
        rig.scan().await;
        let (page, json) = (page(&rig, "").await, json(&rig, "").await.to_string());
        assert_eq!((page.contains(SECRET), json.contains(SECRET)), (told, told));
        assert!(!rig.scrape().await.text.contains(SECRET));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_shows_with_the_words_of_aws_until_it_is_over() {
    let rig = Rig::new(World::sized(3, 0, 0)).await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Denied).on(Operation::ScanProvisionedProducts).times(1));
    rig.attempt().await;
    let failing = json(&rig, "").await;
    let stage = &failing["targets"]["rows"][0]["stages"][0];
    assert_eq!(stage["reason"], "access_denied");
    assert_eq!(stage["error"]["code"], "AccessDeniedException");
    let message = stage["error"]["message"].as_str().unwrap();
    assert!(message.contains("servicecatalog:ScanProvisionedProducts"), "{message}");
    assert!(stage["error"]["request_id"].is_string());
    assert_eq!(failing["products"]["total"], 3, "the last complete list");
    let page = page(&rig, "").await;
    assert!(page.contains("stale data") && page.contains("AccessDeniedException"), "{page}");
    rig.scan().await;
    let mended = json(&rig, "").await;
    assert_eq!(mended["targets"]["rows"][0]["stages"][0]["error"], Value::Null);
    assert_eq!(mended["summary"]["failing"], 0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ages_are_counted_when_they_are_asked_for() {
    let (rig, hands) = Rig::by_hand(World::sized(3, 0, 0), |_| ()).await;
    rig.scan().await;
    let age = |json: &Value| json["targets"]["rows"][0]["products_age_seconds"].clone();
    assert_eq!(age(&json(&rig, "").await), 0.0);
    hands.forward(std::time::Duration::from_secs(77));
    assert_eq!(age(&json(&rig, "").await), 77.0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_query_is_refused_in_plain_words_and_off_is_off() {
    let rig =
        Rig::with(World::sized(1, 0, 0), |config| config.web.status_page = StatusPage::Off).await;
    assert_eq!(get(rig.address, "/api/v1/status", &[]).await.status, 404);
    let answer = get(rig.address, "/?q=%zz", &[]).await;
    assert_eq!(answer.status, 200, "nothing is asked of a page of links");
    rig.stop().await;
    let rig = Rig::new(World::sized(1, 0, 0)).await;
    let answer = get(rig.address, "/?q=%zz", &[]).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (400, Some("text/plain; charset=utf-8"))
    );
    let answer = get(rig.address, &format!("/api/v1/status?q={}", "a".repeat(2048)), &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/json")));
    rig.stop().await;
}
