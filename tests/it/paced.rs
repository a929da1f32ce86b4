//! In which order, how many at once and how fast AWS is asked.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use servicecatalog_exporter::sim::{
    self, Fault, Operation, Page, ProvisionedProduct, StackInstance, What, World,
};

use crate::support::{PATIENCE, Rig};

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;

/// Products of which the first are stack sets with one instance.
fn world(products: usize, stack_sets: usize) -> World {
    World::sized(products, stack_sets, 1)
}

/// The places in the world of the products whose listings were asked for, in that order.
fn listed(rig: &Rig) -> Vec<usize> {
    let ids = rig.simulator.with_world(|world| world.ids(sim::ACCOUNT, sim::REGION));
    let calls = rig.simulator.calls();
    let listed = calls.iter().filter(|call| call.operation == Some(LIST));
    let place = |id: &str| ids.iter().position(|known| known == id).unwrap();
    listed.map(|call| place(call.product_id.as_deref().unwrap())).collect()
}

/// Waits until so many listings were asked for.
async fn listings_asked_for(rig: &Rig, many: usize) {
    let asked = rig.simulator.wait_until(|log| log.count(LIST) >= many as u64);
    tokio::time::timeout(PATIENCE, asked).await.expect("the listings were never asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_is_asked_for_while_the_next_page_of_products_is_fetched() {
    let rig = Rig::new(world(41, 1)).await;
    rig.simulator.inject(Fault::new(What::Hang).on(SCAN).on_page(Page::Nth(2)));
    rig.tick().await;
    listings_asked_for(&rig, 1).await;
    assert!(rig.simulator.count(SCAN) <= 2, "the second page never comes");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_products_are_fetched_to_the_last_one_while_listings_hang() {
    for concurrency in [2, 5] {
        let rig = Rig::with(world(81, 20), |config| config.aws.concurrency = concurrency).await;
        rig.simulator.inject(Fault::new(What::Hang).on(LIST));
        rig.tick().await;
        let published = rig.wait_for(|target| target.products().is_some()).await;
        assert_eq!(published.snapshot.targets[0].products().unwrap().len(), 81);
        assert_eq!(rig.simulator.count(SCAN), 5);
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_products_go_first_where_only_one_call_may_be_in_flight() {
    let rig = Rig::with(world(81, 20), |config| config.aws.concurrency = 1).await;
    rig.scan().await;
    let calls = rig.simulator.calls();
    let catalog = calls.iter().filter_map(|call| call.operation);
    let order: Vec<_> = catalog.filter(|operation| [SCAN, LIST].contains(operation)).collect();
    assert_eq!(order, [[SCAN; 5].as_slice(), &[LIST; 20]].concat());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stack_sets_that_were_never_listed_come_first_and_then_the_oldest() {
    let rig = Rig::with(world(6, 6), |config| {
        config.aws.concurrency = 1;
        config.aws.max_attempts = 1;
    });
    let rig = rig.await;
    let ids = rig.simulator.with_world(|world| world.ids(sim::ACCOUNT, sim::REGION));
    for odd in [1, 3, 5] {
        rig.simulator.inject(Fault::new(What::InternalFailure).for_product(&*ids[odd]).times(1));
    }
    for expected in [[0, 1, 2, 3, 4, 5], [1, 3, 5, 0, 2, 4], [1, 3, 5, 0, 2, 4]] {
        rig.simulator.forget_calls();
        rig.scan().await;
        assert_eq!(listed(&rig), expected);
    }
    // A new one is older than all.
    let new = ProvisionedProduct::stack_set(6, StackInstance::current(1));
    rig.simulator.with_world(|world| world.add(sim::ACCOUNT, sim::REGION, new));
    rig.simulator.forget_calls();
    rig.scan().await;
    assert_eq!(listed(&rig)[0], 6);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_deadline_kept_from_being_listed_comes_first_in_the_next_scan() {
    let rig = Rig::with(world(6, 6), |config| {
        config.aws.concurrency = 1;
        config.scan.timeout = Duration::from_secs(2);
    });
    let rig = rig.await;
    let ids = rig.simulator.with_world(|world| world.ids(sim::ACCOUNT, sim::REGION));
    rig.simulator.inject(Fault::new(What::Hang).for_product(&*ids[3]).times(1));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure("stack_instances"), Some("timeout"));
    assert_eq!(listed(&rig), [0, 1, 2, 3]);
    rig.simulator.forget_calls();
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.failure("stack_instances"), None);
    assert_eq!(listed(&rig), [3, 4, 5, 0, 1, 2]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_calls_are_in_flight_for_a_target_than_allowed_and_as_many_are() {
    for concurrency in [1, 2, 5] {
        let rig = Rig::with(world(61, 40), |config| config.aws.concurrency = concurrency).await;
        // In the first scan the one call that asks who we are is beside them.
        rig.scan().await;
        rig.simulator.forget_calls();
        rig.simulator.set_latency(Duration::from_millis(3));
        rig.scan().await;
        let in_flight = || rig.simulator.concurrency_of(sim::ACCOUNT, sim::REGION);
        assert!(in_flight().highest <= concurrency, "{:?} of {concurrency}", in_flight());

        rig.simulator.set_latency(Duration::ZERO);
        rig.simulator.forget_calls();
        rig.simulator.inject(Fault::new(What::Hang).on(LIST));
        rig.tick().await;
        listings_asked_for(&rig, concurrency).await;
        assert_eq!(in_flight().highest, concurrency);
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_the_process_holds_for_every_call() {
    let rig = Rig::with(world(61, 40), |config| {
        config.aws.concurrency = 10;
        config.aws.max_in_flight = 2;
    });
    let rig = rig.await;
    rig.simulator.set_latency(Duration::from_millis(3));
    for _ in 0..2 {
        let scrape = rig.scan_and_scrape().await;
        assert_eq!(scrape.failure("stack_instances"), None);
    }
    assert!(rig.simulator.concurrency().highest <= 2, "{:?}", rig.simulator.concurrency());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_is_never_asked_faster_than_its_rate_and_one_burst_from_scan_to_scan_retries_included()
{
    const RATE: f64 = 20.0;
    const BURST: u32 = 5;
    let rig = Rig::with(world(25, 25), |config| {
        config.aws.max_requests_per_second = RATE;
        config.aws.burst = BURST;
        config.aws.concurrency = 5;
    });
    let rig = rig.await;
    rig.simulator.inject(Fault::new(What::InternalFailure).with_probability(0.2));
    for _ in 0..2 {
        rig.scan().await;
    }
    let scrape = rig.scrape().await;
    assert!(scrape.sum("servicecatalog_aws_request_retries_total", &[]) > 0.0);
    assert!(scrape.value("servicecatalog_aws_rate_limiter_wait_seconds_total", &[]) > Some(0.0));
    let calls = rig.simulator.calls();
    for operation in [SCAN, LIST] {
        let of_it = calls.iter().filter(|call| call.operation == Some(operation));
        for (before, call) in of_it.enumerate() {
            // On its way a call can only be delayed, so it may come late but not early.
            let allowed = RATE * call.at.as_secs_f64() + f64::from(BURST);
            let came = before as f64 + 1.0;
            assert!(came <= allowed, "{came} calls of {operation:?} within {:?}", call.at);
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_throttle_aws_is_asked_half_as_fast_from_scan_to_scan() {
    const RATE: f64 = 20.0;
    let rig = Rig::with(world(8, 8), |config| {
        config.aws.max_requests_per_second = RATE;
        config.aws.concurrency = 5;
    });
    let rig = rig.await;
    rig.simulator.inject(Fault::new(What::Throttle).on(LIST).times(1));
    for _ in 0..2 {
        let scrape = rig.scan_and_scrape().await;
        assert_eq!(scrape.failure("stack_instances"), None);
    }
    let calls = rig.simulator.calls();
    let listings: Vec<_> = calls.iter().filter(|call| call.operation == Some(LIST)).collect();
    assert_eq!(listings.len(), 17, "two scans, and the call that was throttled");
    // Before the throttle was known the burst may have gone, of 5 calls.
    for (after, call) in listings.iter().skip(5).enumerate() {
        let allowed = RATE / 2.0 * (call.at - listings[0].at).as_secs_f64();
        assert!(after as f64 + 1.0 <= allowed, "{} calls within {:?}", after + 6, call.at);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_in_which_nothing_changed_is_published_once_when_it_ends() {
    let rig = Rig::new(world(41, 1)).await;
    rig.scan().await;
    // Begin, list and end are far enough apart for a publication each.
    rig.simulator.set_latency(Duration::from_millis(100));
    let begun = Instant::now();
    rig.tick().await;
    let mut taken = BTreeSet::new();
    let ended = rig.reader.wait_for(|published| {
        taken.insert(published.snapshot.taken.uptime);
        published.snapshot.targets[0].scans() == 2
    });
    tokio::time::timeout(PATIENCE, ended).await.expect("the scan ends").expect("the pump runs");
    // The one before it, the one of its end, and one with the counters every 15 seconds.
    let most = 2 + begun.elapsed().as_secs() / 15;
    assert!(taken.len() as u64 <= most, "{taken:?}");
    rig.stop().await;
}
