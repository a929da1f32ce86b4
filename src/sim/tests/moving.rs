use std::collections::BTreeSet;

use super::*;

const NOW: u64 = 1_780_000_000;

/// Everything a client can see of the world: all products and all instances.
fn everything(world: &mut World) -> String {
    let mut seen = String::new();
    let mut token: Option<String> = None;
    loop {
        let page = page_of(world, SCAN, &account_scan(token.as_deref()));
        seen.push_str(&page["ProvisionedProducts"].to_string());
        match page["NextPageToken"].as_str() {
            Some(next) => token = Some(next.to_owned()),
            None => break,
        }
    }
    format!("{seen}{:?}", world.instance_counts(ACCOUNT, REGION))
}

fn products(world: &World) -> &[ProvisionedProduct] {
    world.catalog(ACCOUNT, REGION).unwrap().products()
}

#[test]
fn the_same_seed_makes_the_same_history_byte_for_byte() {
    let mut worlds = [World::demo(7, NOW), World::demo(7, NOW)];
    let mut other = World::demo(8, NOW);
    for _ in 0..200 {
        let [one, two] = &mut worlds;
        assert_eq!(everything(one), everything(two));
        one.step();
        two.step();
        other.step();
    }
    assert_ne!(everything(&mut worlds[0]), everything(&mut other));
}

#[test]
fn soon_something_breaks_and_something_is_outdated_while_most_stays_healthy() {
    for seed in 0..20 {
        let mut world = World::demo(seed, NOW);
        let outdated = |world: &World| -> BTreeSet<(String, usize)> {
            let stack_sets = products(world).iter();
            stack_sets
                .flat_map(|product| {
                    let id = product.id.clone().unwrap();
                    let behind = product.instances.iter().enumerate();
                    behind
                        .filter(|(_, instance)| instance.status.as_deref() == Some("OUTDATED"))
                        .map(move |(n, _)| (id.clone(), n))
                })
                .collect()
        };
        let broken = |world: &World| -> BTreeSet<String> {
            let troubled = |product: &&ProvisionedProduct| {
                product.has_status("TAINTED") || product.has_status("ERROR")
            };
            products(world)
                .iter()
                .filter(troubled)
                .filter_map(|product| product.id.clone())
                .collect()
        };
        let (broken_before, outdated_before) = (broken(&world), outdated(&world));
        let (mut breaks, mut ages) = (false, false);
        for _ in 0..10 {
            world.step();
            breaks |= !broken(&world).is_subset(&broken_before);
            ages |= !outdated(&world).is_subset(&outdated_before);
            let available = world.counts_by_status(ACCOUNT, REGION)["AVAILABLE"];
            assert!(available * 10 > products(&world).len() * 6, "{available} at seed {seed}");
        }
        assert!(breaks && ages, "seed {seed}: {breaks} {ages}");
    }
}

#[test]
fn a_long_life_shows_everything_stays_bounded_and_never_gets_stuck() {
    let mut world = World::demo(3, NOW);
    let launched = products(&world).len();
    let (mut statuses, mut instances, mut ids) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    // Since how many steps each product is as it is, if that is no state to stay in.
    let mut stuck: std::collections::BTreeMap<String, (String, usize)> =
        std::collections::BTreeMap::new();
    for _ in 0..10_000 {
        world.step();
        let count = products(&world).len();
        assert!((launched - 5..=launched + 5).contains(&count), "{count}");
        statuses.extend(world.counts_by_status(ACCOUNT, REGION).into_keys());
        instances.extend(world.instance_counts(ACCOUNT, REGION).into_keys());
        ids.extend(world.ids(ACCOUNT, REGION));
        for product in products(&world) {
            let id = product.id.clone().unwrap();
            if product.has_status("AVAILABLE") {
                stuck.remove(&id);
                continue;
            }
            let status = product.status.clone().unwrap().into_owned();
            let entry = stuck.entry(id).or_insert((status.clone(), 0));
            *entry = if entry.0 == status { (status, entry.1 + 1) } else { (status, 0) };
            assert!(entry.1 < 30, "{product:?}");
        }
    }
    assert_eq!(statuses.len(), 5, "{statuses:?}");
    assert_eq!(instances.len(), 3, "{instances:?}");
    assert!(ids.len() > launched * 5, "{}", ids.len());
}

#[test]
fn record_ids_tell_the_same_story_as_the_status() {
    let mut world = World::demo(5, NOW);
    let mut before = products(&world).to_vec();
    for _ in 0..500 {
        world.step();
        for product in products(&world) {
            let Some(earlier) = before.iter().find(|earlier| earlier.id == product.id) else {
                continue;
            };
            let succeeded = product.last_successful_provisioning_record_id
                == product.last_provisioning_record_id;
            let changed = product.status != earlier.status;
            match product.status.as_deref() {
                Some("UNDER_CHANGE") if changed => {
                    assert_ne!(product.last_record_id, earlier.last_record_id);
                    assert_eq!(product.last_record_id, product.last_provisioning_record_id);
                }
                Some("AVAILABLE") if changed => assert!(succeeded, "{product:?}"),
                Some("TAINTED" | "ERROR") if changed => {
                    assert!(!succeeded && product.status_message.is_some(), "{product:?}");
                }
                _ => {}
            }
        }
        before = products(&world).to_vec();
    }
}

#[test]
fn any_world_can_move_and_a_frozen_one_does_not() {
    let mut empty = World::empty(ACCOUNT, REGION);
    empty.step();
    assert!(empty.ids(ACCOUNT, REGION).is_empty());

    let mut world = World::demo(1, NOW);
    let before = everything(&mut world);
    world.freeze(true);
    world.step();
    assert_eq!(everything(&mut world), before);
    world.freeze(false);
    world.step();
    assert_ne!(everything(&mut world), before);
}

#[test]
fn paging_through_a_moving_world_ends() {
    let mut world = World::demo(2, NOW);
    for _ in 0..50 {
        let mut token: Option<String> = None;
        for page_number in 0.. {
            assert!(page_number < 10);
            world.step();
            let page = page_of(&mut world, SCAN, &account_scan(token.as_deref()));
            token = page["NextPageToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
    }
}
