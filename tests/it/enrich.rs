//! Names, tags and records: what they cost, what they show, and that nothing else depends on them.

use std::time::Duration;

use servicecatalog_exporter::config::Config;
use servicecatalog_exporter::sim::{
    ACCOUNT, Call, Fault, Operation, Page, ProvisionedProduct, REGION, StackInstance, What, World,
};

use crate::support::Rig;
use crate::support::exposition::Scrape;

const SCAN: Operation = Operation::ScanProvisionedProducts;
const SEARCH: Operation = Operation::SearchProvisionedProducts;
const DESCRIBE: Operation = Operation::DescribeRecord;

const INFO: &str = "servicecatalog_provisioned_product_info";
const TAGS: &str = "servicecatalog_provisioned_product_tags";
const CREATED: &str = "servicecatalog_provisioned_product_last_record_created_timestamp_seconds";
const UPDATED: &str = "servicecatalog_provisioned_product_last_record_updated_timestamp_seconds";

const NAMES_AND_TAGS: &str = "names_and_tags";
const RECORDS: &str = "records";

fn id(n: usize) -> String {
    format!("pp-{n:013}")
}

fn world(products: Vec<ProvisionedProduct>) -> World {
    let mut world = World::empty(ACCOUNT, REGION);
    *world.catalog_mut(ACCOUNT, REGION).products_mut() = products;
    world
}

fn healthy(count: usize) -> World {
    world((0..count).map(ProvisionedProduct::healthy).collect())
}

fn change(rig: &Rig, change: impl FnOnce(&mut Vec<ProvisionedProduct>)) {
    rig.simulator.with_world(|world| change(world.catalog_mut(ACCOUNT, REGION).products_mut()));
}

fn with_names(config: &mut Config) {
    config.enrich.names_and_tags = true;
    config.enrich.tags =
        vec![("CostCenter".into(), "cost_center".into()), ("Owner".into(), "owner".into())];
}

fn calls_of(rig: &Rig, operation: Operation) -> Vec<Call> {
    let mut calls = rig.simulator.calls();
    calls.retain(|call| call.operation == Some(operation));
    calls
}

fn product_name(scrape: &Scrape, n: usize) -> String {
    let info = scrape.all(INFO, &[("provisioned_product_id", &id(n))]);
    assert_eq!(info.len(), 1, "one product, one series: {info:?}");
    info[0].label("product_name").to_owned()
}

fn of(scrape: &Scrape, family: &str, n: usize) -> Option<f64> {
    scrape.value(family, &[("provisioned_product_id", &id(n))])
}

fn succeeded(scrape: &Scrape, stage: &str) -> Option<f64> {
    scrape.value("servicecatalog_scan_success", &[("stage", stage)])
}

fn failures(scrape: &Scrape, stage: &str) -> Option<f64> {
    scrape.value("servicecatalog_scan_failures_total", &[("stage", stage)])
}

/// Products and stack instances are complete, and said to be.
fn assert_untouched(scrape: &Scrape, products: usize) {
    assert_eq!(
        scrape.value("servicecatalog_scan_provisioned_products", &[]),
        Some(products as f64)
    );
    for stage in ["products", "stack_instances"] {
        assert_eq!(scrape.failure(stage), None);
        assert_eq!(succeeded(scrape, stage), Some(1.0));
        assert_eq!(failures(scrape, stage), Some(0.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_tags_and_vended_accounts_become_labels() {
    let products = vec![
        ProvisionedProduct::healthy(0).tagged("CostCenter", "4\"2").tagged("Unwanted", "hidden"),
        ProvisionedProduct::healthy(1).vending("210987654321"),
    ];
    let rig = Rig::with(world(products), with_names).await;
    let scrape = rig.scan_and_scrape().await;
    assert_untouched(&scrape, 2);
    assert_eq!(succeeded(&scrape, NAMES_AND_TAGS), Some(1.0));
    let info = |n: usize| scrape.all(INFO, &[("provisioned_product_id", &id(n))])[0];
    for (n, product, account) in [(0, "Bucket", ""), (1, "Database", "210987654321")] {
        assert_eq!(info(n).label("product_name"), product);
        assert_eq!(info(n).label("provisioning_artifact_name"), "v1");
        assert_eq!(info(n).label("vended_account_id"), account);
    }
    for (n, cost_center) in [(0, "4\"2"), (1, "")] {
        let tags = scrape.all(TAGS, &[("provisioned_product_id", &id(n))]);
        assert_eq!((tags.len(), tags[0].value), (1, 1.0));
        let labels: Vec<_> = tags[0].labels.keys().map(String::as_str).collect();
        let expected = [
            "aws_account_id",
            "aws_region",
            "provisioned_product_id",
            "tag_cost_center",
            "tag_owner",
        ];
        assert_eq!(labels, expected);
        assert_eq!(
            (tags[0].label("tag_cost_center"), tags[0].label("tag_owner")),
            (cost_center, "")
        );
    }
    assert!(!scrape.text.contains("hidden"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_takes_one_call_a_hundred_products_sorted_and_of_the_whole_account() {
    for (products, pages) in [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)] {
        let rig = Rig::with(healthy(products), with_names).await;
        for scans in 1..=2 {
            rig.scan().await;
            assert_eq!(rig.simulator.count(SEARCH), scans * pages, "{products}");
        }
        for call in calls_of(&rig, SEARCH) {
            assert_eq!(call.access_level.as_deref(), Some("Account"));
            assert_eq!(call.page_size, Some(100));
        }
        assert_eq!(rig.simulator.count(DESCRIBE), 0, "no product has a problem");
        // Unsorted, the simulator loses and repeats items as AWS does.
        let scrape = rig.scrape().await;
        assert_eq!(scrape.all(TAGS, &[]).len(), products);
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_turned_off_is_neither_asked_nor_shown() {
    let world = world(vec![ProvisionedProduct::tainted(0).tagged("Owner", "me")]);
    let rig = Rig::with(world, |config| config.enrich.records = false).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!((rig.simulator.count(SEARCH), rig.simulator.count(DESCRIBE)), (0, 0));
    for stage in [NAMES_AND_TAGS, RECORDS] {
        assert!(!scrape.text.contains(&format!("stage=\"{stage}\"")), "{stage}");
    }
    for family in [TAGS, CREATED, UPDATED] {
        assert!(scrape.all(family, &[]).is_empty());
    }
    assert_eq!(product_name(&scrape, 0), "");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_record_is_read_once_a_scan_and_a_final_one_once_in_all() {
    let under_change = |n| ProvisionedProduct::healthy(n).with_status("UNDER_CHANGE");
    let moved = |moved: f64| ProvisionedProduct {
        record_created_time: Some(1_700_000_000.5),
        record_updated_time: Some(moved),
        ..under_change(1)
    };
    let products = vec![
        ProvisionedProduct::tainted(0),
        moved(1_700_000_100.25),
        ProvisionedProduct::healthy(2),
    ];
    let rig = Rig::new(world(products)).await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(rig.simulator.count(DESCRIBE), 2, "an AVAILABLE product is not asked about");
    assert_eq!(succeeded(&scrape, RECORDS), Some(1.0));
    assert_eq!(of(&scrape, CREATED, 1), Some(1_700_000_000.5));
    assert_eq!(of(&scrape, UPDATED, 1), Some(1_700_000_100.25));
    assert!(of(&scrape, CREATED, 0).is_some() && of(&scrape, CREATED, 2).is_none());
    change(&rig, |products| products[1] = moved(1_700_000_200.75));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(rig.simulator.count(DESCRIBE), 3, "only the open one");
    assert_eq!(of(&scrape, UPDATED, 1), Some(1_700_000_200.75));
    assert!(of(&scrape, CREATED, 0).is_some(), "what is final stays known");
    // It fails: read once more, and then never again.
    change(&rig, |products| products[1].status = Some("TAINTED".into()));
    for _ in 0..3 {
        rig.scan().await;
    }
    assert_eq!(rig.simulator.count(DESCRIBE), 4);
    // Another operation on it is another record.
    change(&rig, |products| {
        products[1] = under_change(1);
        products[1].last_record_id = Some("rec-another".into());
    });
    rig.scan().await;
    assert_eq!(rig.simulator.count(DESCRIBE), 5);
    change(&rig, |products| products[1].status = Some("AVAILABLE".into()));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!((rig.simulator.count(DESCRIBE), of(&scrape, UPDATED, 1)), (5, None));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_is_denied_says_so_rests_and_harms_no_other() {
    let cases = [
        (SEARCH, NAMES_AND_TAGS, RECORDS, What::Denied, "access_denied"),
        (SEARCH, NAMES_AND_TAGS, RECORDS, What::DeniedByScp, "scp_denied"),
        (DESCRIBE, RECORDS, NAMES_AND_TAGS, What::Denied, "access_denied"),
        (DESCRIBE, RECORDS, NAMES_AND_TAGS, What::DeniedByScp, "scp_denied"),
    ];
    for (operation, denied, other, what, reason) in cases {
        let mut products: Vec<_> = (0..10).map(ProvisionedProduct::tainted).collect();
        products.push(ProvisionedProduct::stack_set(10, StackInstance::current(3)));
        let rig = Rig::with(world(products), |config| {
            with_names(config);
            config.aws.concurrency = 1;
        })
        .await;
        rig.simulator.inject(Fault::new(what).on(operation));
        let first = rig.scan_and_scrape().await;
        assert_eq!(rig.simulator.count(operation), 1, "the others would be denied alike");
        let mut last = Scrape::default();
        for _ in 0..3 {
            last = rig.scan_and_scrape().await;
        }
        for scrape in [&first, &last] {
            assert_untouched(scrape, 11);
            assert_eq!(scrape.failure(denied), Some(reason));
            assert_eq!(failures(scrape, denied), Some(1.0), "it does not run, so it cannot fail");
            assert_eq!(succeeded(scrape, other), Some(1.0));
        }
        assert_eq!(rig.simulator.count(operation), 1, "{reason}: it rests");
        let instances = [("status", "CURRENT")];
        assert_eq!(last.value("servicecatalog_stack_instances", &instances), Some(3.0));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_fails_on_a_later_page_replaces_nothing() {
    let rig = Rig::with(healthy(150), with_names).await;
    rig.scan().await;
    change(&rig, |products| {
        products[0].product_name = Some("Renamed".into());
        products.remove(1);
        products.push(ProvisionedProduct::healthy(150));
    });
    rig.simulator.inject(Fault::new(What::Denied).on(SEARCH).on_page(Page::Nth(2)).times(1));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure(NAMES_AND_TAGS), Some("access_denied"));
    assert_untouched(&scrape, 150);
    assert_eq!(product_name(&scrape, 0), "Bucket", "the last complete answer stays");
    assert_eq!(product_name(&scrape, 149), "Website");
    assert_eq!(product_name(&scrape, 150), "", "never known");
    assert!(scrape.all(TAGS, &[("provisioned_product_id", &id(1))]).is_empty(), "it is gone");
    assert!(scrape.all(TAGS, &[("provisioned_product_id", &id(150))]).is_empty());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_comes_again_fails_the_search_only() {
    let rig = Rig::with(healthy(250), with_names).await;
    rig.simulator.inject(Fault::new(What::RepeatedToken).on(SEARCH));
    let scrape = rig.scan_and_scrape().await;
    assert_untouched(&scrape, 250);
    assert_eq!(scrape.failure(NAMES_AND_TAGS), Some("invalid_response"));
    assert!(scrape.all(TAGS, &[]).is_empty(), "a partial list is never shown");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_are_served_while_a_record_hangs_and_its_stage_ends_before_the_next_scan() {
    let products = vec![
        ProvisionedProduct::tainted(0),
        ProvisionedProduct::stack_set(1, StackInstance::current(3)),
    ];
    let rig = Rig::with(world(products), |config| {
        config.scan.interval = Duration::from_secs(4);
        config.aws.attempt_timeout = Duration::from_secs(600);
    })
    .await;
    rig.simulator.inject(Fault::new(What::Hang).on(DESCRIBE));
    rig.tick().await;
    let early = rig.wait_for(|target| target.instances().is_some()).await;
    assert_eq!(early.snapshot.targets[0].scans(), 0, "the attempt has not ended");
    rig.wait_for(|target| target.scans() == 1 && target.account.is_some()).await;
    let scrape = rig.scrape().await;
    assert_untouched(&scrape, 2);
    assert_eq!(scrape.failure(RECORDS), Some("timeout"));
    let took = scrape.value("servicecatalog_scan_duration_seconds", &[("stage", RECORDS)]).unwrap();
    assert!((1.0..3.1).contains(&took), "three quarters of the interval, less the list: {took}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_product_list_nothing_is_asked_and_what_is_known_stays() {
    let rig = Rig::with(world(vec![ProvisionedProduct::tainted(0)]), with_names).await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Denied).on(SCAN));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!((rig.simulator.count(SEARCH), rig.simulator.count(DESCRIBE)), (1, 1));
    for stage in [NAMES_AND_TAGS, RECORDS] {
        assert_eq!((succeeded(&scrape, stage), failures(&scrape, stage)), (Some(1.0), Some(0.0)));
    }
    assert_eq!(product_name(&scrape, 0), "Bucket");
    assert!(of(&scrape, UPDATED, 0).is_some());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_aws_does_not_know_fails_its_stage_when_it_is_asked_for_again_in_vain() {
    let products = vec![ProvisionedProduct::tainted(0), ProvisionedProduct::tainted(1)];
    let rig = Rig::with(world(products), |config| config.aws.concurrency = 1).await;
    rig.simulator.inject(Fault::new(What::NotFound).on(DESCRIBE).times(1));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure(RECORDS), None, "it may just be gone");
    assert_eq!((of(&scrape, CREATED, 0), of(&scrape, CREATED, 1).is_some()), (None, true));
    rig.simulator.inject(Fault::new(What::NotFound).on(DESCRIBE));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure(RECORDS), Some("access_denied"));
    assert_untouched(&scrape, 2);
    let calls = rig.simulator.count(DESCRIBE);
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure(RECORDS), Some("access_denied"));
    assert_eq!(rig.simulator.count(DESCRIBE), calls, "it rests");
    rig.stop().await;
}
