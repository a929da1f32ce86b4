//! Calls in proportion to change: with `refresh: changed` a stack set is listed when something
//! speaks against its last listing, and else when its turn has come.

use std::collections::BTreeSet;
use std::time::Duration;

use servicecatalog_exporter::config::{Config, Refresh};
use servicecatalog_exporter::sim::{self, Fault, ProvisionedProduct, StackInstance, What, World};

use super::{LIST, SCAN, calls_of, world};
use crate::support::clock::Hands;
use crate::support::{PATIENCE, Rig};

const INTERVAL: Duration = Duration::from_secs(300);
const MAX_AGE: Duration = Duration::from_secs(1800);
/// How many scans there are between two turns of a stack set.
const SCANS: usize = 6;

/// An exporter and its clock.
struct Watch {
    rig: Rig,
    hands: Hands,
}

impl Watch {
    async fn of(world: World) -> Self {
        Self::with(world, |_| ()).await
    }

    /// Every five minutes, and each stack set every half an hour.
    async fn with(world: World, change: impl FnOnce(&mut Config)) -> Self {
        let (rig, hands) = Rig::by_hand(world, |config| {
            config.scan.interval = INTERVAL;
            config.scan.stack_instances.max_age = MAX_AGE;
            change(config);
        })
        .await;
        Self { rig, hands }
    }

    /// Scans when `later` has passed, and counts the calls for products and for stack instances.
    async fn scan(&self, later: Duration) -> (usize, usize) {
        self.hands.forward(later);
        self.rig.simulator.forget_calls();
        self.rig.scan().await;
        let count = |operation| usize::try_from(self.rig.simulator.count(operation)).unwrap();
        (count(SCAN), count(LIST))
    }

    /// Scans again at once, when nobody has a turn, and counts the calls for stack instances.
    async fn again(&self) -> usize {
        self.scan(Duration::ZERO).await.1
    }

    /// The stack sets that the last scan listed, in the order of asking.
    fn listed(&self) -> Vec<String> {
        let calls = calls_of(&self.rig.simulator, LIST).into_iter();
        calls.filter(|call| call.page_token.is_none()).filter_map(|call| call.product_id).collect()
    }

    fn id(&self, n: usize) -> String {
        self.rig.simulator.with_world(|world| world.ids(sim::ACCOUNT, sim::REGION))[n].clone()
    }

    /// Changes the nth product.
    fn change(&self, n: usize, change: impl FnOnce(&mut ProvisionedProduct)) {
        self.rig.simulator.with_world(|world| {
            change(&mut world.catalog_mut(sim::ACCOUNT, sim::REGION).products_mut()[n]);
        });
    }
}

/// The product gets the record of an operation.
fn operate(product: &mut ProvisionedProduct, record: &str) {
    product.last_record_id = Some(record.into());
}

fn set_all(product: &mut ProvisionedProduct, status: &'static str) {
    product.instances.iter_mut().for_each(|instance| instance.status = Some(status.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_start_lists_everything_and_the_scans_after_it_their_share() {
    let watch = Watch::of(world(61, &[1; 12])).await;
    assert_eq!(watch.scan(INTERVAL).await, (4, 12));
    for scan in 1..=3 * SCANS {
        assert_eq!(watch.scan(INTERVAL).await, (4, 12 / SCANS), "scan {scan}");
    }
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_still_world_each_stack_set_has_its_turn_once_in_a_round() {
    // Of 1, 1, 2, 3, 5 and 1 pages.
    let watch = Watch::of(world(20, &[0, 20, 21, 60, 100, 1])).await;
    assert_eq!(watch.scan(INTERVAL).await, (1, 13));
    for _ in 0..3 {
        let (mut calls, mut turns) = (0, Vec::new());
        for _ in 0..SCANS {
            calls += watch.scan(INTERVAL).await.1;
            turns.extend(watch.listed());
        }
        assert_eq!((calls, turns.len()), (13, 6), "one a scan");
        assert_eq!(turns.iter().collect::<BTreeSet<_>>().len(), 6, "{turns:?}");
    }
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stack_set_costs_one_listing_in_a_round_and_not_one_in_each_scan() {
    let watch = Watch::of(world(1, &[1])).await;
    watch.scan(INTERVAL).await;
    let mut listings = 0;
    for _ in 0..4 * SCANS {
        listings += watch.scan(INTERVAL).await.1;
    }
    assert_eq!(listings, 4);
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_that_follow_at_once_list_nothing() {
    let watch = Watch::of(world(41, &[30; 12])).await;
    assert_eq!(watch.scan(INTERVAL).await, (3, 24));
    for _ in 0..3 {
        assert_eq!(watch.scan(Duration::ZERO).await, (3, 0));
    }
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_product_costs_its_listing_once() {
    let changes: [fn(&mut ProvisionedProduct); 3] = [
        |product| operate(product, "rec-another"),
        |product| product.status = Some("TAINTED".into()),
        |product| product.last_record_id = None,
    ];
    for change in changes {
        let watch = Watch::of(world(20, &[21; 12])).await;
        watch.scan(INTERVAL).await;
        watch.change(7, change);
        assert_eq!(watch.again().await, 2, "two pages of one stack set");
        assert_eq!(watch.listed(), [watch.id(7)]);
        assert_eq!(watch.again().await, 0);
        watch.rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_comes_on_top_of_the_turns() {
    let watch = Watch::of(world(20, &[1; 13])).await;
    watch.scan(INTERVAL).await;
    watch.change(11, |product| operate(product, "rec-another"));
    assert_eq!(watch.scan(INTERVAL).await, (1, 1 + 12 / SCANS), "of the others a sixth");
    assert!(watch.listed().contains(&watch.id(11)));
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_no_stack_set_may_change_for_nothing() {
    let watch = Watch::of(world(20, &[1; 3])).await;
    watch.scan(INTERVAL).await;
    watch.change(7, |product| operate(product, "rec-another"));
    assert_eq!(watch.again().await, 0);
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launched_stack_set_is_listed_when_it_is_first_seen() {
    let watch = Watch::of(world(19, &[1; 12])).await;
    watch.scan(INTERVAL).await;
    let launched = ProvisionedProduct::stack_set(99, StackInstance::current(41));
    watch.rig.simulator.with_world(|world| world.add(sim::ACCOUNT, sim::REGION, launched));
    assert_eq!(watch.again().await, 3);
    assert_eq!(watch.again().await, 0);
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_pause_as_long_as_max_age_everything_is_listed() {
    let watch = Watch::of(world(20, &[1; 12])).await;
    watch.scan(INTERVAL).await;
    assert_eq!(watch.scan(MAX_AGE).await, (1, 12));
    assert_eq!(watch.scan(3 * INTERVAL).await, (1, 6), "three scans' worth");
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_under_change_is_listed_with_each_scan_and_once_when_it_is_done() {
    let watch = Watch::of(world(20, &[1; 12])).await;
    watch.scan(INTERVAL).await;
    watch.change(3, |product| {
        operate(product, "rec-update");
        product.status = Some("UNDER_CHANGE".into());
    });
    for _ in 0..3 {
        assert_eq!(watch.again().await, 1);
        assert_eq!(watch.listed(), [watch.id(3)]);
    }
    watch.change(3, |product| product.status = Some("AVAILABLE".into()));
    assert_eq!(watch.again().await, 1);
    assert_eq!(watch.again().await, 0);
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_failed_or_was_refused_is_asked_for_until_it_succeeds() {
    for what in [What::Denied, What::NotFound, What::InvalidParameters] {
        let watch = Watch::of(world(20, &[1; 12])).await;
        watch.scan(INTERVAL).await;
        watch.change(3, |product| operate(product, "rec-another"));
        let fault = Fault::new(what.clone()).on(LIST).for_product(watch.id(3));
        watch.rig.simulator.inject(fault);
        for _ in 0..3 {
            assert_eq!(watch.again().await, 1, "{what:?}");
        }
        watch.rig.simulator.clear_faults();
        assert_eq!(watch.again().await, 1, "{what:?}");
        assert_eq!(watch.again().await, 0, "{what:?}");
        watch.rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_are_not_current_are_listed_with_each_scan_until_they_are() {
    for status in ["OUTDATED", "INOPERABLE"] {
        let watch = Watch::of(world(20, &[30; 12])).await;
        watch.change(3, |product| product.instances[0].status = Some(status.into()));
        watch.scan(INTERVAL).await;
        for _ in 0..3 {
            assert_eq!(watch.again().await, 2);
            assert_eq!(watch.listed(), [watch.id(3)]);
        }
        watch.change(3, |product| set_all(product, "CURRENT"));
        assert_eq!(watch.again().await, 2);
        assert_eq!(watch.again().await, 0);
        watch.rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_behind_service_catalogs_back_is_seen_within_max_age_and_an_interval() {
    let watch = Watch::of(world(20, &[1; 20])).await;
    watch.scan(INTERVAL).await;
    let mut latest = Duration::ZERO;
    for n in 0..20 {
        // Not the record of the product, nor its status.
        watch.change(n, |product| set_all(product, "OUTDATED"));
        let changed = watch.hands.now().uptime;
        loop {
            watch.scan(INTERVAL).await;
            let scrape = watch.rig.scrape().await;
            let waited = watch.hands.now().uptime - changed;
            if scrape.value("servicecatalog_stack_instances", &[("status", "OUTDATED")])
                == Some(1.0)
            {
                latest = latest.max(waited);
                break;
            }
            assert!(waited <= MAX_AGE + INTERVAL, "product {n} is not seen after {waited:?}");
        }
        watch.change(n, |product| set_all(product, "CURRENT"));
        watch.scan(INTERVAL).await;
    }
    assert!(latest <= MAX_AGE + INTERVAL && latest > INTERVAL, "{latest:?}");
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_while_the_instances_are_listed_is_listed_again() {
    let watch = Watch::of(world(1, &[1])).await;
    watch.scan(INTERVAL).await;
    watch.change(0, |product| operate(product, "rec-2"));
    watch.rig.simulator.set_latency(Duration::from_millis(50));
    watch.rig.simulator.forget_calls();
    let before = watch.rig.scans();
    watch.rig.tick().await;
    // The page said rec-2; whether the listing still sees the next operation or not, nobody knows.
    let asked = watch.rig.simulator.wait_until(|log| log.count(LIST) == 1);
    tokio::time::timeout(PATIENCE, asked).await.unwrap();
    watch.change(0, |product| operate(product, "rec-3"));
    watch.rig.wait_for(|target| target.scans() > before).await;
    assert_eq!(watch.again().await, 1);
    assert_eq!(watch.again().await, 0);
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_listed_goes_first_then_what_changed_then_the_oldest() {
    let watch = Watch::with(world(4, &[1; 4]), |config| config.aws.concurrency = 1).await;
    watch.scan(INTERVAL).await;
    // From now on the first stack set is younger than the others.
    watch.change(0, |product| operate(product, "rec-2"));
    watch.scan(Duration::from_secs(60)).await;
    watch.change(0, |product| operate(product, "rec-3"));
    let launched = ProvisionedProduct::stack_set(99, StackInstance::current(1));
    watch.rig.simulator.with_world(|world| world.add(sim::ACCOUNT, sim::REGION, launched));
    watch.scan(MAX_AGE).await;
    assert_eq!(watch.listed(), [4, 0, 1, 2, 3].map(|n| watch.id(n)));
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn always_lists_everything_with_each_scan() {
    let always = |config: &mut Config| config.scan.stack_instances.refresh = Refresh::Always;
    let watch = Watch::with(world(20, &[21; 12]), always).await;
    for _ in 0..3 {
        assert_eq!(watch.again().await, 24);
    }
    watch.rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_max_age_below_the_interval_is_always() {
    let young = |config: &mut Config| config.scan.stack_instances.max_age = INTERVAL / 3;
    let watch = Watch::with(world(20, &[1; 12]), young).await;
    for _ in 0..3 {
        assert_eq!(watch.scan(INTERVAL).await, (1, 12));
    }
    watch.rig.stop().await;
}
