//! Ready-made worlds: the one of `demo`, and sized ones for measurements.

use std::collections::BTreeMap;

use super::offer::{Access, Offer, Version};
use super::product::{ACCOUNT, ProvisionedProduct, REGION, StackInstance};
use super::random::{Random, hash};
use super::world::World;

const DAY: f64 = 86_400.0;

/// Who is monitoring; the demo world shows it only these products at the levels User and Role.
const MONITORING: &str = "arn:aws:sts::123456789012:assumed-role/ServiceCatalogExporter/monitoring";
const MONITORING_EARLIER: &str =
    "arn:aws:sts::123456789012:assumed-role/ServiceCatalogExporter/deploy";

/// Kinds of products: how many, their type, how many products of the catalog they come from, what
/// their names begin with, and what the product is called in the catalog.
const KINDS: [(usize, &str, usize, &str, &str); 6] = [
    (18, "CFN_STACK", 3, "team-bucket", "Bucket"),
    (8, "CFN_STACKSET", 2, "baseline", "Security baseline"),
    (17, "CONTROL_TOWER_ACCOUNT", 1, "account", "AWS Control Tower Account Factory"),
    (7, "TERRAFORM_OPEN_SOURCE", 1, "network", "Network"),
    (6, "TERRAFORM_CLOUD", 1, "workspace", "Workspace"),
    (5, "EXTERNAL", 1, "external", "External service"),
];

/// Who pays, and for what: tags that users filter by.
const TEAMS: [(&str, &str); 4] =
    [("platform", "4711"), ("data", "4712"), ("web", "4713"), ("security & audit", "4714")];
const STAGES: [&str; 3] = ["prod", "staging", "dev"];

impl World {
    /// The world of the demo, in [`ACCOUNT`] and [`REGION`]: about 65 products, all types and
    /// statuses, stack sets with instances in all states, fields that are missing and awkward names.
    /// `now_unix` (seconds since 1970) is when it begins. The same arguments give the same world
    /// and the same history.
    #[must_use]
    pub fn demo(seed: u64, now_unix: u64) -> World {
        let mut world = World::seeded(ACCOUNT, REGION, seed, now_unix);
        let mut random = Random::new(seed);
        let mut products = Vec::new();
        for (count, product_type, catalog_products, prefix, catalog_name) in KINDS {
            let origins: Vec<_> =
                (0..catalog_products).map(|_| (random.id("prod"), random.id("pa"))).collect();
            for n in 0..count {
                let mut product = launched(&mut random, now_unix);
                let (product_id, artifact_id) = &origins[n % origins.len()];
                product.product_id = Some(product_id.clone());
                product.provisioning_artifact_id = Some(artifact_id.clone());
                if product_type == "CFN_STACKSET" {
                    product.instances = StackInstance::current(4 + 3 * n);
                } else {
                    product.launch_role_arn =
                        Some(format!("arn:aws:iam::{ACCOUNT}:role/launch-{prefix}"));
                }
                let product = product.typed(product_type).named(format!("{prefix}-{n:02}"));
                products.push(described(product, n, catalog_name));
            }
        }
        give_trouble(&mut random, &mut products, now_unix as f64);
        products.extend(peculiar(&mut random, now_unix));
        // AWS lists by id or by nothing at all: types come mixed.
        products.sort_by(|a, b| a.id.cmp(&b.id));
        let offers = offers(&products, now_unix as f64);
        let catalog = world.catalog_mut(ACCOUNT, REGION);
        *catalog.products_mut() = products;
        offers.into_iter().for_each(|(product_id, offer)| catalog.offer(product_id, offer));
        world
    }

    /// A healthy world for measurements, in [`ACCOUNT`] and [`REGION`]: `products` products, the
    /// first `stack_sets` of them stack sets with `instances_each` CURRENT instances.
    #[must_use]
    pub fn sized(products: usize, stack_sets: usize, instances_each: usize) -> World {
        let mut world = World::empty(ACCOUNT, REGION);
        let instances = StackInstance::current(instances_each);
        *world.catalog_mut(ACCOUNT, REGION).products_mut() = (0..products)
            .map(|n| {
                if n < stack_sets {
                    ProvisionedProduct::stack_set(n, instances.clone())
                } else {
                    ProvisionedProduct::healthy(n)
                }
            })
            .collect();
        world
    }
}

/// What the products were launched from, and what its administrators did since: nothing; a newer
/// version; a newer one, with a warning of the old one; a newer one in place of the old one.
fn offers(products: &[ProvisionedProduct], now: f64) -> Vec<(String, Offer)> {
    let launched = products.iter().filter_map(|product| {
        Some((product.product_id.clone()?, product.provisioning_artifact_id.clone()?))
    });
    let launched: BTreeMap<String, String> = launched.collect();
    let offer = |(n, (product_id, artifact_id)): (usize, (String, String))| {
        let created = (now - 800.0 * DAY).round();
        let newer = format!("pa-{:013x}", hash(1, &product_id) >> 12);
        let newer = Version::active(newer, (now - 30.0 * DAY).round()).named("v1.1");
        let old = Version::active(artifact_id, created).named("v1.0");
        let versions = match n % 4 {
            0 => vec![old.deprecated(), newer],
            1 => vec![old.inactive(), newer],
            2 => vec![old, newer],
            _ => vec![old],
        };
        (product_id, Offer { access: Access::Owner, versions })
    };
    launched.into_iter().enumerate().map(offer).collect()
}

/// A healthy product, launched some time in the two years before `now_unix`.
fn launched(random: &mut Random, now_unix: u64) -> ProvisionedProduct {
    let age = DAY * (1.0 + 700.0 * random.unit());
    let record = random.id("rec");
    ProvisionedProduct {
        id: Some(random.id("pp")),
        // Milliseconds, as on the wire.
        created_time: Some(((now_unix as f64 - age) * 1000.0).round() / 1000.0),
        idempotency_token: Some(random.uuid()),
        last_record_id: Some(record.clone()),
        last_provisioning_record_id: Some(record.clone()),
        last_successful_provisioning_record_id: Some(record),
        ..ProvisionedProduct::healthy(0)
    }
}

/// The `n`th product of its kind with what a search shows beside: names, tags, a physical id. Every
/// fifth has no tags.
fn described(
    product: ProvisionedProduct,
    n: usize,
    catalog_name: &'static str,
) -> ProvisionedProduct {
    let mut product = ProvisionedProduct {
        product_name: Some(catalog_name.into()),
        provisioning_artifact_name: Some(if n.is_multiple_of(3) { "v1.0" } else { "v1.1" }.into()),
        ..product
    };
    match product.product_type.as_deref() {
        Some("CONTROL_TOWER_ACCOUNT") => {
            product = product.vending(&format!("{:012}", 310_000_000_001_u64 + n as u64));
        }
        Some("CFN_STACK" | "CFN_STACKSET") => {
            let id = product.id.as_deref().unwrap_or_default();
            product.physical_id = Some(format!(
                "arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/SC-{ACCOUNT}-{id}/{:032x}",
                hash(0, id)
            ));
        }
        _ => {}
    }
    if n % 5 == 4 {
        return product;
    }
    let (team, cost_center) = TEAMS[n % TEAMS.len()];
    product.tagged("Team", team).tagged("CostCenter", cost_center).tagged("Stage", STAGES[n % 3])
}

/// Not everything is well from the start, and not everything has every field.
fn give_trouble(random: &mut Random, products: &mut [ProvisionedProduct], now: f64) {
    // A failed update of a stack, and an account whose baseline drifted.
    for position in [4, 30] {
        let product = &mut products[position];
        product.status = Some("TAINTED".into());
        product.status_message = Some("The update failed and was rolled back".into());
        product.last_record_id = Some(random.id("rec"));
        product.last_provisioning_record_id.clone_from(&product.last_record_id);
        product.record_created_time = Some(now - 2.0 * DAY);
        product.record_updated_time = Some(now - 2.0 * DAY + 400.0);
    }
    let updating = &mut products[9];
    updating.status = Some("UNDER_CHANGE".into());
    updating.last_record_id = Some(random.id("rec"));
    updating.last_provisioning_record_id.clone_from(&updating.last_record_id);
    updating.record_created_time = Some(now - 600.0);
    updating.record_updated_time = Some(now - 20.0);
    // Launched before there were provisioning records.
    for position in [2, 11, 40] {
        products[position].last_provisioning_record_id = None;
        products[position].last_successful_provisioning_record_id = None;
    }
    // A rollout that stopped half way, in a stack set of more than two pages.
    let rollout = &mut products[20];
    rollout.instances = StackInstance::current(45);
    for instance in rollout.instances.iter_mut().skip(36) {
        instance.status = Some("OUTDATED".into());
    }
    rollout.instances[7].status = Some("INOPERABLE".into());
    products[0].owner_arn = Some(MONITORING.into());
    products[1].owner_arn = Some(MONITORING_EARLIER.into());
}

/// A failed launch as recorded, a planned one, and names that are hard on whoever writes labels.
fn peculiar(random: &mut Random, now_unix: u64) -> Vec<ProvisionedProduct> {
    let failed = ProvisionedProduct {
        id: Some(random.id("pp")),
        created_time: Some(now_unix as f64 - 3.0 * DAY + 0.358),
        last_record_id: Some(random.id("rec")),
        ..ProvisionedProduct::failed_launch(0)
    }
    .named("failed-launch");
    let planned = ProvisionedProduct {
        last_provisioning_record_id: None,
        last_successful_provisioning_record_id: None,
        ..launched(random, now_unix).with_status("PLAN_IN_PROGRESS").named("planned")
    };
    let names = ["data \"lake\"", "share\\\\reports\\2026", "Müll-größe-東京"];
    let awkward = names.map(|name| launched(random, now_unix).named(name));
    [failed, planned].into_iter().chain(awkward).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const NOW: u64 = 1_780_000_000;

    #[test]
    fn the_demo_world_shows_every_type_and_status_and_more_than_a_page() {
        let world = World::demo(1, NOW);
        let counts = world.counts(ACCOUNT, REGION);
        for (_, product_type, _, _, _) in KINDS {
            assert!(counts.keys().any(|(found, _, _)| found == product_type), "{product_type}");
        }
        let statuses: Vec<_> = world.counts_by_status(ACCOUNT, REGION).into_keys().collect();
        assert_eq!(statuses, ["AVAILABLE", "ERROR", "PLAN_IN_PROGRESS", "TAINTED", "UNDER_CHANGE"]);
        let instances: Vec<_> = world.instance_counts(ACCOUNT, REGION).into_keys().collect();
        assert_eq!(instances, ["CURRENT", "INOPERABLE", "OUTDATED"]);
        let products = world.catalog(ACCOUNT, REGION).unwrap().products();
        assert!((60..=70).contains(&products.len()), "{}", products.len());
        assert!(products.iter().any(|product| product.instances.len() > 40));
        assert!(products.iter().any(|product| product.product_id.is_none()));
        assert!(products.iter().all(|product| !product.name.as_deref().unwrap().contains('\n')));
    }

    #[test]
    fn the_demo_world_has_names_tags_vended_accounts_and_products_without_tags() {
        let world = World::demo(1, NOW);
        let products = world.catalog(ACCOUNT, REGION).unwrap().products();
        let mut vended: Vec<_> = products
            .iter()
            .filter(|product| product.product_type.as_deref() == Some("CONTROL_TOWER_ACCOUNT"))
            .map(|product| product.physical_id.clone().unwrap())
            .collect();
        vended.sort();
        vended.dedup();
        assert_eq!(vended.len(), 17);
        assert!(products.iter().all(|product| product.product_name.is_some()));
        assert!(products.iter().any(|product| product.tags.is_empty()));
        assert!(products.iter().any(|product| product.tags.len() == 3));
    }

    #[test]
    fn the_demo_world_has_versions_that_are_deprecated_inactive_and_newer() {
        let world = World::demo(1, NOW);
        let catalog = world.catalog(ACCOUNT, REGION).unwrap();
        let ids: BTreeSet<_> =
            catalog.products().iter().filter_map(|p| p.product_id.clone()).collect();
        let offers = ids.iter().map(|id| catalog.offered(id).unwrap());
        let versions: Vec<_> = offers.flat_map(|offer| offer.versions).collect();
        assert!(versions.len() > ids.len());
        assert!(versions.iter().any(|version| !version.active));
        assert!(versions.iter().any(|version| version.guidance.as_deref() == Some("DEPRECATED")));
    }

    #[test]
    fn a_sized_world_has_the_asked_size() {
        let world = World::sized(50, 10, 30);
        assert_eq!(world.ids(ACCOUNT, REGION).len(), 50);
        assert_eq!(world.instance_counts(ACCOUNT, REGION)["CURRENT"], 300);
    }
}
