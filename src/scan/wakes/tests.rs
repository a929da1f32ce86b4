use proptest::prelude::*;

use super::*;

const TARGET: u64 = 7;

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn set(name: &str) -> Option<Arc<str>> {
    Some(name.into())
}

#[test]
fn one_hint_is_followed_after_the_time_of_quiet_and_others_move_it_no_further_than_patience() {
    let start = Instant::now();
    let mut wakes = Wakes::default();
    wakes.hinted(TARGET, None, start);
    assert_eq!(wakes.next_due(), Some(start + QUIET));
    wakes.hinted(TARGET, None, start + ms(4_000));
    assert_eq!(wakes.next_due(), Some(start + ms(9_000)));
    for at in 5..14 {
        wakes.hinted(TARGET, None, start + ms(at * 1_000));
    }
    assert_eq!(wakes.next_due(), Some(start + PATIENCE));
    assert_eq!(wakes.take_due(start + PATIENCE), [TARGET]);
}

#[test]
fn an_attempt_lists_what_hints_named_once_their_time_has_come() {
    let start = Instant::now();
    let mut wakes = Wakes::default();
    wakes.hinted(TARGET, set("pp-b"), start);
    wakes.hinted(TARGET, set("pp-a"), start);
    wakes.hinted(TARGET, set("pp-b"), start);
    assert!(wakes.begins(TARGET, start + ms(1_000)).is_empty(), "it may be seen too early");
    wakes.ended(TARGET, start + ms(2_000));
    assert_eq!(wakes.next_due(), Some(start + QUIET), "so another follows");
    let listed = wakes.begins(TARGET, start + QUIET);
    assert_eq!(listed.into_iter().collect::<Vec<_>>(), ["pp-a".into(), "pp-b".into()]);
    assert_eq!(wakes.next_due(), None);
    assert!(wakes.begins(TARGET, start + ms(100_000)).is_empty(), "once");
}

#[test]
fn hints_that_come_while_an_attempt_runs_are_followed_by_another() {
    let start = Instant::now();
    let mut wakes = Wakes::default();
    wakes.hinted(TARGET, None, start);
    assert!(wakes.begins(TARGET, start + QUIET).is_empty());
    wakes.hinted(TARGET, set("pp-a"), start + ms(6_000));
    let due = wakes.next_due().unwrap();
    assert_eq!(wakes.take_due(due), [TARGET]);
    assert_eq!(wakes.next_due(), None, "while it runs");
    wakes.ended(TARGET, due + ms(30_000));
    let next = wakes.next_due().unwrap();
    assert_eq!(wakes.begins(TARGET, next).len(), 1);
}

#[test]
fn a_target_that_takes_long_is_scanned_because_of_hints_half_of_its_time_at_most() {
    let start = Instant::now();
    let mut wakes = Wakes::default();
    wakes.hinted(TARGET, None, start);
    wakes.begins(TARGET, start + QUIET);
    wakes.hinted(TARGET, None, start + QUIET);
    wakes.ended(TARGET, start + QUIET + ms(60_000));
    assert_eq!(wakes.next_due(), Some(start + QUIET + ms(120_000)));
}

#[test]
fn what_is_forgotten_or_gone_is_not_scanned() {
    let start = Instant::now();
    let mut wakes = Wakes::default();
    wakes.hinted(TARGET, set("pp-a"), start);
    wakes.forget(TARGET);
    assert_eq!(wakes.next_due(), None);
    wakes.hinted(TARGET, set("pp-a"), start);
    wakes.hinted(8, None, start);
    wakes.keep(|number| number == 8);
    assert_eq!(wakes.take_due(start + PATIENCE), [8]);
    assert!(wakes.begins(TARGET, start + PATIENCE).is_empty());
}

#[test]
fn no_more_stack_sets_wait_than_are_listed_at_once() {
    let start = Instant::now();
    let mut wakes = Wakes::default();
    for n in 0..MOST_STACK_SETS * 2 {
        wakes.hinted(TARGET, set(&format!("pp-{n}")), start);
    }
    assert_eq!(wakes.begins(TARGET, start + QUIET).len(), MOST_STACK_SETS);
}

proptest! {
    /// Whatever comes when: scans because of hints are never nearer to each other than allowed, and
    /// no hint is left without an attempt that begins after it.
    #[test]
    fn no_flood_of_hints_moves_the_bound_and_none_is_forgotten(
        hints in prop::collection::vec(0_u64..300_000, 1..200),
        took in 0_u64..20_000,
    ) {
        let start = Instant::now();
        let mut hints = hints;
        hints.sort_unstable();
        let (mut wakes, mut running) = (Wakes::default(), None::<Instant>);
        let mut begun = Vec::new();
        let mut at = start;
        let mut coming = hints.iter().map(|hint| start + ms(*hint)).peekable();
        loop {
            let next = [coming.peek().copied(), running, wakes.next_due()].into_iter().flatten().min();
            let Some(next) = next else { break };
            at = at.max(next);
            if running == Some(next) {
                running = None;
                wakes.ended(TARGET, at);
            } else if coming.peek() == Some(&next) {
                coming.next();
                wakes.hinted(TARGET, None, at);
            } else {
                for number in wakes.take_due(at) {
                    if running.is_none() {
                        wakes.begins(number, at);
                        begun.push(at);
                        running = Some(at + ms(took));
                    }
                }
            }
        }
        for pair in begun.windows(2) {
            prop_assert!(pair[1] - pair[0] >= APART.max(ms(took) * 2));
        }
        let last = start + ms(*hints.last().unwrap());
        prop_assert!(begun.last().is_some_and(|begun| *begun >= last), "{begun:?}");
    }
}
