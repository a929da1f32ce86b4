//! Products and stack instances that break and are mended.

use servicecatalog_exporter::sim::{ACCOUNT, ProvisionedProduct, REGION, StackInstance, World};

use super::*;
use crate::support::Rig;

const ACCOUNT_FACTORY: &str = "CONTROL_TOWER_ACCOUNT";

/// Changes the product with that id and scans.
async fn change(rig: &Rig, id: &str, change: impl FnOnce(&mut ProvisionedProduct)) {
    rig.simulator.with_world(|world| {
        change(world.catalog_mut(ACCOUNT, REGION).product_mut(id).unwrap());
    });
    rig.scan().await;
}

/// The products of the demo world, but those of Account Factory, with that status.
fn with_status(world: &World, status: &str) -> Vec<ProvisionedProduct> {
    let products = world.catalog(ACCOUNT, REGION).unwrap().products().iter();
    let wanted = products.filter(|product| {
        product.status.as_deref() == Some(status)
            && product.product_type.as_deref() != Some(ACCOUNT_FACTORY)
    });
    wanted.cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn a_product_that_the_demo_world_taints_is_told_to_its_team_and_so_is_that_it_was_mended() {
    let rig = Rig::with(World::demo(1, 1_780_000_000), |config| {
        config.enrich.names_and_tags = true;
    })
    .await;
    let tainted = rig.simulator.with_world(|world| {
        let before = with_status(world, "TAINTED");
        loop {
            world.step();
            let is_new = |product: &ProvisionedProduct| before.iter().all(|b| b.id != product.id);
            if let Some(tainted) = with_status(world, "TAINTED").into_iter().find(is_new) {
                break tainted;
            }
        }
    });
    rig.scan().await;
    let chain = Chain::over(rig.address).await;
    let id = tainted.id.unwrap();
    let this = [("provisioned_product_id", id.as_str())];
    let told = chain.firing("team-platform", "ProductTainted", &this).await;

    let labels = [
        ("severity", "warning"),
        ("job", "servicecatalog"),
        ("aws_account_id", ACCOUNT),
        ("aws_region", REGION),
        ("status", "TAINTED"),
        ("provisioned_product_name", tainted.name.as_deref().unwrap()),
        ("provisioned_product_type", tainted.product_type.as_deref().unwrap()),
        ("product_id", tainted.product_id.as_deref().unwrap()),
        ("product_name", tainted.product_name.as_deref().unwrap()),
    ];
    assert!(told.has(&labels), "{labels:?} {told:#?}");
    assert_eq!(told.label("instance"), "", "another replica is the same alert");
    let (name, summary) = (tainted.name.unwrap(), &told.annotations["summary"]);
    assert!(
        summary.starts_with(&format!("Product {name} ({id}) is TAINTED in {ACCOUNT}"))
            && summary.ends_with(REGION),
        "{summary}"
    );
    let runbook = &told.annotations["runbook_url"];
    assert!(runbook.ends_with("/ServiceCatalogProductTainted.md"), "{runbook}");

    rig.simulator.with_world(|world| {
        while with_status(world, "TAINTED").iter().any(|product| product.id.as_ref() == Some(&id)) {
            world.step();
        }
    });
    rig.scan().await;
    chain.resolved("team-platform", "ProductTainted", &this).await;
    assert_eq!(chain.story("team-platform", "ProductTainted", &this), ["firing", "resolved"]);
    assert_eq!(chain.story("pager", "ProductTainted", &this), [""; 0]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn a_tainted_account_is_told_to_those_who_vend_it_and_one_in_error_wakes_somebody_too() {
    let account = ProvisionedProduct::healthy(1).vending("310000000001");
    let id = account.id.clone().unwrap();
    let mut world = World::empty(ACCOUNT, REGION);
    world.add(ACCOUNT, REGION, account.with_status("TAINTED"));
    let rig = Rig::with(world, |config| config.enrich.names_and_tags = true).await;
    rig.scan().await;
    let chain = Chain::over(rig.address).await;
    let (alert, this) = ("AccountFactoryProductUnhealthy", ("provisioned_product_id", id.as_str()));
    let warning = [this, ("severity", "warning"), ("vended_account_id", "310000000001")];
    chain.firing("account-factory", alert, &warning).await;
    assert_eq!(chain.story("pager", alert, &[]), [""; 0]);

    change(&rig, &id, |product| product.status = Some("ERROR".into())).await;
    let critical = [this, ("severity", "critical"), ("status", "ERROR")];
    chain.firing("pager", alert, &critical).await;
    chain.firing("account-factory", alert, &critical).await;

    change(&rig, &id, |product| product.status = Some("AVAILABLE".into())).await;
    chain.resolved("pager", alert, &critical).await;
    chain.resolved("account-factory", alert, &critical).await;
    assert_eq!(chain.story("team-platform", alert, &[]), [""; 0], "{:#?}", chain.messages());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn one_message_stands_for_a_change_that_taints_all_accounts_but_not_for_one_that_is_lost() {
    let account = |n: usize| {
        ProvisionedProduct::healthy(n).vending(&format!("{}", 310_000_000_000_u64 + n as u64))
    };
    let mut world = World::empty(ACCOUNT, REGION);
    (0..40).for_each(|n| world.add(ACCOUNT, REGION, account(n)));
    let rig = Rig::new(world).await;
    rig.scan().await;
    let chain = Chain::over(rig.address).await;

    rig.simulator.with_world(|world| {
        for product in world.catalog_mut(ACCOUNT, REGION).products_mut() {
            product.status = Some("TAINTED".into());
        }
        let lost = &mut world.catalog_mut(ACCOUNT, REGION).products_mut()[7];
        lost.last_successful_provisioning_record_id = None;
    });
    rig.scan().await;
    let many = "ManyProductsUnhealthy";
    let labels = [
        ("severity", "warning"),
        ("aws_account_id", ACCOUNT),
        ("aws_region", REGION),
        ("provisioned_product_type", ACCOUNT_FACTORY),
    ];
    let told = chain.firing("account-factory", many, &labels).await;
    let summary = &told.annotations["summary"];
    assert!(summary.starts_with("40 products of type CONTROL_TOWER_ACCOUNT are"), "{summary}");
    // Alerts on single accounts come together, this one and the silenced ones.
    let (single, lost) = ("AccountFactoryProductUnhealthy", [("severity", "critical")]);
    let told = chain.firing("pager", single, &lost).await;
    assert_eq!(told.label("provisioned_product_name"), "product-7");
    chain.inhibited(single, ("provisioned_product_name", "product-8"), many).await;

    rig.simulator.with_world(|world| {
        for product in world.catalog_mut(ACCOUNT, REGION).products_mut() {
            product.status = Some("AVAILABLE".into());
        }
    });
    rig.scan().await;
    chain.resolved("pager", single, &lost).await;
    chain.resolved("account-factory", many, &labels).await;
    let told = ["firing", "resolved"];
    assert_eq!(chain.story("account-factory", many, &[]), told);
    let single = chain.story("account-factory", single, &[]);
    let firing = single.iter().filter(|status| *status == "firing");
    assert_eq!(firing.count(), 1, "{:#?}", chain.messages());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn a_stack_instance_that_becomes_inoperable_is_told_and_so_is_that_it_was_mended() {
    let stack_set = ProvisionedProduct::stack_set(1, StackInstance::current(6));
    let id = stack_set.id.clone().unwrap();
    let mut world = World::empty(ACCOUNT, REGION);
    world.add(ACCOUNT, REGION, stack_set.named("baseline"));
    let rig = Rig::new(world).await;
    rig.scan().await;
    let chain = Chain::over(rig.address).await;
    change(&rig, &id, |product| product.instances[2].status = Some("INOPERABLE".into())).await;
    let alert = "StackInstancesInoperable";
    let this = [("provisioned_product_id", id.as_str()), ("severity", "warning")];
    let told = chain.firing("team-platform", alert, &this).await;
    let summary = &told.annotations["summary"];
    assert!(
        summary.starts_with("1 stack instance")
            && summary.contains(&format!(" of baseline ({id}) "))
            && summary.contains(&format!(" INOPERABLE in {ACCOUNT}")),
        "{summary}"
    );
    change(&rig, &id, |product| product.instances[2].status = Some("CURRENT".into())).await;
    chain.resolved("team-platform", alert, &this).await;
    rig.stop().await;
}
