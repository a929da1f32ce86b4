//! What makes a listing due, what confirms it, and when it is dropped.

use super::*;

const MAX_AGE: Duration = Duration::from_secs(1800);
const KEEP: Duration = Duration::from_secs(3600);

fn stack_set(id: &str, record: &str, status: ProductStatus) -> Product {
    Product {
        id: id.into(),
        name: "".into(),
        kind: "CFN_STACKSET".into(),
        status,
        product_id: "".into(),
        artifact_id: "".into(),
        created: None,
        provisioning: Provisioning::Unrecorded,
        last_record: record.into(),
        status_message: None,
    }
}

fn catalog(products: &[Product]) -> Arc<Catalog> {
    let mut builder = CatalogBuilder::default();
    products.iter().for_each(|product| builder.add(product.clone()));
    Arc::new(builder.finish())
}

/// An attempt that lists what is due, and answers with `outcome`; what was due, and why.
fn attempt(
    state: &mut TargetState,
    begun: Moment,
    products: &[Product],
    outcome: impl Fn(&Product, Basis) -> ListingOutcome,
) -> Vec<(String, Cause)> {
    let due = products.iter().filter_map(|product| Some((product.clone(), state.cause(product)?)));
    let mut due: Vec<(Product, Cause)> = due.collect();
    let ids = due.iter().map(|(product, _)| Arc::clone(&product.id)).collect();
    let catalog = catalog(products);
    let (turns, list) = state.review(&catalog, &ids, begun, MAX_AGE);
    due.extend(turns.iter().map(|id| (catalog.product(id).unwrap().clone(), Cause::Turn)));
    state.list_complete(list, begun);
    let listings = due.iter().map(|(product, cause)| {
        let basis = Basis::of(product, *cause, begun);
        (Arc::clone(&product.id), outcome(product, basis))
    });
    let listings = listings.collect();
    state.attempt_finished(AttemptEnd { listings, ..end(begun, Ok(()), vec![]) });
    due.into_iter().map(|(product, cause)| (product.id.to_string(), cause)).collect()
}

/// Listed with one instance of that status.
fn with(status: &'static str, at: Moment) -> impl Fn(&Product, Basis) -> ListingOutcome {
    move |_, basis| {
        let mut builder = ListingBuilder::default();
        builder.add("210000000001", "eu-central-1", Some(status));
        let value = Arc::new(builder.finish(PerInstance::Problems, 10));
        ListingOutcome::Listed(Dated { value, asked: at }, basis)
    }
}

fn settled(record: &str) -> [Product; 1] {
    [stack_set("pp-1", record, ProductStatus::Available)]
}

/// A target with one stack set, listed at `at(0)` with one CURRENT instance.
fn known() -> TargetState {
    let mut state = target();
    let due = attempt(&mut state, at(0), &settled("rec-1"), with("CURRENT", at(0)));
    assert_eq!(due, [("pp-1".to_owned(), Cause::NeverListed)]);
    state
}

fn unsettled() -> [(String, Cause); 1] {
    [("pp-1".to_owned(), Cause::Unsettled)]
}

#[test]
fn a_listing_against_which_nothing_speaks_is_not_due() {
    let mut state = known();
    assert_eq!(attempt(&mut state, at(1), &settled("rec-1"), with("CURRENT", at(1))), []);
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Succeeded, "none was needed");
    assert_eq!(state.stage(STACK_INSTANCES).last_success, at(1).unix);
}

#[test]
fn another_record_or_another_status_makes_a_listing_due_once() {
    let tainted = [stack_set("pp-1", "rec-1", ProductStatus::Tainted)];
    for changed in [settled("rec-2"), tainted] {
        let mut state = known();
        assert_eq!(attempt(&mut state, at(1), &changed, with("CURRENT", at(1))), unsettled());
        assert_eq!(attempt(&mut state, at(2), &changed, with("CURRENT", at(2))), []);
    }
}

#[test]
fn a_product_in_motion_is_listed_each_time_and_once_when_it_has_come_to_rest() {
    let moving = [
        ProductStatus::UnderChange,
        ProductStatus::PlanInProgress,
        ProductStatus::read(Some("MOVING_TOMORROW")),
        ProductStatus::read(None),
    ];
    for status in moving {
        let mut state = known();
        let moving = [stack_set("pp-1", "rec-2", status)];
        for scan in 1..4 {
            let due = attempt(&mut state, at(scan), &moving, with("CURRENT", at(scan)));
            assert_eq!(due, unsettled());
        }
        assert_eq!(
            attempt(&mut state, at(4), &settled("rec-2"), with("CURRENT", at(4))),
            unsettled()
        );
        assert_eq!(attempt(&mut state, at(5), &settled("rec-2"), with("CURRENT", at(5))), []);
    }
}

#[test]
fn an_instance_that_is_not_current_makes_a_listing_due_until_it_is() {
    for status in ["OUTDATED", "INOPERABLE", "DRIFTED"] {
        let mut state = target();
        attempt(&mut state, at(0), &settled("rec-1"), with(status, at(0)));
        for scan in 1..4 {
            let due = attempt(&mut state, at(scan), &settled("rec-1"), with(status, at(scan)));
            assert_eq!(due, unsettled());
        }
        assert_eq!(
            attempt(&mut state, at(4), &settled("rec-1"), with("CURRENT", at(4))),
            unsettled()
        );
        assert_eq!(attempt(&mut state, at(5), &settled("rec-1"), with("CURRENT", at(5))), []);
    }
}

#[test]
fn a_listing_that_failed_or_was_refused_is_due_with_the_next_list() {
    for outcome in
        [ListingOutcome::Failed(Reason::Timeout), ListingOutcome::Refused(Reason::AccessDenied)]
    {
        let mut state = known();
        attempt(&mut state, at(1), &settled("rec-2"), |_, _| outcome.clone());
        // The product is as it was when the listing was known, too: it is asked for all the same.
        assert_eq!(
            attempt(&mut state, at(2), &settled("rec-1"), with("CURRENT", at(2))),
            unsettled()
        );
        assert_eq!(attempt(&mut state, at(3), &settled("rec-1"), with("CURRENT", at(3))), []);
    }
}

#[test]
fn two_refusals_in_a_row_are_a_failure_although_nothing_else_changed() {
    let mut state = known();
    // Its turn comes at last, and is refused.
    let refused = |_: &Product, _: Basis| ListingOutcome::Refused(Reason::AccessDenied);
    let due = attempt(&mut state, at(1800), &settled("rec-1"), refused);
    assert_eq!(due, [("pp-1".to_owned(), Cause::Turn)]);
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Succeeded);
    assert_eq!(attempt(&mut state, at(1801), &settled("rec-1"), refused), unsettled());
    assert_eq!(state.stage(STACK_INSTANCES).result, StageResult::Failed(Reason::AccessDenied));
}

#[test]
fn a_change_between_the_page_and_the_listing_belongs_to_no_listing() {
    let mut state = known();
    // The page shows rec-2; the product is at rec-3 when its instances are listed.
    attempt(&mut state, at(1), &settled("rec-2"), with("CURRENT", at(200)));
    assert_eq!(
        attempt(&mut state, at(300), &settled("rec-3"), with("CURRENT", at(301))),
        unsettled()
    );
    assert_eq!(attempt(&mut state, at(600), &settled("rec-3"), with("CURRENT", at(601))), []);
}

#[test]
fn a_listing_that_is_not_needed_is_confirmed_by_the_list_and_keeps_its_own_age() {
    let mut state = known();
    attempt(&mut state, at(300), &settled("rec-1"), with("CURRENT", at(300)));
    assert_eq!(state.listing("pp-1").unwrap().asked, at(0), "the age of the counts");
    assert_eq!(state.next_expiry(KEEP), Some(Duration::from_secs(300 + 3600)));
    assert!(!state.drop_expired(at(300 + 3599), KEEP));
    assert!(state.listing("pp-1").is_some());
    assert!(state.drop_expired(at(300 + 3600), KEEP));
    assert!(state.listing("pp-1").is_none());
}

#[test]
fn a_listing_that_was_needed_and_failed_is_confirmed_by_nothing() {
    let failed = |_: &Product, _: Basis| ListingOutcome::Failed(Reason::Throttled);
    // Needed for a change, and for its age.
    for (needed, record) in [(300, "rec-2"), (1800, "rec-1")] {
        let mut state = known();
        attempt(&mut state, at(needed), &settled(record), failed);
        attempt(&mut state, at(3500), &settled(record), failed);
        assert_eq!(state.next_expiry(KEEP), Some(KEEP), "it dates from the first scan");
        assert!(state.drop_expired(at(3600), KEEP));
        assert_eq!((state.products().unwrap().len(), state.stack_sets_unknown()), (1, 1));
        let due = attempt(&mut state, at(3700), &settled(record), failed);
        assert_eq!(due, [("pp-1".to_owned(), Cause::NeverListed)]);
    }
}

#[test]
fn a_failed_list_confirms_nothing() {
    let mut state = known();
    state.attempt_finished(end(at(300), Err(Reason::Throttled), vec![]));
    assert_eq!(state.next_expiry(KEEP), Some(KEEP));
    assert!(state.drop_expired(at(3600), KEEP));
    assert!(state.products().is_none() && state.listing("pp-1").is_none());
}

#[test]
fn only_a_list_that_holds_the_stack_set_reviews_it() {
    let state = known();
    let (turns, list) = state.review(&catalog(&[]), &HashSet::new(), at(9000), MAX_AGE);
    assert!(turns.is_empty() && list.confirmed.is_empty());
}

#[test]
fn after_everything_was_dropped_nothing_is_left_to_expire() {
    let mut state = known();
    assert!(state.drop_expired(at(9000), KEEP));
    assert_eq!(state.next_expiry(KEEP), None);
    assert!(!state.drop_expired(at(9001), KEEP));
}
