mod attempts;
mod renewal;

use super::*;
use crate::model::{
    CatalogBuilder, InstanceStatus, ListingBuilder, Operation, PerInstance, Product, ProductStatus,
    Provisioning, STACK_SET_TYPE,
};

fn at(seconds: u64) -> Moment {
    Moment { unix: 1_000.0 + seconds as f64, uptime: Duration::from_secs(seconds) }
}

fn target() -> TargetState {
    let region = Region::parse("eu-central-1").unwrap();
    TargetState::new(region, Some(AccountId::new("123456789012")), Duration::from_secs(300))
}

fn list(items: &[(&str, &str)]) -> Arc<Catalog> {
    let mut builder = CatalogBuilder::default();
    for (id, kind) in items {
        builder.add(Product {
            id: (*id).into(),
            name: "".into(),
            kind: (*kind).into(),
            status: ProductStatus::Available,
            product_id: "".into(),
            artifact_id: "".into(),
            created: None,
            provisioning: Provisioning::Unrecorded,
            last_record: "".into(),
            status_message: None,
        });
    }
    Arc::new(builder.finish())
}

fn listed(outdated: usize, asked: Moment) -> ListingOutcome {
    let mut builder = ListingBuilder::default();
    for account in 0..outdated {
        builder.add(&account.to_string(), "eu-central-1", Some("OUTDATED"));
    }
    let value = Arc::new(builder.finish(PerInstance::Problems, 10));
    let basis = Basis {
        cause: Cause::NeverListed,
        record: "".into(),
        status: ProductStatus::Available,
        begun: asked.uptime,
    };
    ListingOutcome::Listed(Dated { value, asked }, basis)
}

fn end(
    begun: Moment,
    products: Result<(), Reason>,
    listings: Vec<(&str, ListingOutcome)>,
) -> AttemptEnd {
    AttemptEnd {
        begun,
        products,
        products_took: Duration::from_secs(1),
        listings_took: products.is_ok().then_some(Duration::from_secs(2)),
        listings: listings.into_iter().map(|(id, outcome)| (id.into(), outcome)).collect(),
        enrichment: EnrichmentEnd::default(),
    }
}

fn outdated(state: &TargetState) -> Option<u64> {
    state.instances().map(|tally| tally.of(&InstanceStatus::Outdated))
}

fn scanned(
    state: &mut TargetState,
    at: Moment,
    sets: &[&str],
    outcomes: Vec<(&str, ListingOutcome)>,
) {
    let items: Vec<_> = sets.iter().map(|id| (*id, "CFN_STACKSET")).collect();
    state.list_complete(list(&items), at);
    state.attempt_finished(end(at, Ok(()), outcomes));
}

const STACK_INSTANCES: Stage = Stage::StackInstances;

#[test]
fn nothing_is_known_before_the_first_attempt() {
    let state = target();
    assert!(state.products().is_none() && state.instances().is_none());
    for stage in Stage::ALL {
        assert_eq!(*state.stage(stage), StageState::default());
    }
}

#[test]
fn a_list_is_published_before_its_listings_and_keeps_what_is_known_of_them() {
    let mut state = target();
    scanned(&mut state, at(0), &["pp-1"], vec![("pp-1", listed(3, at(1)))]);
    state.list_complete(list(&[("pp-1", "CFN_STACKSET"), ("pp-2", "CFN_STACKSET")]), at(300));
    assert_eq!((outdated(&state), state.stack_sets_unknown()), (Some(3), 1));
    assert_eq!(
        (state.scans(), state.last_attempt()),
        (1, 1_000.0),
        "no attempt has finished since"
    );
}

#[test]
fn what_comes_again_unchanged_stays_the_same_memory_with_a_younger_age() {
    let mut target = target();
    assert!(target.list_complete(list(&[("pp-1", STACK_SET_TYPE)]), at(0)).is_another);
    target.attempt_finished(end(at(0), Ok(()), vec![("pp-1", listed(2, at(1)))]));
    let first = target.clone();
    assert!(!target.list_complete(list(&[("pp-1", STACK_SET_TYPE)]), at(300)).is_another);
    target.attempt_finished(end(at(300), Ok(()), vec![("pp-1", listed(2, at(301)))]));
    assert!(std::ptr::eq(first.products().unwrap(), target.products().unwrap()));
    let (before, after) = (first.listing("pp-1").unwrap(), target.listing("pp-1").unwrap());
    assert!(Arc::ptr_eq(&before.value, &after.value));
    assert_eq!((target.products_asked(), after.asked), (Some(at(300)), at(301)));
    target.attempt_finished(end(at(600), Ok(()), vec![("pp-1", listed(3, at(601)))]));
    assert!(!Arc::ptr_eq(&before.value, &target.listing("pp-1").unwrap().value));
    assert!(target.list_complete(list(&[("pp-2", STACK_SET_TYPE)]), at(900)).is_another);
}

#[test]
fn a_failed_list_keeps_the_last_one_and_says_that_it_is_stale() {
    let mut state = target();
    scanned(&mut state, at(0), &["pp-1"], vec![("pp-1", listed(3, at(1)))]);
    state.attempt_finished(end(at(300), Err(Reason::Throttled), vec![]));
    assert_eq!(state.products().unwrap().len(), 1);
    let products = state.stage(Stage::Products);
    assert_eq!(products.result, StageResult::Failed(Reason::Throttled));
    assert_eq!((products.last_success, products.failures), (1_000.0, 1));
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Succeeded, "it did not run");
    assert_eq!(state.last_attempt(), 1_300.0);
}

#[test]
fn a_failed_listing_keeps_its_last_counts_and_fails_only_its_stage() {
    let mut state = target();
    scanned(&mut state, at(0), &["pp-1"], vec![("pp-1", listed(3, at(1)))]);
    let failed = ListingOutcome::Failed(Reason::Timeout);
    scanned(
        &mut state,
        at(300),
        &["pp-1", "pp-2"],
        vec![("pp-1", failed), ("pp-2", listed(2, at(301)))],
    );
    assert_eq!(outdated(&state), Some(5));
    assert_eq!(state.listing("pp-1").unwrap().asked, at(1), "old data keeps its own age");
    assert_eq!(state.stage(Stage::Products).result, StageResult::Succeeded);
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Failed(Reason::Timeout));
}

#[test]
fn of_several_failures_the_most_telling_one_is_the_reason() {
    let mut state = target();
    let failed = |reason| ListingOutcome::Failed(reason);
    let outcomes = vec![
        ("pp-1", failed(Reason::Timeout)),
        ("pp-2", failed(Reason::AccessDenied)),
        ("pp-3", failed(Reason::Other)),
    ];
    scanned(&mut state, at(0), &["pp-1", "pp-2", "pp-3"], outcomes);
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Failed(Reason::AccessDenied));
}

#[test]
fn a_sum_over_no_known_stack_set_is_no_zero_but_no_stack_sets_are() {
    let mut state = target();
    state.list_complete(list(&[("pp-1", "CFN_STACKSET")]), at(0));
    assert_eq!((outdated(&state), state.stack_sets_unknown()), (None, 1));
    state.list_complete(list(&[("pp-1", "CFN_STACK")]), at(1));
    assert_eq!((outdated(&state), state.stack_sets_unknown()), (Some(0), 0));
}

#[test]
fn a_refused_listing_is_provisional_and_fails_when_the_next_list_still_holds_it() {
    let mut state = target();
    scanned(&mut state, at(0), &["pp-1"], vec![("pp-1", listed(3, at(1)))]);
    let refused = || vec![("pp-1", ListingOutcome::Refused(Reason::AccessDenied))];
    scanned(&mut state, at(300), &["pp-1"], refused());
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Succeeded);
    assert_eq!((outdated(&state), state.was_refused("pp-1")), (Some(3), true));
    scanned(&mut state, at(600), &["pp-1"], refused());
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Failed(Reason::AccessDenied));
    assert_eq!(outdated(&state), Some(3), "a failure keeps the last counts");
    scanned(&mut state, at(900), &["pp-1"], refused());
    assert_eq!(state.stage(STACK_INSTANCES).failures, 2);
}

#[test]
fn a_refused_product_that_the_next_list_lacks_is_gone_with_its_counts() {
    let mut state = target();
    scanned(&mut state, at(0), &["pp-1"], vec![("pp-1", listed(3, at(1)))]);
    let refused = ListingOutcome::Refused(Reason::AccessDenied);
    scanned(&mut state, at(300), &["pp-1"], vec![("pp-1", refused)]);
    scanned(&mut state, at(600), &[], vec![]);
    assert_eq!(outdated(&state), Some(0));
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Succeeded);
    assert!(!state.was_refused("pp-1"));
}

#[test]
fn a_product_that_turns_into_another_type_loses_its_instances() {
    let mut state = target();
    scanned(&mut state, at(0), &["pp-1"], vec![("pp-1", listed(3, at(1)))]);
    state.list_complete(list(&[("pp-1", "CFN_STACK")]), at(300));
    assert!(state.listing("pp-1").is_none());
}

#[test]
fn a_success_forgets_an_earlier_refusal() {
    let mut state = target();
    let refused = || ("pp-1", ListingOutcome::Refused(Reason::InvalidResponse));
    scanned(&mut state, at(0), &["pp-1"], vec![refused()]);
    scanned(&mut state, at(300), &["pp-1"], vec![("pp-1", listed(1, at(301)))]);
    scanned(&mut state, at(600), &["pp-1"], vec![refused()]);
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Succeeded);
}

#[test]
fn each_list_and_listing_is_dropped_by_itself_when_its_time_is_over() {
    let keep = Duration::from_secs(3600);
    let mut state = target();
    let outcomes = vec![("pp-1", listed(1, at(10))), ("pp-2", listed(2, at(20)))];
    scanned(&mut state, at(0), &["pp-1", "pp-2"], outcomes);
    state.list_complete(list(&[("pp-1", "CFN_STACKSET"), ("pp-2", "CFN_STACKSET")]), at(3000));
    assert_eq!(state.next_expiry(keep), Some(Duration::from_secs(3610)));
    assert!(!state.drop_expired(at(3609), keep));
    assert!(state.drop_expired(at(3610), keep));
    assert_eq!((outdated(&state), state.stack_sets_unknown()), (Some(2), 1));
    assert!(state.drop_expired(at(3620), keep));
    assert_eq!(outdated(&state), None, "unknown, not zero");
    assert!(state.drop_expired(at(6600), keep));
    assert!(state.products().is_none());
    assert_eq!(state.next_expiry(keep), None);
}

#[test]
fn a_listing_younger_than_the_dropped_list_is_served_again_with_the_next_list() {
    let keep = Duration::from_secs(3600);
    let mut state = target();
    scanned(&mut state, at(0), &["pp-1"], vec![("pp-1", listed(1, at(100)))]);
    state.drop_expired(at(3600), keep);
    assert_eq!(outdated(&state), None, "no list, no instances");
    assert_eq!(state.listings().count(), 0);
    state.list_complete(list(&[("pp-1", "CFN_STACKSET")]), at(3650));
    assert_eq!(outdated(&state), Some(1));
}

#[test]
fn a_success_ends_staleness() {
    let mut state = target();
    state.attempt_finished(end(at(0), Err(Reason::Network), vec![]));
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::NotYet);
    scanned(&mut state, at(300), &[], vec![]);
    assert_eq!(state.stage(Stage::Products).result, StageResult::Succeeded);
    assert_eq!(state.stage(Stage::Products).last_success, 1_300.0);
    assert_eq!(state.stage(Stage::Products).failures, 1);
}

fn said(reason: Reason, message: &str) -> StageError {
    StageError {
        operation: Operation::ScanProvisionedProducts,
        reason,
        code: "".into(),
        message: message.into(),
        request_id: "".into(),
    }
}

#[test]
fn a_stage_keeps_the_words_of_its_failure_until_it_succeeds() {
    let mut state = target();
    let words = |state: &TargetState| {
        state.stage(Stage::Products).error.as_ref().map(|error| error.message.to_string())
    };
    state.attempt_finished(end(at(0), Err(Reason::AccessDenied), vec![]));
    let errors = [
        (STACK_INSTANCES, said(Reason::AccessDenied, "of another stage")),
        (Stage::Products, said(Reason::Timeout, "for another reason")),
        (Stage::Products, said(Reason::AccessDenied, "the first")),
        (Stage::Products, said(Reason::AccessDenied, "a later one")),
    ];
    state.explain(errors);
    assert_eq!(words(&state).as_deref(), Some("the first"));
    assert!(state.stage(STACK_INSTANCES).error.is_none(), "it did not fail");
    state.attempt_finished(end(at(300), Err(Reason::AccessDenied), vec![]));
    assert_eq!(words(&state).as_deref(), Some("the first"), "it fails for the same reason still");
    state.attempt_finished(end(at(600), Err(Reason::Timeout), vec![]));
    assert_eq!(words(&state), None, "words of another failure are no explanation");
    state.explain([(Stage::Products, said(Reason::Timeout, "late"))]);
    scanned(&mut state, at(900), &[], vec![]);
    assert_eq!(words(&state), None);
}
