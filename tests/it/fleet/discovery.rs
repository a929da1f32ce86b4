//! Which targets there are: listed, discovered, by enabled regions.

use std::time::Duration;

use servicecatalog_exporter::app::{self, limits, system_clock};
use servicecatalog_exporter::aws::Shared;
use servicecatalog_exporter::config::Regions;
use servicecatalog_exporter::model::AccountId;
use servicecatalog_exporter::scan::Discovery;
use servicecatalog_exporter::sim::{Fault, Fleet, Hub, Operation, Simulator, What, World};
use servicecatalog_exporter::snapshot::Found;
use servicecatalog_exporter::telemetry::{Scope, SelfMetrics};

use super::*;
use crate::support::{config, session};

const SUCCESS: &str = "servicecatalog_organization_discovery_success";

/// Asks for the accounts of the organisation again and again.
fn quickly(config: &mut Config) {
    if let Some(organization) = &mut config.organization {
        organization.refresh = Duration::from_millis(20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_active_account_of_the_organisation_is_scanned_under_its_name() {
    let fleet = Fleet {
        accounts: 45,
        regions: regions(&["eu-central-1", "us-east-1"]),
        external_id: Some("sesame".into()),
        ..Fleet::default()
    };
    let rig = watching(&fleet, |_| ()).await;
    let scrape = scan_all(&rig).await;
    assert_eq!(places(&rig), all_places(&fleet));
    assert_eq!(scrape.sum("servicecatalog_scan_success", &[("stage", "products")]), 92.0);
    assert_eq!(scrape.value("servicecatalog_organization_accounts", &[]), Some(46.0));
    assert_eq!(scrape.value(SUCCESS, &[]), Some(1.0));
    let (account, arn) = (Fleet::account(7), fleet.role_arn(&Fleet::account(7)));
    let info = [("aws_account_id", &*account), ("account_name", "account-007"), ("role_arn", &arn)];
    assert_eq!(scrape.sum("servicecatalog_target_info", &info), 2.0);
    let own = [("aws_account_id", Fleet::MANAGEMENT), ("role_arn", "")];
    assert_eq!(scrape.sum("servicecatalog_target_info", &own), 2.0, "its own account is ambient");
    let global = [("aws_account_id", Fleet::MANAGEMENT), ("aws_region", "aws-global")];
    assert!(scrape.sum("servicecatalog_aws_requests_total", &global) >= 4.0, "46 are 3 pages");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_join_and_leave_appear_and_disappear_and_the_others_keep_their_data() {
    let fleet = Fleet::default();
    let rig = watching(&fleet, quickly).await;
    scan_all(&rig).await;
    let (stays, leaves) = (Fleet::account(0), Fleet::account(1));
    rig.simulator.with_world(|world| {
        let joins = servicecatalog_exporter::sim::Role::new("499999999999", &fleet.role);
        world.add_role(joins);
        let organization = world.organization_mut().unwrap();
        organization.set_state(&leaves, "SUSPENDED");
        organization.add_account("r-root", "499999999999", "newcomer");
    });
    let has = |published: &Published, account: &str| {
        let targets = &published.snapshot.targets;
        targets.iter().any(|t| t.account.as_ref().is_some_and(|a| a.as_str() == account))
    };
    let published = published(&rig, |p| has(p, "499999999999") && !has(p, &leaves)).await;
    let kept = published.snapshot.targets.iter();
    let kept = kept.filter(|t| t.account.as_ref().is_some_and(|a| a.as_str() == stays));
    assert!(kept.into_iter().all(|target| target.scans() == 1 && target.products().is_some()));
    let scrape = scan_all(&rig).await;
    let newcomer = [("aws_account_id", "499999999999"), ("account_name", "newcomer")];
    assert_eq!(scrape.sum("servicecatalog_target_info", &newcomer), 1.0);
    assert_eq!(scrape.all("servicecatalog_scan_success", &[("aws_account_id", &leaves)]).len(), 0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discovery_that_fails_keeps_the_last_list_and_says_so() {
    let fleet = Fleet::default();
    let rig = watching(&fleet, quickly).await;
    let before = scan_all(&rig).await;
    assert_eq!(before.value(SUCCESS, &[]), Some(1.0));
    rig.simulator.inject(Fault::new(What::Denied).on(Operation::ListAccounts));
    let failed = crate::support::foreign::until("the failure shows", async || {
        let scrape = rig.scrape().await;
        (scrape.value(SUCCESS, &[]) == Some(0.0)).then_some(scrape)
    });
    let failed = failed.await;
    assert_eq!(failed.value("servicecatalog_organization_accounts", &[]), Some(4.0));
    let time = "servicecatalog_organization_discovery_last_success_timestamp_seconds";
    assert!(failed.value(time, &[]).unwrap() > 1_000_000_000.0);
    assert_eq!(places(&rig), all_places(&fleet));
    let scrape = scan_all(&rig).await;
    assert_eq!(scrape.sum("servicecatalog_scan_success", &[("stage", "products")]), 4.0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_one_discovery_there_is_no_readiness_and_no_half_of_a_list() {
    let fleet = Fleet { accounts: 45, ..Fleet::default() };
    let mut world = World::fleet(&fleet);
    let second = servicecatalog_exporter::sim::Page::Nth(2);
    world.inject(Fault::new(What::Denied).on(Operation::ListAccounts).on_page(second));
    let rig = Rig::with(world, |config| {
        config.organization = Some(organization(&fleet));
        config.scan.ready_after = Duration::from_millis(1);
    });
    let rig = rig.await;
    published(&rig, |published| published.snapshot.found == Found::Partly).await;
    assert_eq!(places(&rig).len(), 0, "the first page was read, and is no list");
    let ready = crate::support::http::get(rig.address, "/-/ready", &[]).await;
    assert_eq!(ready.status, 503);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_and_accounts_are_included_and_excluded() {
    let fleet = Fleet { accounts: 6, units: 3, ..Fleet::default() };
    type Change = fn(&mut Organization);
    fn id(n: usize) -> AccountId {
        AccountId::new(&Fleet::account(n))
    }
    let cases: [(Change, Vec<String>); 4] = [
        (|org| org.include_ous = vec![Fleet::unit(1)], vec![Fleet::account(1), Fleet::account(4)]),
        (
            |org| org.exclude_ous = vec![Fleet::unit(0), Fleet::unit(2)],
            vec![Fleet::account(1), Fleet::account(4), Fleet::MANAGEMENT.to_owned()],
        ),
        (|org| org.include_accounts = vec![id(5)], vec![Fleet::account(5)]),
        (
            |org| {
                org.include_ous = vec![Fleet::unit(0)];
                org.exclude_accounts = vec![id(3)];
            },
            vec![Fleet::account(0)],
        ),
    ];
    for (change, expected) in cases {
        let rig = watching(&fleet, |config| change(config.organization.as_mut().unwrap())).await;
        let accounts: BTreeSet<String> = places(&rig).into_iter().map(|place| place.0).collect();
        assert_eq!(accounts, expected.into_iter().collect());
        rig.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_a_member_discovers_through_the_role_of_the_management_account() {
    let fleet = Fleet { hub: Hub::Member, ..Fleet::default() };
    let rig = watching(&fleet, |config| {
        let management = role(&fleet, Fleet::MANAGEMENT);
        config.organization.as_mut().unwrap().management_role = Some(management);
    });
    let rig = rig.await;
    let scrape = scan_all(&rig).await;
    assert_eq!(places(&rig), all_places(&fleet));
    assert_eq!(scrape.sum("servicecatalog_scan_success", &[("stage", "products")]), 4.0);
    let own = [("aws_account_id", &*Fleet::account(0)), ("role_arn", "")];
    assert_eq!(scrape.sum("servicecatalog_target_info", &own), 1.0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enabled_regions_are_found_and_excluded_ones_left_out() {
    let fleet = Fleet {
        accounts: 1,
        regions: regions(&["eu-central-1", "me-south-1"]),
        ..Fleet::default()
    };
    let rig = Rig::with(World::fleet(&fleet), |config| {
        let exclude = vec![region("us-east-1")];
        let role = role(&fleet, &Fleet::account(0));
        config.targets = vec![spec(Some(role), Regions::Auto { exclude })];
    });
    let rig = rig.await;
    found(&rig).await;
    let found: Vec<String> = places(&rig).into_iter().map(|place| place.1).collect();
    assert!(found.contains(&"eu-central-1".into()) && found.contains(&"us-west-2".into()));
    assert!(found.contains(&"me-south-1".into()), "it is enabled in this account");
    assert!(!found.contains(&"af-south-1".into()), "it is not");
    assert!(!found.contains(&"us-east-1".into()), "it is excluded");
    let scrape = scan_all(&rig).await;
    let succeeded = scrape.sum("servicecatalog_scan_success", &[("stage", "products")]);
    assert_eq!(succeeded, found.len() as f64);
    let regions = [("operation", "ListRegions"), ("aws_region", "aws-global")];
    assert_eq!(scrape.sum("servicecatalog_aws_requests_total", &regions), 1.0, "once a day");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_say_its_regions_is_scanned_where_the_exporter_is() {
    let fleet = Fleet { accounts: 2, ..Fleet::default() };
    let mut world = World::fleet(&fleet);
    let denied = Fault::new(What::Denied).of_account(Fleet::account(0));
    world.inject(denied.on(Operation::ListRegions));
    world.remove_role(&fleet.role_arn(&Fleet::account(1)));
    let rig = Rig::with(world, |config| {
        let auto = || Regions::Auto { exclude: Vec::new() };
        config.targets =
            (0..2).map(|n| spec(Some(role(&fleet, &Fleet::account(n))), auto())).collect();
    });
    let rig = rig.await;
    found(&rig).await;
    let scrape = scan_all(&rig).await;
    for (n, reason) in [(0, None), (1, Some("credentials"))] {
        let account = Fleet::account(n);
        assert_eq!(places(&rig).iter().filter(|place| place.0 == account).count(), 1);
        let here = [("aws_account_id", &*account), ("aws_region", "eu-central-1")];
        let failed = scrape.all("servicecatalog_scan_failure_reason", &here);
        let failed = failed.first().map(|sample| sample.label("reason").to_owned());
        assert_eq!(failed.as_deref(), reason);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_targets_that_turn_out_to_be_one_the_later_one_is_stopped() {
    let fleet = Fleet::default();
    let mut world = World::fleet(&fleet);
    world.add_role(servicecatalog_exporter::sim::Role::new(Fleet::MANAGEMENT, &fleet.role));
    let rig = Rig::with(world, |config| {
        let role = role(&fleet, Fleet::MANAGEMENT);
        let here = || listed(&fleet.regions);
        config.targets = vec![spec(Some(role), here()), spec(None, here())];
    });
    let rig = rig.await;
    rig.tick().await;
    let published = published(&rig, |published| {
        let targets = &published.snapshot.targets;
        targets.len() == 1 && targets[0].scans() > 0
    });
    let published = published.await;
    assert!(!published.snapshot.targets[0].names.role_arn.is_empty(), "the earlier one goes on");
    let scrape = rig.scrape().await;
    assert_eq!(scrape.all("servicecatalog_scans_total", &[]).len(), 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discovery_that_nobody_configures_any_more_ends_when_nothing_is_left_to_ask() {
    let simulator = Simulator::start(World::sized(1, 0, 0)).await.unwrap();
    let (config, limits) = (Arc::new(config()), limits(&config().aws));
    let session = Arc::new(session(&simulator, limits.clone()));
    let metrics = Arc::new(SelfMetrics::new(Scope::OneScan));
    let shared = Shared::new(&limits, Arc::clone(&metrics));
    let (discovery, roster) = Discovery::new(config, session, shared, system_clock(), metrics);
    let (_, configs) = tokio::sync::mpsc::channel(1);
    let running = discovery.run(configs, |config| app::limits(&config.aws));
    tokio::time::timeout(PATIENCE, running).await.expect("it ends");
    assert_eq!(roster.borrow().found, Found::Wholly);
}
