//! An organisation like that of the demo, in more than one account and region, of which some fail.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use servicecatalog_exporter::config::{Organization, Refresh, Regions, Versions};
use servicecatalog_exporter::model::{Region, RoleName, SessionName};
use servicecatalog_exporter::sim;
use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Operation, ProvisionedProduct, REGION, Role, What, World,
};

use crate::support::Rig;

const ROLE: &str = "ServiceCatalogExporter";
const REGIONS: [&str; 2] = [REGION, "us-east-1"];
/// Accounts beside that of the demo, and how many products each has in each region, at most.
const MEMBERS: [(&str, &str, usize); 6] = [
    ("310000000001", "data-platform", 64),
    ("310000000002", "web-shop", 50),
    ("310000000003", "payments", 40),
    ("310000000004", "search", 30),
    ("310000000005", "audit", 24),
    ("310000000006", "sandbox", 24),
];

/// An exporter that scans it every few seconds, with everything that can be asked.
pub async fn in_trouble() -> Rig {
    let rig = Rig::timed(world(), |config| {
        config.organization = Some(Organization {
            role_name: RoleName::parse(ROLE).unwrap(),
            external_id: None,
            session_name: SessionName::default(),
            regions: Regions::Listed(REGIONS.map(|name| Region::parse(name).unwrap()).to_vec()),
            include_ous: Vec::new(),
            exclude_ous: Vec::new(),
            include_accounts: Vec::new(),
            exclude_accounts: Vec::new(),
            refresh: Duration::from_secs(15),
            management_role: None,
        });
        config.enrich.names_and_tags = true;
        let tags = [("CostCenter", "cost_center"), ("Stage", "stage"), ("Team", "team")];
        config.enrich.tags = tags.map(|(key, label)| (key.to_owned(), label.to_owned())).to_vec();
        config.enrich.records = true;
        config.versions = Some(Versions { refresh: Duration::from_secs(60 * 60) });
        config.scan.interval = Duration::from_secs(8);
        config.scan.timeout = Duration::from_secs(8);
        config.scan.stack_instances.refresh = Refresh::Changed;
        config.scan.stack_instances.max_age = Duration::from_secs(30);
        // So low that calls have to wait now and then.
        config.aws.max_requests_per_second = 20.0;
        config.aws.burst = 4;
    })
    .await;
    rig.simulator.with_world(|world| {
        let list = Operation::ListStackInstancesForProvisionedProduct;
        let [.., (audit, ..), (sandbox, ..)] = MEMBERS;
        world.inject(Fault::new(What::DeniedByScp).of_account(sandbox).in_region(REGIONS[1]));
        world.inject(Fault::new(What::Denied).on(list).of_account(audit).in_region(REGIONS[0]));
        world.inject(Fault::new(What::InternalFailure).on(list).with_probability(0.02));
    });
    rig
}

fn world() -> World {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut world = World::demo(1, now);
    let organization = world.organize(ACCOUNT);
    let unit = organization.add_unit(sim::Organization::ROOT);
    for (account, name, _) in MEMBERS {
        organization.add_account(&unit, account, name);
    }
    let mut seed = 1;
    for (account, _, many) in MEMBERS {
        world.add_role(Role::new(account, ROLE).trusting([ACCOUNT.to_owned()]));
        for region in REGIONS {
            seed += 1;
            world.enable_region(account, region);
            let products = products(seed, now).take(many);
            let products = products.map(|product| product.at(account, region)).collect();
            *world.catalog_mut(account, region).products_mut() = products;
        }
    }
    world
}

/// Those of another demo, but for the accounts that only the first one makes, and a name that the
/// fonts of a small machine cannot show.
fn products(seed: u64, now: u64) -> impl Iterator<Item = ProvisionedProduct> {
    let mut demo = World::demo(seed, now);
    let products = std::mem::take(demo.catalog_mut(ACCOUNT, REGION).products_mut());
    products.into_iter().filter(|product| {
        product.product_type.as_deref() != Some("CONTROL_TOWER_ACCOUNT")
            && product.name.as_deref().is_some_and(str::is_ascii)
    })
}

/// The `n`th step of time. What is in trouble is mended in the end, so that now and then another
/// stack instance or account gets into it; and now and then an account is throttled.
pub fn step(world: &mut World, n: usize) {
    world.step();
    let now = world.unix_time();
    let inoperable = world.instance_counts(ACCOUNT, REGION).contains_key("INOPERABLE");
    let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
    if !inoperable {
        let set = products.iter_mut().max_by_key(|product| product.instances.len()).unwrap();
        set.instances[0].status = Some("INOPERABLE".into());
    }
    let mut accounts: Vec<_> = products.iter_mut().filter(|product| is_account(product)).collect();
    if !accounts.iter().any(|product| has(product, "TAINTED") || has(product, "ERROR")) {
        let account = accounts.iter_mut().find(|product| has(product, "AVAILABLE")).unwrap();
        account.status = Some("TAINTED".into());
        account.record_created_time = Some(now);
        account.record_updated_time = Some(now);
    }
    if n % 30 == 15 {
        // Not by chance: the exporter would go slower and slower, and make up for it in an hour.
        // Each of two accounts twice, since `rate` does not see the first time.
        let throttle = Fault::new(What::Throttle).on(Operation::ScanProvisionedProducts);
        world.inject(throttle.of_account(MEMBERS[n / 30 % 2].0).times(1));
    }
}

fn has(product: &ProvisionedProduct, status: &str) -> bool {
    product.status.as_deref() == Some(status)
}

fn is_account(product: &ProvisionedProduct) -> bool {
    product.product_type.as_deref() == Some("CONTROL_TOWER_ACCOUNT")
        && product.physical_id.is_some()
}
