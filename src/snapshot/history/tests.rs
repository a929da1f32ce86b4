use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::model::{AccountId, CatalogBuilder, Provisioning, Region};
use crate::snapshot::{AttemptEnd, EnrichmentEnd};

const KEEP: Duration = Duration::from_secs(3_600);

fn at(seconds: u64) -> Moment {
    // Behind a start of the clock that lies before everything that is kept.
    let uptime = Duration::from_secs(1_000_000 + seconds);
    Moment { unix: 1_700_000_000.0 + seconds as f64, uptime }
}

fn target() -> TargetState {
    let region = Region::parse("eu-central-1").unwrap();
    TargetState::new(region, Some(AccountId::new("123456789012")), Duration::from_secs(300))
}

fn list(items: &[(&str, &str)]) -> Arc<Catalog> {
    let mut builder = CatalogBuilder::default();
    items.iter().for_each(|(id, status)| builder.add(one(id, status, "prod-1")));
    Arc::new(builder.finish())
}

fn one(id: &str, status: &str, product_id: &str) -> Product {
    Product {
        id: id.into(),
        name: "n".into(),
        kind: "CFN_STACK".into(),
        status: ProductStatus::read(Some(status)),
        product_id: product_id.into(),
        artifact_id: "".into(),
        created: None,
        provisioning: Provisioning::Unrecorded,
        last_record: "".into(),
        status_message: None,
    }
}

fn told(change: &ListChange) -> Vec<String> {
    use crate::model::StatusName as _;
    let told = change.transitions.iter().map(|transition| {
        let from = transition.from.as_ref().map_or("", |from| from.as_str());
        let after = transition.after.map_or("?".to_owned(), |after| after.to_string());
        format!("{} {from}>{} {after}", transition.id, transition.to.as_str())
    });
    told.collect()
}

fn entered(state: &TargetState, status: &ProductStatus) -> u64 {
    state.transitions().values().map(|tally| tally.of(status)).sum()
}

/// The state of the next process, which found what this one kept.
fn restarted(state: &TargetState, now: Moment, is_torn: bool) -> TargetState {
    let mut saved = state.save(None, now).unwrap();
    if is_torn {
        saved.tear();
    }
    let mut next = target();
    assert!(next.restore(&saved, now));
    next.drop_expired(now, KEEP);
    next
}

#[test]
fn a_first_list_tells_of_no_transition() {
    let mut state = target();
    let change = state.list_complete(list(&[("pp-1", "TAINTED")]), at(0));
    assert!(change.is_another && change.transitions.is_empty());
    assert_eq!(entered(&state, &ProductStatus::Tainted), 0);
    assert_eq!(state.transitions().len(), 1, "a counter is there from 0 on");
    assert_eq!(state.status_since("pp-1"), None, "nobody saw it become so");
}

#[test]
fn a_product_that_shows_another_status_entered_it_when_the_list_was_asked_for() {
    let mut state = target();
    state.list_complete(list(&[("pp-1", "AVAILABLE")]), at(0));
    let change = state.list_complete(list(&[("pp-1", "UNDER_CHANGE")]), at(300));
    assert_eq!(told(&change), ["pp-1 AVAILABLE>UNDER_CHANGE ?"]);
    let change = state.list_complete(list(&[("pp-1", "ERROR")]), at(900));
    assert_eq!(told(&change), ["pp-1 UNDER_CHANGE>ERROR 600"]);
    assert_eq!(state.status_since("pp-1"), Some(at(900).unix));
    let counts = [ProductStatus::Available, ProductStatus::UnderChange, ProductStatus::Error];
    assert_eq!(counts.map(|status| entered(&state, &status)), [0, 1, 1]);
}

#[test]
fn a_product_that_a_later_list_shows_first_entered_its_status_and_one_that_is_gone_left_none() {
    let mut state = target();
    state.list_complete(list(&[]), at(0));
    let change = state.list_complete(list(&[("pp-1", "UNDER_CHANGE")]), at(300));
    assert_eq!(told(&change), ["pp-1 >UNDER_CHANGE ?"]);
    assert_eq!(entered(&state, &ProductStatus::UnderChange), 1);
    let change = state.list_complete(list(&[]), at(600));
    assert!(change.is_another && change.transitions.is_empty());
    assert_eq!(entered(&state, &ProductStatus::UnderChange), 1, "a counter does not go back");
    state.list_complete(list(&[("pp-2", "UNDER_CHANGE")]), at(900));
    assert_eq!(entered(&state, &ProductStatus::UnderChange), 2, "not when its group comes back");
    assert_eq!(state.status_since("pp-1"), None);
}

#[test]
fn a_group_that_is_gone_is_forgotten_if_it_counted_nothing_or_if_there_are_too_many() {
    let mut state = target();
    let list = |number: usize| {
        let mut builder = CatalogBuilder::default();
        builder.add(one(&format!("pp-{number}"), "AVAILABLE", &format!("prod-{number}")));
        Arc::new(builder.finish())
    };
    state.list_complete(list(0), at(0));
    state.list_complete(list(1), at(300));
    assert_eq!(state.transitions().len(), 1, "the first group counted nothing");
    for number in 2..=MOST_GROUPS {
        state.list_complete(list(number), at(300 * number as u64));
        assert_eq!(state.transitions().len(), number);
    }
    state.list_complete(list(0), at(300_300));
    assert_eq!(state.transitions().len(), 1);
}

#[test]
fn a_list_that_says_nothing_new_tells_of_nothing_and_shares_its_memory() {
    let mut state = target();
    state.list_complete(list(&[("pp-1", "AVAILABLE")]), at(0));
    state.list_complete(list(&[("pp-1", "TAINTED")]), at(300));
    let before = state.clone();
    let change = state.list_complete(list(&[("pp-1", "TAINTED")]), at(600));
    assert_eq!(change, ListChange::default());
    assert!(Arc::ptr_eq(&before.history, &state.history));
    assert_eq!(state.status_since("pp-1"), Some(at(300).unix));
}

#[test]
fn a_list_that_follows_on_a_dropped_one_is_a_first_list() {
    let mut state = target();
    state.list_complete(list(&[("pp-1", "AVAILABLE")]), at(0));
    state.list_complete(list(&[("pp-1", "TAINTED")]), at(300));
    assert!(state.drop_expired(at(4_000), KEEP));
    assert_eq!(entered(&state, &ProductStatus::Tainted), 1, "counters stay");
    let change = state.list_complete(list(&[("pp-1", "ERROR")]), at(4_200));
    assert!(change.transitions.is_empty());
    assert_eq!(state.status_since("pp-1"), None, "what happened meanwhile is unknown");
}

#[test]
fn a_restart_counts_on_from_the_list_before_it_and_keeps_since_when() {
    let mut state = target();
    state.list_complete(list(&[("pp-1", "AVAILABLE"), ("pp-2", "AVAILABLE")]), at(0));
    state.list_complete(list(&[("pp-1", "TAINTED"), ("pp-2", "AVAILABLE")]), at(300));
    let mut next = restarted(&state, at(400), false);
    assert_eq!(next.status_since("pp-1"), Some(at(300).unix));
    assert_eq!(entered(&next, &ProductStatus::Tainted), 0, "a counter begins with its process");
    let change = next.list_complete(list(&[("pp-1", "TAINTED"), ("pp-2", "ERROR")]), at(600));
    assert_eq!(told(&change), ["pp-2 AVAILABLE>ERROR ?"]);
    assert_eq!(entered(&next, &ProductStatus::Error), 1);
}

#[test]
fn behind_a_process_that_was_killed_the_first_list_counts_nothing() {
    let mut state = target();
    state.list_complete(list(&[("pp-1", "AVAILABLE")]), at(0));
    let mut next = restarted(&state, at(100), true);
    let change = next.list_complete(list(&[("pp-1", "TAINTED")]), at(300));
    assert!(change.transitions.is_empty(), "it may have counted that itself");
    assert_eq!(next.status_since("pp-1"), None, "nor is this where it was seen first");
    let change = next.list_complete(list(&[("pp-1", "ERROR")]), at(600));
    assert_eq!(told(&change), ["pp-1 TAINTED>ERROR ?"], "from then on all is counted");
}

#[test]
fn a_target_is_empty_for_as_long_as_each_list_was() {
    let mut state = target();
    assert_eq!(state.empty_for(at(0)), None, "unknown is not empty");
    state.list_complete(list(&[]), at(0));
    state.list_complete(list(&[]), at(300));
    assert_eq!(state.empty_for(at(500)), Some(Duration::from_secs(500)));
    assert_eq!(
        restarted(&state, at(600), false).empty_for(at(600)),
        Some(Duration::from_secs(600))
    );
    state.list_complete(list(&[("pp-1", "AVAILABLE")]), at(600));
    assert_eq!(state.empty_for(at(700)), None);
}

const STATUSES: [&str; 4] = ["AVAILABLE", "UNDER_CHANGE", "TAINTED", "QUARANTINED"];

/// What happens to a target.
#[derive(Clone, Debug)]
enum Event {
    /// Time passes and a list is complete: the status of each product, none where it is gone.
    List(Vec<Option<usize>>),
    /// An attempt fails.
    Failure,
    /// So much time passes that the list is dropped.
    Outage,
    /// What is known is written down, as it is now and then.
    Kept,
    /// The process is told to stop, and another begins.
    Restart,
    /// The process is killed, and another begins with what was written down last.
    Crash,
    /// Another shard has the target for a while: this one forgets it.
    Reshard,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => prop::collection::vec(prop::option::of(0..STATUSES.len()), 3).prop_map(Event::List),
        1 => Just(Event::Failure),
        1 => Just(Event::Outage),
        2 => Just(Event::Kept),
        1 => Just(Event::Restart),
        1 => Just(Event::Crash),
        1 => Just(Event::Reshard),
    ]
}

proptest! {
    /// Whatever happens, the counters of all processes together count no change of the world twice,
    /// and miss none that two lists of one process or of two that followed in order show.
    #[test]
    fn no_transition_is_counted_twice(events in prop::collection::vec(event(), 1..40)) {
        let (mut state, mut kept) = (target(), None);
        // What the world did between two lists that were seen, and what was counted of it.
        let (mut seen, mut counted) = (0_u64, 0_u64);
        let mut last_seen: Option<HashMap<String, usize>> = None;
        let mut is_missed_allowed = false;
        for (number, event) in (1_u64..).zip(events) {
            let now = at(number * 300);
            match event {
                Event::List(statuses) => {
                    let ids = ["pp-1", "pp-2", "pp-3"].into_iter().zip(&statuses);
                    let world: HashMap<String, usize> =
                        ids.filter_map(|(id, status)| Some((id.to_owned(), (*status)?))).collect();
                    let items: Vec<_> =
                        world.iter().map(|(id, status)| (&**id, STATUSES[*status])).collect();
                    let had_list = state.products().is_some();
                    let transitions = state.list_complete(list(&items), now).transitions;
                    let changed = last_seen.as_ref().map_or(0, |before| {
                        world.iter().filter(|(id, status)| before.get(*id) != Some(status)).count()
                    });
                    prop_assert!(transitions.len() <= changed);
                    if had_list && !is_missed_allowed {
                        prop_assert_eq!(transitions.len(), changed);
                    }
                    for transition in &transitions {
                        prop_assert_eq!(state.status_since(&transition.id), Some(now.unix));
                    }
                    seen += changed as u64;
                    counted += transitions.len() as u64;
                    last_seen = Some(world);
                    is_missed_allowed = false;
                }
                Event::Failure => state.attempt_finished(AttemptEnd {
                    begun: now,
                    products: Err(crate::model::Reason::Network),
                    products_took: Duration::ZERO,
                    listings_took: None,
                    listings: Vec::new(),
                    enrichment: EnrichmentEnd::default(),
                }),
                Event::Outage => {
                    state.drop_expired(now.plus(KEEP), KEEP);
                }
                Event::Kept => kept = state.save(None, now).map(|saved| {
                    serde_json::from_str(&serde_json::to_string(&saved).unwrap()).unwrap()
                }),
                Event::Restart => {
                    let known = state.save(None, now).is_some();
                    state = if known { restarted(&state, now, false) } else { target() };
                    is_missed_allowed |= !known;
                }
                Event::Crash => {
                    let mut next = target();
                    if let Some(saved) = &mut kept {
                        crate::snapshot::SavedTarget::tear(saved);
                        prop_assert!(next.restore(saved, now));
                        next.drop_expired(now, KEEP);
                    }
                    state = next;
                    is_missed_allowed = true;
                }
                Event::Reshard => {
                    (state, kept) = (target(), None);
                    is_missed_allowed = true;
                }
            }
            prop_assert!(counted <= seen);
            for (id, since) in &state.history.since {
                prop_assert!(*since <= now.unix, "{id} since {since}");
            }
        }
    }
}
