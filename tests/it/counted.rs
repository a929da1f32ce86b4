//! How many calls of AWS a scan makes, what it asks for, and how it counts them.

mod changed;

use std::collections::BTreeMap;
use std::time::Duration;

use servicecatalog_exporter::model::InstanceStatus;
use servicecatalog_exporter::sim::{
    self, Call, Fault, Operation, Outcome, ProvisionedProduct, Simulator, StackInstance, What,
    World,
};

use crate::support::Rig;

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;
const WHO: Operation = Operation::GetCallerIdentity;

/// Products of which the first are stack sets with so many instances.
fn world(products: usize, stack_sets: &[usize]) -> World {
    let mut world = World::sized(products, 0, 0);
    let catalog = world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut();
    for (n, instances) in stack_sets.iter().enumerate() {
        catalog[n] = ProvisionedProduct::stack_set(n, StackInstance::current(*instances));
    }
    world
}

fn calls_of(simulator: &Simulator, operation: Operation) -> Vec<Call> {
    let mut calls = simulator.calls();
    calls.retain(|call| call.operation == Some(operation));
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_scan_makes_exactly_the_calls_that_its_pages_need() {
    let cases: [(usize, &[usize]); 8] = [
        (0, &[]),
        (1, &[]),
        (20, &[0]),
        (21, &[1]),
        (40, &[20]),
        (41, &[21]),
        (19, &[100, 0, 40]),
        (60, &[0, 1, 20, 21, 100]),
    ];
    for (products, stack_sets) in cases {
        let rig = Rig::new(world(products, stack_sets)).await;
        for _ in 0..2 {
            rig.simulator.forget_calls();
            rig.scan().await;
            // An account without products has one empty page.
            let pages = products.div_ceil(20).max(1);
            let listings: usize = stack_sets.iter().map(|many| many.div_ceil(20).max(1)).sum();
            let case = format!("{products} products, stack sets of {stack_sets:?}");
            assert_eq!(rig.simulator.count(SCAN), pages as u64, "{case}");
            assert_eq!(rig.simulator.count(LIST), listings as u64, "{case}");
        }
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_is_asked_once_for_many_scans() {
    let rig = Rig::new(world(3, &[1])).await;
    for _ in 0..5 {
        rig.scan().await;
    }
    assert_eq!(rig.simulator.count(WHO), 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_asked_for_in_full_and_of_the_whole_account() {
    let rig = Rig::new(world(61, &[41])).await;
    rig.scan().await;
    let pages = calls_of(&rig.simulator, SCAN);
    assert_eq!(pages.len(), 4);
    for page in pages {
        assert_eq!(page.access_level.as_deref(), Some("Account"));
        assert_eq!((page.page_size, page.outcome), (Some(20), Outcome::Answered));
    }
    let pages = calls_of(&rig.simulator, LIST);
    assert_eq!(pages.len(), 3);
    assert!(pages.iter().all(|page| page.page_size == Some(20)));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_set_that_comes_on_two_pages_is_listed_once() {
    let mut world = world(60, &[1; 60]);
    // The first one comes again on the last page, when its listing was asked for long ago.
    world.add(sim::ACCOUNT, sim::REGION, ProvisionedProduct::stack_set(0, Vec::new()));
    let rig = Rig::new(world).await;
    rig.simulator.inject(Fault::new(What::OverlappingPages).on(SCAN));
    let scrape = rig.scan_and_scrape().await;
    let duplicates = scrape.value("servicecatalog_series_dropped", &[("cause", "duplicate")]);
    assert!(duplicates.unwrap() >= 2.0, "the pages overlap: {duplicates:?}");
    let mut listed = BTreeMap::new();
    for call in calls_of(&rig.simulator, LIST) {
        *listed.entry(call.product_id.unwrap()).or_insert(0) += 1;
    }
    assert_eq!(listed.len(), 60);
    assert!(listed.values().all(|times| *times == 1), "{listed:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_denied_three_times_in_a_row_is_not_asked_for_again_in_that_scan() {
    for what in [What::Denied, What::DeniedByScp, What::Expired, What::OptInRequired] {
        let rig = Rig::new(world(100, &[1; 100])).await;
        rig.simulator.inject(Fault::new(what.clone()).on(LIST));
        let scrape = rig.scan_and_scrape().await;
        assert_eq!(scrape.value("servicecatalog_scan_stack_sets_unknown", &[]), Some(100.0));
        assert_ne!(scrape.failure("stack_instances"), None);
        // One more may be under way when the third answer comes.
        let asked = rig.simulator.count(LIST);
        assert!((3..=4).contains(&asked), "{what:?}: {asked} listings");
        rig.simulator.forget_calls();
        rig.simulator.clear_faults();
        let scrape = rig.scan_and_scrape().await;
        assert_eq!(scrape.failure("stack_instances"), None, "the next scan asks for all of them");
        assert_eq!(rig.simulator.count(LIST), 100);
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn denials_of_single_stack_sets_keep_no_other_from_being_listed() {
    let rig = Rig::with(world(20, &[1; 20]), |config| config.aws.concurrency = 1).await;
    let ids = rig.simulator.with_world(|world| world.ids(sim::ACCOUNT, sim::REGION));
    for id in ids.iter().enumerate().filter(|(n, _)| n % 3 != 0).map(|(_, id)| id) {
        rig.simulator.inject(Fault::new(What::Denied).for_product(id.as_str()));
    }
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure("stack_instances"), Some("access_denied"));
    assert_eq!(rig.simulator.count(LIST), 20);
    assert_eq!(scrape.value("servicecatalog_scan_stack_sets_unknown", &[]), Some(13.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_will_not_pass_by_itself_is_asked_once() {
    let permanent = [
        What::Denied,
        What::DeniedByScp,
        What::Expired,
        What::Skewed,
        What::OptInRequired,
        What::UnrecognizedClient,
        What::NotFound,
        What::InvalidParameters,
        What::HugeBody,
    ];
    let rig = Rig::new(world(3, &[1])).await;
    rig.scan().await;
    for what in permanent {
        for operation in [SCAN, LIST] {
            rig.simulator.clear_faults();
            rig.simulator.forget_calls();
            rig.simulator.inject(Fault::new(what.clone()).on(operation));
            rig.scan().await;
            assert_eq!(rig.simulator.count(operation), 1, "{operation:?}: {what:?}");
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_asked_again_for_the_same_page_up_to_max_attempts() {
    let passing =
        [What::InternalFailure, What::ServiceUnavailable, What::Reset, What::MalformedJson];
    for what in passing {
        let rig = Rig::with(world(21, &[21]), |config| config.aws.max_attempts = 3).await;
        for (operation, stage) in [(SCAN, "products"), (LIST, "stack_instances")] {
            let second_page = |times| {
                let fault = Fault::new(what.clone()).on(operation).on_page(sim::Page::Nth(2));
                fault.times(times)
            };
            rig.simulator.forget_calls();
            rig.simulator.inject(second_page(2));
            let scrape = rig.scan_and_scrape().await;
            assert_eq!(scrape.failure(stage), None, "the third attempt succeeds: {what:?}");
            let calls = calls_of(&rig.simulator, operation);
            let tokens: Vec<_> = calls.iter().map(|call| &call.page_token).collect();
            assert_eq!(tokens.len(), 4, "{what:?}");
            assert!(tokens[0].is_none() && tokens[1].is_some());
            assert!(tokens[2..].iter().all(|token| *token == tokens[1]), "{tokens:?}");

            rig.simulator.forget_calls();
            rig.simulator.inject(second_page(3));
            let scrape = rig.scan_and_scrape().await;
            assert!(scrape.failure(stage).is_some(), "there is no fourth attempt: {what:?}");
            assert_eq!(rig.simulator.count(operation), 4, "{what:?}");
        }
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_that_is_throttled_half_of_the_time_completes_whole() {
    let rig = Rig::with(world(100, &[30; 30]), |config| config.aws.max_attempts = 1).await;
    rig.simulator.inject(Fault::new(What::Throttle).with_probability(0.5));
    let scrape = rig.scan_and_scrape().await;
    for stage in ["products", "stack_instances"] {
        assert_eq!(scrape.failure(stage), None);
    }
    assert_eq!(scrape.value("servicecatalog_scan_provisioned_products", &[]), Some(100.0));
    assert_eq!(scrape.value("servicecatalog_scan_stack_instances", &[]), Some(900.0));
    let throttled = scrape.failed_calls(LIST.name(), "throttled");
    assert!(throttled > 10.0, "{throttled} of at least 60 calls were throttled");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_retries_are_counted_as_aws_sees_them() {
    let rig = Rig::with(world(100, &[30; 30]), |config| config.aws.max_attempts = 50).await;
    for what in [What::Throttle, What::InternalFailure, What::Reset, What::ServiceUnavailable] {
        for operation in [SCAN, LIST] {
            rig.simulator.inject(Fault::new(what.clone()).on(operation).with_probability(0.1));
        }
    }
    // Who asks may be known only after a scan, and counters move with the next one.
    rig.scan().await;
    rig.wait_for(|target| target.account.is_some()).await;
    let scrape = rig.scan_and_scrape().await;
    for operation in Operation::ALL {
        let labels = [("operation", operation.name())];
        let counted =
            |name: &str| scrape.sum(&format!("servicecatalog_aws_request{name}"), &labels);
        let calls = calls_of(&rig.simulator, operation);
        assert_eq!(counted("s_total"), calls.len() as f64, "{operation:?}");
        // Nothing fails for good here, and every attempt after a failed one is a retry.
        let failed = calls.iter().filter(|call| call.outcome != Outcome::Answered).count() as f64;
        assert_eq!(counted("_failures_total"), failed, "{operation:?}");
        assert_eq!(counted("_retries_total"), failed, "{operation:?}");
    }
    assert!(scrape.sum("servicecatalog_aws_request_retries_total", &[]) > 20.0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_more_is_asked_once_the_deadline_of_a_scan_has_come() {
    let rig = Rig::with(world(20, &[1; 20]), |config| {
        config.scan.timeout = Duration::from_secs(1);
    });
    let rig = rig.await;
    rig.simulator.inject(Fault::new(What::Hang).on(LIST));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure("stack_instances"), Some("timeout"));
    assert_eq!(rig.simulator.count(LIST), 2, "as many as may be in flight");
    let labels = [("operation", LIST.name())];
    assert_eq!(scrape.value("servicecatalog_aws_requests_total", &labels), Some(2.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn series_of_calls_appear_with_their_first_event() {
    let rig = Rig::new(world(3, &[])).await;
    let scrape = rig.scan_and_scrape().await;
    let requests = scrape.all("servicecatalog_aws_requests_total", &[("operation", LIST.name())]);
    assert!(requests.is_empty(), "there is no stack set to list");
    for family in
        ["request_failures_total", "request_retries_total", "rate_limiter_wait_seconds_total"]
    {
        let name = format!("servicecatalog_aws_{family}");
        assert!(scrape.all(&name, &[]).is_empty(), "{name}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn healthy_instances_are_counted_and_not_kept() {
    let rig = Rig::new(world(1, &[10_000])).await;
    let published = rig.scan().await;
    let listing = published.snapshot.targets[0].listings().next().unwrap().1;
    assert_eq!(listing.value.counts().of(&InstanceStatus::Current), 10_000);
    assert!(listing.value.shown().is_empty());
    rig.stop().await;
}
