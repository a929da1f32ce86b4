//! Roles are assumed once, kept over scans and regions, and renewed before they end.

use std::time::Duration;

use servicecatalog_exporter::sim::{Fault, Fleet, What, World};

use super::*;

const STAGES: [&str; 2] = ["products", "stack_instances"];

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_assumed_once_for_all_of_its_regions_and_scans() {
    let fleet = Fleet {
        accounts: 2,
        regions: regions(&["eu-central-1", "us-east-1", "eu-west-1"]),
        ..Fleet::default()
    };
    let rig = watching(&fleet, |_| ()).await;
    for _ in 0..4 {
        scan_all(&rig).await;
    }
    for n in 0..2 {
        assert_eq!(rig.simulator.count_of_role(&fleet.role_arn(&Fleet::account(n))), 1);
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_end_between_two_scans_cost_nothing() {
    // The SDK renews credentials ten seconds before their end.
    let lifetime = Some(Duration::from_millis(10_500));
    let fleet = Fleet { accounts: 1, lifetime, ..Fleet::default() };
    let rig = watching(&fleet, |_| ()).await;
    let arn = fleet.role_arn(&Fleet::account(0));
    while rig.simulator.count_of_role(&arn) < 4 {
        let scrape = scan_all(&rig).await;
        for stage in STAGES {
            let failed = scrape.sum("servicecatalog_scan_failures_total", &[("stage", stage)]);
            assert_eq!(failed, 0.0);
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_denied_is_a_failure_of_credentials_and_its_external_id_stays_unsaid() {
    let fleet = Fleet { accounts: 2, external_id: Some("open-sesame".into()), ..Fleet::default() };
    let mut world = World::fleet(&fleet);
    world.inject(Fault::role_denied(fleet.role_arn(&Fleet::account(0))));
    let rig = Rig::with(world, |config| config.organization = Some(organization(&fleet)));
    let rig = rig.await;
    found(&rig).await;
    let scrape = scan_all(&rig).await;
    let (denied, fine) = (Fleet::account(0), Fleet::account(1));
    let of = |account: &str| {
        let failed =
            scrape.all("servicecatalog_scan_failure_reason", &[("aws_account_id", account)]);
        failed.first().map(|sample| sample.label("reason").to_owned())
    };
    assert_eq!(of(&denied).as_deref(), Some("credentials"));
    assert_eq!(of(&fine), None);
    let answer = crate::support::http::get(rig.address, "/metrics", &[]).await;
    assert!(!answer.text().contains("sesame"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_external_id_is_a_failure_of_credentials() {
    let fleet = Fleet { accounts: 1, external_id: Some("right".into()), ..Fleet::default() };
    let rig = watching(&fleet, |config| {
        let organization = config.organization.as_mut().unwrap();
        organization.external_id = Some(ExternalId::parse("wrong").unwrap());
    });
    let rig = rig.await;
    let scrape = scan_all(&rig).await;
    let account = Fleet::account(0);
    let failed = [("aws_account_id", &*account), ("stage", "products"), ("reason", "credentials")];
    assert_eq!(scrape.value("servicecatalog_scan_failure_reason", &failed), Some(1.0));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_aws_refuses_are_not_kept_until_they_would_end() {
    let fleet = Fleet { accounts: 1, ..Fleet::default() };
    let account = Fleet::account(0);
    let arn = fleet.role_arn(&account);
    let rig = watching(&fleet, |_| ()).await;
    scan_all(&rig).await;
    // As when the role was deleted and made anew.
    for what in [What::UnrecognizedClient, What::Expired] {
        let assumed = rig.simulator.count_of_role(&arn);
        rig.simulator.inject(Fault::new(what).of_account(&account));
        let scrape = scan_all(&rig).await;
        let reason = [("aws_account_id", &*account), ("reason", "credentials")];
        assert_eq!(scrape.sum("servicecatalog_scan_failure_reason", &reason), 1.0);
        assert_eq!(rig.simulator.count_of_role(&arn), assumed, "no retries of a refusal");
        rig.simulator.clear_faults();
        let scrape = scan_all(&rig).await;
        assert_eq!(scrape.sum("servicecatalog_scan_failure_reason", &reason), 0.0);
        assert_eq!(rig.simulator.count_of_role(&arn), assumed + 1);
    }
    rig.stop().await;
}
