use proptest::prelude::*;

use super::*;

const INTERVAL: Duration = Duration::from_secs(300);

/// Stack sets in which nothing happens but what the test says, scanned again and again.
struct World {
    /// By id: when each was listed, and whether because of its turn.
    listed: Vec<(Duration, bool)>,
    now: Duration,
    max_age: Duration,
}

impl World {
    /// So many stack sets, all just listed for the first time, which have turns every N scans.
    fn new(stack_sets: usize, scans: u32) -> Self {
        let listed = vec![(Duration::ZERO, false); stack_sets];
        Self { listed, now: Duration::ZERO, max_age: INTERVAL * scans }
    }

    /// Scans `later`; the places of the stack sets whose turn it was, each with its age.
    fn scan(&mut self, later: Duration) -> Vec<(usize, Duration)> {
        self.scan_but(later, &[])
    }

    /// The same, when these have to be listed anyway.
    fn scan_but(&mut self, later: Duration, unsettled: &[usize]) -> Vec<(usize, Duration)> {
        self.now += later;
        let settled = self.listed.iter().enumerate();
        let settled = settled.filter(|(place, _)| !unsettled.contains(place));
        let settled = settled.map(|(place, &(listed, by_turn))| Settled {
            id: format!("pp-{place:013}").into(),
            age: self.now - listed,
            by_turn,
        });
        let (turns, _) = divide(settled.collect(), INTERVAL, self.max_age);
        let place = |one: &Settled| one.id.trim_start_matches("pp-").parse().unwrap();
        let turns: Vec<(usize, Duration)> = turns.iter().map(|one| (place(one), one.age)).collect();
        for &place in unsettled {
            self.listed[place] = (self.now, false);
        }
        for &(place, _) in &turns {
            self.listed[place] = (self.now, true);
        }
        turns
    }

    /// How many turns there were in each of so many scans.
    fn turns(&mut self, scans: usize) -> Vec<usize> {
        (0..scans).map(|_| self.scan(INTERVAL).len()).collect()
    }
}

#[test]
fn in_a_still_world_each_scan_renews_one_nth_from_the_first_after_a_start() {
    for (stack_sets, scans) in [(6, 6), (120, 6), (1_000, 10), (12, 4)] {
        let each = stack_sets / scans as usize;
        assert_eq!(World::new(stack_sets, scans).turns(40), vec![each; 40], "{stack_sets}/{scans}");
    }
}

#[test]
fn what_does_not_divide_evenly_differs_by_one_from_scan_to_scan() {
    let turns = World::new(100, 6).turns(60);
    assert!(turns.iter().all(|many| (16..=17).contains(many)), "{turns:?}");
    assert_eq!(turns[12..].iter().sum::<usize>(), 100 * 48 / 6);
}

#[test]
fn the_oldest_go_first() {
    let mut world = World::new(6, 3);
    let places = |world: &mut World| -> Vec<usize> {
        world.scan(INTERVAL).into_iter().map(|(place, _)| place).collect()
    };
    assert_eq!(places(&mut world), [0, 1]);
    assert_eq!(places(&mut world), [2, 3]);
    assert_eq!(places(&mut world), [4, 5]);
    assert_eq!(places(&mut world), [0, 1]);
}

#[test]
fn a_single_stack_set_is_renewed_every_nth_scan_only() {
    let turns = World::new(1, 6).turns(60);
    let scans: Vec<_> = turns.iter().enumerate().filter(|(_, many)| **many == 1).collect();
    assert!(scans.windows(2).all(|two| two[1].0 - two[0].0 == 6), "{turns:?}");
    assert_eq!(scans.len(), 10);
}

#[test]
fn the_single_stack_sets_of_a_fleet_do_not_have_their_first_turns_together() {
    let first_turn = |id: usize| {
        (1..=6).find(|scan| {
            let id = format!("pp-{id:013}").into();
            let settled = vec![Settled { id, age: INTERVAL * *scan, by_turn: false }];
            divide(settled, INTERVAL, 6 * INTERVAL).0.len() == 1
        })
    };
    let mut turns = [0; 7];
    (0..600).for_each(|id| turns[first_turn(id).unwrap() as usize] += 1);
    assert!(turns[1..].iter().all(|many| (70..=130).contains(many)), "{turns:?}");
}

#[test]
fn nothing_is_renewed_by_scans_that_follow_at_once() {
    let mut world = World::new(60, 6);
    assert_eq!(world.scan(Duration::from_secs(1)), []);
    assert_eq!(world.scan(INTERVAL - Duration::from_secs(1)).len(), 10);
    assert_eq!(world.scan(Duration::from_secs(1)), []);
}

#[test]
fn a_scan_that_comes_late_renews_for_those_that_were_left_out() {
    let mut world = World::new(60, 6);
    assert_eq!(world.scan(INTERVAL).len(), 10);
    assert_eq!(world.scan(3 * INTERVAL).len(), 30);
    assert_eq!(world.scan(INTERVAL).len(), 10);
    assert_eq!(world.scan(10 * INTERVAL).len(), 60);
}

#[test]
fn scans_that_begin_a_moment_early_or_late_count_like_those_on_time() {
    let mut world = World::new(60, 6);
    let shake = [2, 0, 3, 1, 0, 5, 0, 0, 4, 1, 0, 2];
    let late = |late: u64| INTERVAL + Duration::from_millis(late);
    for shakes in shake.windows(2) {
        assert_eq!(world.scan(late(shakes[1]) - Duration::from_millis(shakes[0])).len(), 10);
    }
}

#[test]
fn an_age_below_the_interval_is_a_turn_with_every_scan() {
    let mut world = World { max_age: Duration::from_secs(1), ..World::new(50, 1) };
    assert_eq!(world.turns(3), [50, 50, 50]);
}

#[test]
fn where_nothing_is_settled_nobody_has_a_turn() {
    assert_eq!(World::new(0, 6).turns(3), [0, 0, 0]);
}

#[test]
fn what_was_listed_together_for_another_reason_does_not_stay_together() {
    let mut world = World::new(120, 6);
    world.turns(9);
    let changed: Vec<usize> = (0..60).collect();
    world.scan_but(INTERVAL, &changed);
    let turns = world.turns(24);
    assert!(turns.iter().all(|many| (19..=21).contains(many)), "{turns:?}");
}

proptest! {
    /// Whatever else is listed in between.
    #[test]
    fn no_listing_is_passed_over_in_its_nth_scan(
        stack_sets in 1_usize..60,
        scans in 1_u32..12,
        unsettled in proptest::collection::vec(proptest::collection::vec(0_usize..60, 0..20), 1..60),
    ) {
        let mut world = World::new(stack_sets, scans);
        for mut unsettled in unsettled {
            unsettled.retain(|place| *place < stack_sets);
            let before = world.listed.clone();
            let turns = world.scan_but(INTERVAL, &unsettled);
            for (place, (listed, _)) in before.into_iter().enumerate() {
                let renewed = world.listed[place].0 == world.now;
                prop_assert!(renewed || world.now - listed < world.max_age, "{place}");
            }
            prop_assert!(turns.iter().all(|(_, age)| *age <= world.max_age));
        }
    }

    #[test]
    fn a_still_world_costs_no_more_than_one_nth_and_one(
        stack_sets in 0_usize..200,
        scans in 1_u32..30,
    ) {
        let mut world = World::new(stack_sets, scans);
        for many in world.turns(3 * scans as usize) {
            prop_assert!(many <= stack_sets / scans as usize + 1, "{many}");
        }
    }
}
