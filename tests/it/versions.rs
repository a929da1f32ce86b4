//! Versions of products: what they cost, who is told them by which call, and that nothing else
//! depends on them.

use std::time::Duration;

use servicecatalog_exporter::config::Versions;
use servicecatalog_exporter::sim::{
    ACCOUNT, Access, Call, Fault, Offer, Operation, ProvisionedProduct, REGION, Version, What,
    World,
};

use crate::support::Rig;
use crate::support::clock::Hands;
use crate::support::exposition::Scrape;

const LIST: Operation = Operation::ListProvisioningArtifacts;
const PRODUCT: Operation = Operation::DescribeProduct;
const AS_ADMIN: Operation = Operation::DescribeProductAsAdmin;
const ALL: [Operation; 3] = [LIST, PRODUCT, AS_ADMIN];

const INFO: &str = "servicecatalog_provisioning_artifact_info";
const CREATED: &str = "servicecatalog_provisioning_artifact_created_timestamp_seconds";
const COUNTED: &str = "servicecatalog_provisioned_products_by_artifact";
const VERSIONS: &str = "versions";

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const REST: Duration = Duration::from_secs(30 * 60);

fn product_id(n: usize) -> String {
    format!("prod-{n:013}")
}

/// So many provisioned products of five products of the catalog, each of its own version.
fn world(count: usize) -> World {
    let mut world = World::empty(ACCOUNT, REGION);
    *world.catalog_mut(ACCOUNT, REGION).products_mut() =
        (0..count).map(ProvisionedProduct::healthy).collect();
    world
}

fn offer(world: &mut World, n: usize, access: Access, versions: &[Version]) {
    let offer = Offer { access, versions: versions.to_vec() };
    world.catalog_mut(ACCOUNT, REGION).offer(product_id(n), offer);
}

/// What `healthy(n)` was launched from, and what came after it.
fn used_and_newer(n: usize) -> [Version; 2] {
    let used = format!("pa-{n:013}");
    [
        Version::active(used, 1_500_000_000.0),
        Version::active("pa-newer", 1_600_000_000.5).named("v2"),
    ]
}

async fn rig(world: World) -> (Rig, Hands) {
    Rig::by_hand(world, |config| {
        config.versions = Some(Versions { refresh: DAY });
        // Data outlives the hours that these tests skip.
        config.scan.serve_stale_for = 30 * DAY;
        config.scan.stack_instances.max_age = 30 * DAY;
    })
    .await
}

fn counts(rig: &Rig) -> [u64; 3] {
    ALL.map(|operation| rig.simulator.count(operation))
}

fn succeeded(scrape: &Scrape) -> Option<f64> {
    scrape.value("servicecatalog_scan_success", &[("stage", VERSIONS)])
}

/// Products and stack instances are complete, and said to be.
fn assert_untouched(scrape: &Scrape, products: usize) {
    let listed = scrape.value("servicecatalog_scan_provisioned_products", &[]);
    assert_eq!(listed, Some(products as f64));
    for stage in ["products", "stack_instances"] {
        assert_eq!(scrape.failure(stage), None);
        assert_eq!(scrape.value("servicecatalog_scan_success", &[("stage", stage)]), Some(1.0));
    }
}

/// Name, guidance and activity of a version of product `n`.
fn told(scrape: &Scrape, n: usize, artifact: &str) -> Option<[String; 3]> {
    let product = product_id(n);
    let labels = [("product_id", &*product), ("provisioning_artifact_id", artifact)];
    let series = scrape.all(INFO, &labels);
    assert!(series.len() < 2, "one version, one series: {series:?}");
    let label = |name| series.first().map(|series| series.label(name).to_owned());
    Some([label("provisioning_artifact_name")?, label("guidance")?, label("active")?])
}

fn texts<const N: usize>(texts: [&str; N]) -> Option<[String; N]> {
    Some(texts.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_in_use_and_the_newest_are_told_and_products_counted_by_them() {
    let mut world = world(12);
    let [used, newer] = used_and_newer(0);
    let unused = Version::active("pa-unused", 1_550_000_000.0).named("v1.5");
    let withdrawn = Version::active("pa-withdrawn", 1_700_000_000.0).named("v3").inactive();
    offer(&mut world, 0, Access::Owner, &[used.deprecated(), unused, newer, withdrawn]);
    let [used, newer] = used_and_newer(1);
    offer(&mut world, 1, Access::Owner, &[used.inactive(), newer]);
    // Of the third product the version in use was deleted.
    offer(&mut world, 2, Access::Owner, &used_and_newer(2)[1..]);
    let (rig, _) = rig(world).await;
    rig.scan().await;
    let scrape = rig.scan_and_scrape().await;
    assert_untouched(&scrape, 12);
    assert_eq!((succeeded(&scrape), scrape.failure(VERSIONS)), (Some(1.0), None));
    let used = |n: usize| told(&scrape, n, &format!("pa-{n:013}"));
    assert_eq!(used(0), texts(["v1", "DEPRECATED", "true"]));
    assert_eq!(used(1), texts(["v1", "DEFAULT", "false"]));
    assert_eq!(used(2), texts(["", "", "false"]));
    for n in 0..3 {
        assert_eq!(told(&scrape, n, "pa-newer"), texts(["v2", "DEFAULT", "true"]));
        let product = product_id(n);
        let newest = [("product_id", &*product), ("provisioning_artifact_id", "pa-newer")];
        assert_eq!(scrape.value(CREATED, &newest), Some(1_600_000_000.5));
    }
    assert_eq!(scrape.all(INFO, &[]).len(), 6, "neither what is unused nor what is not asked yet");
    let counted: Vec<_> = scrape.all(COUNTED, &[]).iter().map(|series| series.value).collect();
    assert_eq!(counted, [3.0, 3.0, 2.0, 2.0, 2.0], "all products, asked about or not");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_still_world_costs_one_call_a_product_and_day_and_the_first_scan_none() {
    let (rig, hands) = rig(world(10)).await;
    rig.scan().await;
    assert_eq!(counts(&rig), [0; 3], "a fleet that starts does not ask all at once");
    // With the first scan the account was asked for, beside it.
    rig.simulator.forget_calls();
    rig.scan().await;
    assert_eq!(counts(&rig), [3, 0, 0], "a few in each scan");
    for _ in 0..5 {
        rig.scan().await;
    }
    assert_eq!(counts(&rig), [5, 0, 0], "five products");
    for hours in [1, 12, 10] {
        hands.forward(hours * HOUR);
        rig.scan().await;
    }
    assert_eq!(counts(&rig), [5, 0, 0]);
    for day in 1..4 {
        hands.forward(DAY);
        for _ in 0..4 {
            rig.scan().await;
        }
        assert_eq!(counts(&rig), [5 + 5 * day, 0, 0]);
    }
    let asked: Vec<_> =
        rig.simulator.calls().into_iter().filter(|call| call.operation == Some(LIST)).collect();
    let of_a_day: Vec<_> = asked[5..10].iter().map(|call| call.about.clone().unwrap()).collect();
    assert_eq!(of_a_day, (0..5).map(product_id).collect::<Vec<_>>());
    assert_eq!(rig.simulator.concurrency_of(ACCOUNT, REGION).highest, 1, "one after the other");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_access_is_told_by_the_call_that_is_for_it_and_refused_ones_are_not_repeated()
{
    let cases = [
        (Access::Owner, [1, 0, 0], [2, 0, 0], ["v1", "DEPRECATED", "true"]),
        (Access::EndUser, [1, 1, 0], [1, 2, 0], ["v1", "DEPRECATED", "true"]),
        (Access::Imported, [1, 1, 1], [1, 1, 2], ["v1", "", ""]),
    ];
    for (access, first, second, labels) in cases {
        let mut world = world(1);
        let [used, newer] = used_and_newer(0);
        let withdrawn = Version::active("pa-withdrawn", 1_700_000_000.0).inactive();
        offer(&mut world, 0, access, &[used.deprecated(), newer, withdrawn]);
        let (rig, hands) = rig(world).await;
        rig.scan().await;
        let scrape = rig.scan_and_scrape().await;
        assert_eq!(counts(&rig), first, "{access:?}");
        assert_eq!((succeeded(&scrape), scrape.failure(VERSIONS)), (Some(1.0), None));
        assert_eq!(told(&scrape, 0, "pa-0000000000000"), texts(labels), "{access:?}");
        let newest = if access == Access::Imported { "pa-withdrawn" } else { "pa-newer" };
        assert!(told(&scrape, 0, newest).is_some(), "{access:?}");
        hands.forward(DAY);
        rig.scan().await;
        assert_eq!(counts(&rig), second, "{access:?}");
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_user_is_not_shown_a_version_that_is_inactive_and_so_it_is() {
    let mut world = world(1);
    let [used, newer] = used_and_newer(0);
    offer(&mut world, 0, Access::EndUser, &[used.inactive(), newer]);
    let (rig, _) = rig(world).await;
    rig.scan().await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(told(&scrape, 0, "pa-0000000000000"), texts(["", "", "false"]));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_make_one_of_the_calls_only_makes_that_one_from_then_on() {
    let mut world = world(10);
    for n in 0..5 {
        offer(&mut world, n, Access::EndUser, &used_and_newer(n));
    }
    let (rig, _) = rig(world).await;
    rig.simulator.inject(Fault::new(What::Denied).on(LIST));
    let mut scrape = Scrape::default();
    for _ in 0..6 {
        scrape = rig.scan_and_scrape().await;
    }
    assert_eq!(counts(&rig), [1, 5, 0], "what is denied for one is denied for all");
    assert_eq!((succeeded(&scrape), scrape.failure(VERSIONS)), (Some(1.0), None));
    assert_eq!(scrape.all(INFO, &[("active", "true")]).len(), 10);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_make_none_of_them_is_told_why_rests_and_harms_nothing() {
    for (what, reason) in [(What::Denied, "access_denied"), (What::DeniedByScp, "scp_denied")] {
        let (rig, hands) = rig(world(10)).await;
        for operation in ALL {
            rig.simulator.inject(Fault::new(what.clone()).on(operation));
        }
        let mut scrape = Scrape::default();
        for _ in 0..5 {
            scrape = rig.scan_and_scrape().await;
        }
        assert_eq!(counts(&rig), [1; 3], "it rests");
        assert_untouched(&scrape, 10);
        assert_eq!((succeeded(&scrape), scrape.failure(VERSIONS)), (Some(0.0), Some(reason)));
        let failures = scrape.value("servicecatalog_scan_failures_total", &[("stage", VERSIONS)]);
        assert_eq!(failures, Some(1.0), "it does not run, so it cannot fail");
        assert!(scrape.all(INFO, &[]).is_empty(), "a failure never becomes a version");
        assert_eq!(scrape.all(COUNTED, &[]).len(), 5, "the product list knows these");
        hands.forward(REST);
        rig.scan().await;
        assert_eq!(counts(&rig), [2; 3]);
        // Somebody gives the permission.
        rig.simulator.clear_faults();
        hands.forward(REST);
        let scrape = rig.scan_and_scrape().await;
        assert_eq!((succeeded(&scrape), scrape.all(INFO, &[]).len()), (Some(1.0), 3));
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_fails_keeps_what_is_known_of_it_and_does_not_hold_up_the_others() {
    let mut world = world(10);
    offer(&mut world, 0, Access::Owner, &used_and_newer(0));
    let (rig, hands) = rig(world).await;
    for _ in 0..3 {
        rig.scan().await;
    }
    rig.simulator.inject(Fault::new(What::MalformedJson).about(product_id(0)));
    hands.forward(DAY);
    let mut scrape = Scrape::default();
    for _ in 0..4 {
        scrape = rig.scan_and_scrape().await;
    }
    assert_eq!(counts(&rig), [10, 0, 0], "once each: what cannot be read rests");
    assert_untouched(&scrape, 10);
    assert_eq!(scrape.failure(VERSIONS), Some("invalid_response"));
    assert_eq!(told(&scrape, 0, "pa-newer"), texts(["v2", "DEFAULT", "true"]), "it stays");
    assert_eq!(scrape.all(INFO, &[]).len(), 6);
    // Nothing confirms it for three days.
    hands.forward(DAY);
    rig.scan().await;
    hands.forward(DAY);
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(told(&scrape, 0, "pa-newer"), None, "unknown again");
    rig.simulator.clear_faults();
    hands.forward(DAY);
    for _ in 0..3 {
        rig.scan().await;
    }
    let scrape = rig.scrape().await;
    assert_eq!((succeeded(&scrape), scrape.all(INFO, &[]).len()), (Some(1.0), 6));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_ends_it_for_ten_minutes_and_then_it_goes_on_where_it_was() {
    let (rig, hands) = rig(world(10)).await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Throttle).about(product_id(1)).times(1));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(counts(&rig), [2, 0, 0], "it is not repeated, and nothing else is asked");
    assert_untouched(&scrape, 10);
    assert_eq!(scrape.failure(VERSIONS), Some("throttled"));
    assert_eq!(scrape.all(INFO, &[]).len(), 1, "what was told before it counts");
    rig.scan().await;
    assert_eq!(counts(&rig), [2, 0, 0]);
    hands.forward(Duration::from_secs(600));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(counts(&rig), [5, 0, 0]);
    assert_eq!((succeeded(&scrape), scrape.all(INFO, &[]).len()), (Some(1.0), 4));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_nobody_uses_any_more_disappears_and_a_new_one_is_asked_for_in_the_next_scan()
 {
    let (rig, _) = rig(world(2)).await;
    rig.scan().await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.all(INFO, &[]).len(), 2);
    rig.simulator.with_world(|world| {
        let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
        products.remove(0);
        products.push(ProvisionedProduct::healthy(3));
    });
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.all(INFO, &[("product_id", &product_id(0))]).len(), 0);
    assert_eq!((counts(&rig), scrape.all(COUNTED, &[]).len()), ([2, 0, 0], 2));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.all(INFO, &[("product_id", &product_id(3))]).len(), 1);
    assert_eq!(counts(&rig), [3, 0, 0]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_nothing_is_asked_and_there_are_no_such_series() {
    let rig = Rig::new(world(5)).await;
    rig.scan().await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(counts(&rig), [0; 3]);
    for family in [INFO, CREATED, COUNTED] {
        assert!(scrape.all(family, &[]).is_empty());
    }
    assert_eq!(succeeded(&scrape), None);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_calls_share_a_rate_far_below_that_of_all_others() {
    let mut world = world(1);
    offer(&mut world, 0, Access::Imported, &used_and_newer(0));
    let rig = Rig::with(world, |config| {
        config.versions = Some(Versions { refresh: DAY });
        // A twenty-fifth is four a second.
        (config.aws.max_requests_per_second, config.aws.burst) = (100.0, 100);
    })
    .await;
    rig.scan().await;
    rig.scan().await;
    assert_eq!(counts(&rig), [1; 3]);
    let calls = rig.simulator.calls().into_iter();
    let of_versions = |call: &Call| call.operation.is_some_and(|it| ALL.contains(&it));
    let at: Vec<Duration> = calls.filter(of_versions).map(|call| call.at).collect();
    for pair in at.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(240), "{at:?}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_time_of_a_scan_is_over_the_next_one_goes_on_and_nothing_has_failed() {
    let mut world = world(1);
    offer(&mut world, 0, Access::Imported, &used_and_newer(0));
    let rig = Rig::with(world, |config| {
        config.versions = Some(Versions { refresh: DAY });
        // Three quarters of it are a second and a half.
        config.scan.interval = Duration::from_secs(2);
        // A twenty-fifth is one a second.
        (config.aws.max_requests_per_second, config.aws.burst) = (25.0, 25);
    })
    .await;
    rig.scan().await;
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(counts(&rig), [1, 1, 0], "there is no time for a third one");
    assert_eq!((succeeded(&scrape), scrape.failure(VERSIONS)), (Some(1.0), None));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(counts(&rig), [1; 3]);
    assert_eq!((succeeded(&scrape), scrape.all(INFO, &[]).len()), (Some(1.0), 2));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_call_fails_its_stage_only_and_listings_do_not_wait_for_it() {
    let rig = Rig::with(world(5), |config| {
        config.versions = Some(Versions { refresh: DAY });
        config.scan.interval = Duration::from_secs(4);
        config.aws.attempt_timeout = Duration::from_secs(600);
    })
    .await;
    rig.scan().await;
    rig.simulator.inject(Fault::new(What::Hang).on(LIST));
    let scrape = rig.scan_and_scrape().await;
    assert_untouched(&scrape, 5);
    assert_eq!(scrape.failure(VERSIONS), Some("timeout"));
    assert_eq!(counts(&rig), [1, 0, 0]);
    rig.stop().await;
}
