use proptest::prelude::*;

use super::*;

fn account(number: u64) -> AccountId {
    AccountId::new(&format!("{number:012}"))
}

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

/// `accounts` accounts in three regions.
fn fleet(accounts: u64) -> impl Iterator<Item = (AccountId, Region)> {
    (0..accounts).flat_map(|number| {
        ["eu-central-1", "us-east-1", "ap-southeast-2"]
            .map(|name| (account(100_000_000_000 + 7919 * number), region(name)))
    })
}

#[test]
fn the_owner_of_a_target_never_changes_between_releases() {
    // Each line: for s in 0 1 2 3 4; do printf "ACCOUNT/REGION/$s" | sha256sum | cut -c 1-16; done
    // and the place of the largest of the first TOTAL lines.
    for (number, name, owners) in GOLDEN {
        let found: Vec<u32> =
            (1..=7).map(|total| owner(&account(*number), &region(name), total)).collect();
        assert_eq!(found, owners, "{number} {name}");
    }
}

/// Account, region, and the owners among 1, 2, … 7 shards.
const GOLDEN: &[(u64, &str, [u32; 7])] = &[
    (123_456_789_012, "eu-central-1", [0, 1, 1, 1, 4, 4, 4]),
    (12_345_678_901, "us-east-1", [0, 0, 2, 3, 3, 3, 3]),
    (210_987_654_321, "ap-southeast-2", [0, 0, 0, 0, 0, 0, 0]),
    (999_999_999_999, "cn-north-1", [0, 1, 1, 1, 4, 4, 4]),
    (0, "us-gov-west-1", [0, 0, 2, 2, 2, 2, 2]),
];

#[test]
fn a_single_process_owns_everything() {
    for total in [0, 1] {
        assert_eq!(owner(&account(1), &region("eu-central-1"), total), 0);
    }
}

#[test]
fn shards_are_about_equally_large() {
    for total in [2, 3, 5, 10] {
        let mut sizes = vec![0_u32; total as usize];
        for (account, region) in fleet(2000) {
            sizes[owner(&account, &region, total) as usize] += 1;
        }
        let fair = f64::from(6000 / total);
        for size in &sizes {
            assert!((f64::from(*size) / fair - 1.0).abs() < 0.15, "{sizes:?}");
        }
    }
}

#[test]
fn a_new_shard_takes_its_part_of_the_targets_and_no_more() {
    for total in 1..10 {
        let (mut all, mut moved) = (0, 0);
        for (account, region) in fleet(1000) {
            all += 1;
            moved +=
                i32::from(owner(&account, &region, total) != owner(&account, &region, total + 1));
        }
        let share = f64::from(moved) / f64::from(all) * f64::from(total + 1);
        assert!((0.85..1.15).contains(&share), "{moved} of {all} to shard {total}");
    }
}

proptest! {
    /// Each target is scanned by one shard: the union is the whole, the intersection is empty.
    #[test]
    fn every_target_has_exactly_one_owner(number in 0_u64..1_000_000_000_000, total in 1_u32..=100) {
        let (account, region) = (account(number), region("eu-west-1"));
        let owners = (0..total).filter(|shard| owner(&account, &region, total) == *shard);
        prop_assert_eq!(owners.count(), 1);
    }

    #[test]
    fn a_target_stays_or_moves_to_the_new_shard(
        number in 0_u64..1_000_000_000_000,
        total in 1_u32..100,
    ) {
        let (account, region) = (account(number), region("eu-west-1"));
        let (before, after) =
            (owner(&account, &region, total), owner(&account, &region, total + 1));
        prop_assert!(after == before || after == total, "from {} to {}", before, after);
    }
}
