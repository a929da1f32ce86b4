//! Accounts that cannot be scanned.

use std::time::Duration;

use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Fleet, Operation, ProvisionedProduct, REGION, What, World,
};

use super::*;
use crate::fleet::{found, organization, scan_all};
use crate::support::Rig;

const SCAN: Operation = Operation::ScanProvisionedProducts;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn a_denied_account_is_told_with_its_role_and_that_alone_until_it_is_allowed() {
    let fleet = Fleet { accounts: 2, ..Fleet::default() };
    let account = Fleet::account(0);
    let rig = Rig::with(World::fleet(&fleet), |config| {
        config.organization = Some(organization(&fleet));
    })
    .await;
    found(&rig).await;
    rig.simulator.inject(Fault::new(What::Denied).on(SCAN).of_account(&account));
    scan_all(&rig).await;
    let chain = Chain::over(rig.address).await;
    let this = [("aws_account_id", account.as_str()), ("aws_region", REGION)];
    let told = chain.firing("operators", "AccessDenied", &this).await;
    let role = fleet.role_arn(&account);
    let labels = [
        ("severity", "warning"),
        ("stage", "products"),
        ("account_name", "account-000"),
        ("role_arn", role.as_str()),
    ];
    assert!(told.has(&labels), "{labels:?} {told:#?}");
    assert!(told.annotations["description"].contains(&role), "{told:#?}");
    // That no scan succeeded follows from it.
    chain.inhibited("ScanNeverSucceeded", this[0], "AccessDenied").await;

    rig.simulator.clear_faults();
    scan_all(&rig).await;
    chain.resolved("operators", "AccessDenied", &this).await;
    chain.ended("ScanNeverSucceeded", this[0]).await;
    assert_eq!(chain.story("operators", "AccessDenied", &[]), ["firing", "resolved"]);
    assert_eq!(chain.story("operators", "ScanNeverSucceeded", &[]), [""; 0]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn when_all_accounts_fail_at_once_one_message_stands_for_them_and_products_go_on() {
    let fleet = Fleet { accounts: 6, account_factory: false, ..Fleet::default() };
    let mut world = World::fleet(&fleet);
    let (account, region) = (Fleet::account(5), REGION);
    let tainted = ProvisionedProduct::tainted(100).at(&account, region);
    let this = ("provisioned_product_id", tainted.id.clone().unwrap());
    let this = (this.0, this.1.as_str());
    world.add(&account, region, tainted);
    let rig = Rig::with(world, |config| config.organization = Some(organization(&fleet))).await;
    found(&rig).await;
    scan_all(&rig).await;
    let chain = Chain::over(rig.address).await;
    chain.firing("tickets", "ProductTainted", &[this]).await;

    rig.simulator.inject(Fault::new(What::Denied).on(SCAN));
    scan_all(&rig).await;
    let many = "ManyTargetsFailing";
    let told = chain.firing("pager", many, &[("severity", "critical")]).await;
    let summary = &told.annotations["summary"];
    assert!(summary.starts_with("Scans of 7 targets"), "{summary}");
    chain.inhibited("AccessDenied", ("aws_account_id", &account), many).await;
    chain.fires("ProductTainted", this).await;

    rig.simulator.clear_faults();
    scan_all(&rig).await;
    chain.resolved("pager", many, &[]).await;
    chain.resolved("operators", many, &[]).await;
    chain.ended("AccessDenied", ("aws_account_id", &account)).await;
    let told = |name| chain.story("operators", name, &[]);
    assert_eq!(told(many), ["firing", "resolved"]);
    assert_eq!((told("AccessDenied"), told("ScanStale")), (vec![], vec![]));
    assert_eq!(chain.story("tickets", "ProductTainted", &[this]), ["firing"]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn when_data_is_dropped_that_is_told_and_no_product_is_told_as_mended() {
    let product = ProvisionedProduct::tainted(1);
    let id = product.id.clone().unwrap();
    let mut world = World::empty(ACCOUNT, REGION);
    world.add(ACCOUNT, REGION, product);
    let rig = Rig::timed(world, |config| {
        config.scan.interval = Duration::from_secs(1);
        config.scan.serve_stale_for = Duration::from_secs(6);
    })
    .await;
    let chain = Chain::over(rig.address).await;
    let (alert, this) = ("ProductTainted", ("provisioned_product_id", id.as_str()));
    chain.firing("team-platform", alert, &[this]).await;

    rig.simulator.inject(Fault::new(What::InternalFailure).on(SCAN));
    chain.firing("operators", "DataDropped", &[("aws_account_id", ACCOUNT)]).await;
    chain.inhibited(alert, this, "DataDropped").await;
    chain.ended(alert, this).await;

    // Once it is known again the alert comes back, for those who were told before.
    rig.simulator.clear_faults();
    chain.resolved("operators", "DataDropped", &[("aws_account_id", ACCOUNT)]).await;
    chain.fires(alert, this).await;
    assert_eq!(chain.story("team-platform", alert, &[this]), ["firing"]);

    rig.simulator.with_world(|world| {
        let product = world.catalog_mut(ACCOUNT, REGION).product_mut(&id).unwrap();
        product.status = Some("AVAILABLE".into());
    });
    chain.resolved("team-platform", alert, &[this]).await;
    assert_eq!(chain.story("team-platform", alert, &[this]), ["firing", "resolved"]);
    rig.stop().await;
}
