//! The world that is watched, and how it changes from round to round.

use std::collections::HashMap;

use fastrand::Rng;
use servicecatalog_exporter::sim::{Fleet, ProvisionedProduct, StackInstance, World};

use super::truth::{INSTANCE_STATUSES, Place};

/// Products of a place are kept between these: two pages to four.
const FEWEST: usize = 22;
const MOST: usize = 64;

pub fn fleet() -> Fleet {
    Fleet {
        accounts: 3,
        regions: ["eu-central-1", "us-east-1"].map(str::to_owned).to_vec(),
        products: 26,
        stack_sets: 3,
        instances: 5,
        ..Fleet::default()
    }
}

/// That organisation, with lists of two and three pages, and listings of none to three.
pub fn world(rng: &mut Rng) -> World {
    let mut world = World::fleet(&fleet());
    for (n, (account, region)) in members().into_iter().enumerate() {
        // Some of them have a page more.
        for more in 0..[20, 0, 0][n % 3] {
            let product = ProvisionedProduct::healthy(900_000 + 100 * n + more);
            world.add(&account, &region, product.at(&account, &region));
        }
    }
    for place in places() {
        // Service Catalog was used everywhere, if for nothing.
        let catalog = world.catalog_mut(&place.0, &place.1);
        for product in catalog.products_mut() {
            if product.product_type.as_deref() == Some("CFN_STACKSET") {
                product.instances = instances(rng);
            }
        }
    }
    world
}

/// Every target.
pub fn places() -> Vec<Place> {
    let mut places = members();
    places.extend(fleet().regions.iter().map(|r| (Fleet::MANAGEMENT.to_owned(), r.clone())));
    places
}

/// Those that have more than one page of products.
pub fn members() -> Vec<Place> {
    let fleet = fleet();
    let accounts = (0..fleet.accounts).map(Fleet::account);
    let of = |account: String| fleet.regions.iter().map(move |r| (account.clone(), r.clone()));
    accounts.flat_map(of).collect()
}

fn instances(rng: &mut Rng) -> Vec<StackInstance> {
    let count = [0, 1, 5, 20, 21, 45, 45][rng.usize(..7)];
    let mut instances = StackInstance::current(count);
    if rng.bool() {
        for instance in &mut instances {
            if rng.u8(..8) == 0 {
                instance.status = Some(INSTANCE_STATUSES[rng.usize(..3)].into());
            }
        }
    }
    instances
}

/// A step as the world plans it. Where it carries out a plan on a product that [`shake`] changed
/// meanwhile, instances may change under the same record and status, which nobody promises to see
/// before `max_age`: that gets a record too.
pub fn step(world: &mut World, serial: &mut usize) {
    let before: Vec<Vec<ProvisionedProduct>> =
        members().iter().map(|(a, r)| world.catalog_mut(a, r).products().to_vec()).collect();
    world.step();
    for ((account, region), before) in members().iter().zip(before) {
        let before: HashMap<_, _> = before.iter().map(|product| (&product.id, product)).collect();
        for product in world.catalog_mut(account, region).products_mut() {
            let hidden = before.get(&product.id).is_some_and(|before| {
                before.instances != product.instances
                    && before.last_record_id == product.last_record_id
                    && before.status == product.status
            });
            if hidden {
                *serial += 1;
                product.last_record_id = Some(format!("rec-soak{serial:09}"));
            }
        }
    }
}

/// What nobody planned: products appear and vanish, change type, status and instances. Each
/// change has a record, as an operation of Service Catalog has.
pub fn shake(world: &mut World, rng: &mut Rng, serial: &mut usize) {
    for place in members() {
        let products = world.catalog_mut(&place.0, &place.1).products_mut();
        for _ in 0..rng.usize(..4) {
            *serial += 1;
            let (n, at) = (*serial, rng.usize(..products.len()));
            let record = Some(format!("rec-soak{n:09}"));
            match rng.u8(..6) {
                0 if products.len() > FEWEST => drop(products.remove(at)),
                1 if products.len() < MOST => {
                    let new = if rng.bool() {
                        ProvisionedProduct::stack_set(1_000_000 + n, instances(rng))
                    } else {
                        ProvisionedProduct::healthy(1_000_000 + n)
                    };
                    products.insert(at, new.at(&place.0, &place.1));
                }
                2 => {
                    // What was a stack set may be none any more, and the other way round.
                    let product = &mut products[at];
                    let was = product.product_type.as_deref() == Some("CFN_STACKSET");
                    let kind = if was { "CFN_STACK" } else { "CFN_STACKSET" };
                    product.product_type = Some(kind.into());
                    product.instances = if was { Vec::new() } else { instances(rng) };
                    product.last_record_id = record;
                }
                3 | 4 => {
                    let status = ["AVAILABLE", "TAINTED", "ERROR", "UNDER_CHANGE"];
                    let product = &mut products[at];
                    product.status = Some(status[rng.usize(..4)].into());
                    product.last_provisioning_record_id.clone_from(&record);
                    product.last_record_id = record;
                }
                _ => {
                    // An operation that was over between two looks: only its record shows it.
                    let sets = products.iter_mut();
                    let mut sets: Vec<_> = sets
                        .filter(|product| product.product_type.as_deref() == Some("CFN_STACKSET"))
                        .collect();
                    let many = sets.len();
                    if let Some(set) = sets.get_mut(rng.usize(..many.max(1))) {
                        set.instances = instances(rng);
                        set.last_record_id = record;
                    }
                }
            }
        }
    }
}

/// The ids of all stack sets.
pub fn stack_sets(world: &World) -> Vec<String> {
    let sets = |place: Place| {
        let catalog = world.catalog(&place.0, &place.1);
        let products = catalog.map(|catalog| catalog.products().to_vec()).unwrap_or_default();
        products
            .into_iter()
            .filter(|product| product.product_type.as_deref() == Some("CFN_STACKSET"))
            .filter_map(|product| product.id)
    };
    members().into_iter().flat_map(sets).collect()
}
