//! What is remembered of the last attempts.

use super::*;

fn error(reason: Reason, request_id: &str) -> StageError {
    StageError {
        operation: Operation::ScanProvisionedProducts,
        reason,
        code: "Code".into(),
        message: "words".into(),
        request_id: request_id.into(),
    }
}

#[test]
fn the_last_five_attempts_are_remembered_the_newest_first() {
    let mut state = target();
    assert_eq!(state.attempts().count(), 0);
    for nth in 0..8 {
        state.attempt_finished(end(at(nth * 300), Ok(()), vec![]));
    }
    let begun: Vec<f64> = state.attempts().map(|attempt| attempt.begun).collect();
    assert_eq!(begun, [7, 6, 5, 4, 3].map(|nth| at(nth * 300).unix));
}

#[test]
fn an_attempt_keeps_its_own_words_when_the_next_one_fails_otherwise_or_not() {
    let mut state = target();
    for (nth, reason, id) in [(0, Reason::Throttled, "first"), (1, Reason::AccessDenied, "second")]
    {
        state.attempt_finished(end(at(nth * 300), Err(reason), vec![]));
        state.explain([(Stage::Products, error(reason, id))]);
    }
    state.attempt_finished(end(at(600), Ok(()), vec![]));
    let of = |attempt: &Attempt| {
        let outcome = &attempt.stages[0];
        assert_eq!(outcome.stage, Stage::Products);
        (outcome.failure, outcome.error.as_ref().map(|error| error.request_id.to_string()))
    };
    assert_eq!(
        state.attempts().map(of).collect::<Vec<_>>(),
        [
            (None, None),
            (Some(Reason::AccessDenied), Some("second".to_owned())),
            (Some(Reason::Throttled), Some("first".to_owned())),
        ]
    );
}

#[test]
fn a_stage_that_did_not_run_is_no_part_of_an_attempt() {
    let mut state = target();
    state.attempt_finished(end(at(0), Ok(()), vec![]));
    state.attempt_finished(end(at(300), Err(Reason::Network), vec![]));
    let stages = |attempt: &Attempt| attempt.stages.iter().map(|o| o.stage).collect::<Vec<_>>();
    assert_eq!(
        state.attempts().map(stages).collect::<Vec<_>>(),
        [vec![Stage::Products], vec![Stage::Products, Stage::StackInstances]],
        "and what an earlier attempt found of it is not told again"
    );
}

#[test]
fn listings_are_counted_by_why_they_were_made_and_how_they_ended() {
    let mut state = target();
    let turn = match listed(0, at(0)) {
        ListingOutcome::Listed(listing, basis) => {
            ListingOutcome::Listed(listing, Basis { cause: Cause::Turn, ..basis })
        }
        other => other,
    };
    let outcomes = vec![
        ("pp-1", listed(0, at(0))),
        ("pp-2", listed(1, at(0))),
        ("pp-3", turn),
        ("pp-4", ListingOutcome::Failed(Reason::Timeout)),
        ("pp-5", ListingOutcome::Refused(Reason::AccessDenied)),
    ];
    state.attempt_finished(end(at(0), Ok(()), outcomes));
    let counts = state.attempts().next().unwrap().listings;
    let expected =
        ListingCounts { never_listed: 2, turn: 1, refused: 1, failed: 1, ..Default::default() };
    assert_eq!(counts, expected);
}

#[test]
fn an_attempt_runs_from_its_begin_to_its_end() {
    let mut state = target();
    assert_eq!(state.running(), None);
    state.attempt_begins(at(7));
    assert_eq!(state.running(), Some(at(7)));
    state.attempt_finished(end(at(7), Ok(()), vec![]));
    assert_eq!(state.running(), None);
}

#[test]
fn what_speaks_against_a_listing_is_named_by_its_first_cause() {
    let mut state = target();
    let kind = STACK_SET_TYPE;
    let catalog = list(&[("pp-1", kind), ("pp-2", kind), ("pp-3", kind)]);
    state.list_complete(Arc::clone(&catalog), at(0));
    let outcomes = vec![("pp-1", listed(0, at(0))), ("pp-2", listed(1, at(0)))];
    state.attempt_finished(end(at(0), Ok(()), outcomes));
    let product = |id: &str| catalog.product(id).unwrap();
    assert_eq!(state.unsettled(product("pp-1")), None);
    assert_eq!(state.unsettled(product("pp-2")), Some(Unsettled::NotCurrent));
    assert_eq!(state.unsettled(product("pp-3")), None, "there is none to speak against");
    let changed = |change: fn(&mut Product)| {
        let mut product = product("pp-1").clone();
        change(&mut product);
        state.unsettled(&product)
    };
    for (change, expected) in [
        ((|p| p.status = ProductStatus::UnderChange) as fn(&mut Product), Unsettled::InMotion),
        (|p| p.status = ProductStatus::read(Some("FROZEN")), Unsettled::UnknownStatus),
        (|p| p.status = ProductStatus::Tainted, Unsettled::OtherStatus),
        (|p| p.last_record = "rec-2".into(), Unsettled::OtherRecord),
    ] {
        assert_eq!(changed(change), Some(expected));
    }
    let failed = vec![("pp-1", ListingOutcome::Failed(Reason::Timeout))];
    state.attempt_finished(end(at(300), Ok(()), failed));
    assert_eq!(state.unsettled(product("pp-1")), Some(Unsettled::Failed));
    assert!(state.has_listing_failed("pp-1") && !state.has_listing_failed("pp-2"));
    assert_eq!(state.standing("pp-1").unwrap().cause, Cause::NeverListed);
    assert_eq!(state.standing("pp-3"), None);
}
