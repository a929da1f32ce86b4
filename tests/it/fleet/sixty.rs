//! Sixty accounts in three regions, of which some are in trouble.

use std::time::Duration;

use servicecatalog_exporter::sim::{
    Call, Fault, Fleet, Operation, ProvisionedProduct, StackInstance, What, World,
};

use super::*;

const RATE: f64 = 20.0;
const BURST: u32 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn healthy_targets_are_right_and_fresh_whatever_befalls_the_others() {
    let fleet = Fleet {
        accounts: 60,
        regions: regions(&["eu-central-1", "us-east-1", "me-south-1"]),
        products: 25,
        stack_sets: 3,
        instances: 21,
        external_id: Some("sesame".into()),
        ..Fleet::default()
    };
    let account = Fleet::account;
    let throttled = (account(50), "us-east-1".to_owned());
    let mut world = World::fleet(&fleet);
    for n in [3, 17] {
        world.inject(Fault::role_denied(fleet.role_arn(&account(n))));
    }
    world.inject(
        Fault::new(What::Denied).on(Operation::ScanProvisionedProducts).of_account(account(21)),
    );
    world.inject(Fault::new(What::DeniedByScp).of_account(account(30)));
    world.inject(Fault::new(What::Hang).of_account(account(40)));
    // More stack sets than two calls a second can list in time.
    for n in 0..40 {
        let set = ProvisionedProduct::stack_set(90_000 + n, StackInstance::current(1));
        world.add(&throttled.0, &throttled.1, set.at(&throttled.0, &throttled.1));
    }
    let slow = Fault::new(What::Throttle).of_account(&throttled.0).in_region(&throttled.1);
    world.inject(slow.above_rate(2.0, 2.0));

    let rig = Rig::with(world, |config| {
        config.organization = Some(organization(&fleet));
        config.scan.timeout = Duration::from_secs(12);
        config.aws.attempt_timeout = Duration::from_secs(2);
        config.aws.max_attempts = 2;
        config.aws.max_requests_per_second = RATE;
        config.aws.burst = BURST;
    });
    let rig = rig.await;
    found(&rig).await;
    let begun = rig.simulator.with_world(|world| world.unix_time());
    let scrape = scan_all(&rig).await;
    assert_eq!(places(&rig), all_places(&fleet));

    let expected = |place: &Place, stage: &str| {
        let is = |n| place.0 == account(n);
        match stage {
            _ if is(3) || is(17) => Some("credentials"),
            _ if is(21) => Some("access_denied"),
            _ if is(30) => Some("scp_denied"),
            _ if is(40) => Some("timeout"),
            "stack_instances" if *place == throttled => Some("throttled"),
            _ => None,
        }
    };
    for place in all_places(&fleet) {
        let target = [("aws_account_id", &*place.0), ("aws_region", &*place.1)];
        let with = |label| [target[0], target[1], label];
        let products = expected(&place, "products");
        let reason = |stage| {
            let failed = scrape.all("servicecatalog_scan_failure_reason", &with(("stage", stage)));
            assert!(failed.len() <= 1);
            failed.first().map(|sample| sample.label("reason").to_owned())
        };
        assert_eq!(reason("products").as_deref(), products, "{place:?}");
        let truth = rig.simulator.with_world(|world| world.counts_by_status(&place.0, &place.1));
        for (status, count) in &truth {
            let shown =
                scrape.sum("servicecatalog_provisioned_products", &with(("status", status)));
            let wanted = if products.is_some() { 0 } else { *count };
            assert_eq!(shown, wanted as f64, "{status} in {place:?}");
        }
        if products.is_some() {
            assert!(scrape.all("servicecatalog_provisioned_products", &target).is_empty());
            continue;
        }
        let fresh = scrape.value(
            "servicecatalog_scan_last_success_timestamp_seconds",
            &with(("stage", "products")),
        );
        assert!(fresh.unwrap() >= begun - 1.0, "{place:?}");
        let instances = expected(&place, "stack_instances");
        assert_eq!(reason("stack_instances").as_deref(), instances, "{place:?}");
        if instances.is_none() {
            let truth = rig.simulator.with_world(|world| world.instance_counts(&place.0, &place.1));
            let current = truth.get("CURRENT").copied().unwrap_or_default();
            let shown =
                scrape.value("servicecatalog_stack_instances", &with(("status", "CURRENT")));
            assert_eq!(shown, Some(current as f64), "{place:?}");
        }
    }
    no_faster_than_allowed(&rig.simulator.calls());
    rig.stop().await;
}

/// On its way a call can only be delayed, so it may come late but never early.
fn no_faster_than_allowed(calls: &[Call]) {
    let mut came: BTreeMap<_, Vec<Duration>> = BTreeMap::new();
    for call in calls {
        let (Some(operation), Some(account), Some(region)) =
            (call.operation, &call.account, &call.region)
        else {
            continue;
        };
        // Limited by the account for which the role is assumed; AWS logs the caller's.
        if operation == Operation::AssumeRole {
            continue;
        }
        let key = (operation.name(), account.clone(), region.clone());
        came.entry(key).or_default().push(call.at);
    }
    assert!(came.len() > 300, "{}", came.len());
    for (key, times) in came {
        for (before, at) in times.iter().enumerate() {
            let allowed = RATE * at.as_secs_f64() + f64::from(BURST);
            assert!(before as f64 + 1.0 <= allowed, "{key:?} at {at:?}");
        }
    }
}
