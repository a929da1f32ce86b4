use super::*;
use crate::model::{
    AccountId, CatalogBuilder, FoundProduct, NamesBuilder, Provisioning, RecordStatus, Region,
};
use crate::snapshot::{AttemptEnd, StageResult};

const MINUTE: u64 = 60;

fn at(seconds: u64) -> Moment {
    Moment { unix: 1_000.0 + seconds as f64, uptime: Duration::from_secs(seconds) }
}

fn target() -> TargetState {
    let region = Region::parse("eu-central-1").unwrap();
    TargetState::new(region, Some(AccountId::new("123456789012")), Duration::from_secs(300))
}

/// Products of these ids, statuses and last records.
fn list(items: &[(&str, &str, &str)]) -> Arc<Catalog> {
    let mut builder = CatalogBuilder::default();
    for (id, status, record) in items {
        builder.add(Product {
            id: (*id).into(),
            name: "".into(),
            kind: "CFN_STACK".into(),
            status: ProductStatus::read(Some(status)),
            product_id: "".into(),
            artifact_id: "".into(),
            created: None,
            provisioning: Provisioning::Unrecorded,
            last_record: (*record).into(),
            status_message: None,
        });
    }
    Arc::new(builder.finish())
}

fn names(items: &[(&str, &str)]) -> Arc<Names> {
    let mut builder = NamesBuilder::new([]);
    for (id, product) in items {
        builder.add(FoundProduct { id, product, ..FoundProduct::default() }, []);
    }
    Arc::new(builder.finish())
}

fn record(status: &str, updated: f64) -> Option<Arc<Record>> {
    Some(Arc::new(Record {
        status: RecordStatus::read(Some(status)),
        kind: "".into(),
        created: Some(100.0),
        updated: Some(updated),
        error: None,
    }))
}

fn finish(state: &mut TargetState, begun: Moment, enrichment: EnrichmentEnd) {
    state.attempt_finished(AttemptEnd {
        begun,
        products: Ok(()),
        products_took: Duration::from_secs(1),
        listings_took: Some(Duration::ZERO),
        listings: vec![],
        enrichment,
    });
}

fn searched(state: &mut TargetState, asked: Moment, found: Result<Arc<Names>, Reason>) {
    let names = Some(NamesEnd { asked, took: Duration::from_secs(2), found });
    finish(state, asked, EnrichmentEnd { names, ..EnrichmentEnd::default() });
}

type Answer<'a> = (&'a str, &'a str, Option<Arc<Record>>);

fn read(state: &mut TargetState, asked: Moment, answers: Vec<Answer<'_>>, failure: Option<Reason>) {
    let answers = answers
        .into_iter()
        .map(|(product, record, answer)| RecordAnswer {
            due: RecordDue { product: product.into(), record: record.into() },
            record: answer,
        })
        .collect();
    let records = Some(RecordsEnd { asked, took: Duration::from_secs(3), answers, failure });
    finish(state, asked, EnrichmentEnd { records, ..EnrichmentEnd::default() });
}

fn product_name<'s>(state: &'s TargetState, id: &str) -> Option<&'s str> {
    state.names_of(id).map(|names| &*names.product)
}

fn updated(state: &TargetState, id: &str) -> Option<f64> {
    state.record_of(state.products()?.product(id)?)?.updated
}

fn due(state: &TargetState, catalog: &Catalog, now: Moment) -> Vec<String> {
    state.records_due(catalog, now).iter().map(|due| due.product.to_string()).collect()
}

fn result(state: &TargetState, stage: Stage) -> StageResult {
    state.stage(stage).result
}

#[test]
fn names_stay_when_a_search_fails_and_go_with_their_product() {
    let mut state = target();
    state.list_complete(list(&[("pp-1", "AVAILABLE", ""), ("pp-2", "AVAILABLE", "")]), at(0));
    searched(&mut state, at(0), Ok(names(&[("pp-1", "vpc"), ("pp-2", "db")])));
    searched(&mut state, at(300), Err(Reason::Throttled));
    assert_eq!(product_name(&state, "pp-1"), Some("vpc"));
    assert_eq!(result(&state, Stage::NamesAndTags), StageResult::Failed(Reason::Throttled));
    assert_eq!(state.stage(Stage::NamesAndTags).last_success, 1_000.0);
    state.list_complete(list(&[("pp-2", "AVAILABLE", "")]), at(600));
    assert_eq!((product_name(&state, "pp-1"), product_name(&state, "pp-2")), (None, Some("db")));
}

#[test]
fn a_stage_that_did_not_run_keeps_its_values_and_is_not_counted() {
    let mut state = target();
    searched(&mut state, at(0), Err(Reason::Timeout));
    finish(&mut state, at(300), EnrichmentEnd::default());
    assert_eq!(state.scans(), 2);
    assert_eq!(state.stage(Stage::NamesAndTags).failures, 1);
    assert_eq!(result(&state, Stage::NamesAndTags), StageResult::Failed(Reason::Timeout));
    assert_eq!(result(&state, Stage::Records), StageResult::NotYet);
}

#[test]
fn a_denied_stage_is_paused_for_half_an_hour_and_the_other_is_not() {
    for reason in [Reason::AccessDenied, Reason::ScpDenied] {
        let mut state = target();
        searched(&mut state, at(0), Err(reason));
        assert!(state.is_paused(Stage::NamesAndTags, at(30 * MINUTE - 1)));
        assert!(!state.is_paused(Stage::NamesAndTags, at(30 * MINUTE)));
        assert!(!state.is_paused(Stage::Records, at(1)));
        read(&mut state, at(300), vec![], Some(reason));
        assert!(state.is_paused(Stage::Records, at(300 + 30 * MINUTE - 1)));
    }
}

#[test]
fn other_failures_pause_nothing_and_a_success_ends_a_pause() {
    let mut state = target();
    searched(&mut state, at(0), Err(Reason::Throttled));
    assert!(!state.is_paused(Stage::NamesAndTags, at(1)));
    searched(&mut state, at(0), Err(Reason::AccessDenied));
    searched(&mut state, at(30 * MINUTE), Ok(names(&[])));
    assert!(!state.is_paused(Stage::NamesAndTags, at(0)));
}

#[test]
fn only_products_that_are_not_available_have_a_record_to_read() {
    let catalog = list(&[
        ("pp-1", "AVAILABLE", "rec-1"),
        ("pp-2", "TAINTED", "rec-2"),
        ("pp-3", "ERROR", ""),
        ("pp-4", "FROZEN", "rec-4"),
    ]);
    assert_eq!(due(&target(), &catalog, at(0)), ["pp-2", "pp-4"]);
}

#[test]
fn a_final_record_is_read_once_and_an_open_one_each_time() {
    let mut state = target();
    let catalog = list(&[("pp-1", "TAINTED", "rec-1"), ("pp-2", "UNDER_CHANGE", "rec-2")]);
    state.list_complete(Arc::clone(&catalog), at(0));
    let answers = vec![
        ("pp-1", "rec-1", record("FAILED", 101.0)),
        ("pp-2", "rec-2", record("IN_PROGRESS", 102.0)),
    ];
    read(&mut state, at(0), answers, None);
    assert_eq!((updated(&state, "pp-1"), updated(&state, "pp-2")), (Some(101.0), Some(102.0)));
    assert_eq!(due(&state, &catalog, at(300)), ["pp-2"]);
    let next = list(&[("pp-1", "UNDER_CHANGE", "rec-9"), ("pp-2", "UNDER_CHANGE", "rec-2")]);
    assert_eq!(due(&state, &next, at(300)), ["pp-1", "pp-2"], "another operation, another record");
}

#[test]
fn the_record_of_an_operation_before_the_last_one_is_never_shown() {
    let mut state = target();
    state.list_complete(list(&[("pp-1", "TAINTED", "rec-1")]), at(0));
    read(&mut state, at(0), vec![("pp-1", "rec-1", record("FAILED", 101.0))], None);
    let next = list(&[("pp-1", "UNDER_CHANGE", "rec-2")]);
    assert_eq!(state.record_of(next.product("pp-1").unwrap()), None);
    state.list_complete(next, at(300));
    read(&mut state, at(300), vec![], Some(Reason::Throttled));
    assert_eq!(updated(&state, "pp-1"), None);
    state.list_complete(list(&[("pp-1", "AVAILABLE", "rec-2")]), at(600));
    assert_eq!(updated(&state, "pp-1"), None);
}

#[test]
fn records_that_were_read_count_though_others_failed_and_those_come_first_next_time() {
    let mut state = target();
    let catalog = list(&[("pp-1", "UNDER_CHANGE", "rec-1"), ("pp-2", "TAINTED", "rec-2")]);
    state.list_complete(Arc::clone(&catalog), at(0));
    let answers = vec![("pp-1", "rec-1", record("IN_PROGRESS", 101.0))];
    read(&mut state, at(0), answers, Some(Reason::Timeout));
    assert_eq!(result(&state, Stage::Records), StageResult::Failed(Reason::Timeout));
    assert_eq!(updated(&state, "pp-1"), Some(101.0));
    assert_eq!(due(&state, &catalog, at(300)), ["pp-2", "pp-1"]);
}

#[test]
fn a_record_that_aws_does_not_know_is_a_failure_only_when_the_next_list_still_names_it() {
    let mut state = target();
    let catalog = list(&[("pp-1", "TAINTED", "rec-1")]);
    state.list_complete(Arc::clone(&catalog), at(0));
    read(&mut state, at(0), vec![("pp-1", "rec-1", None)], None);
    assert_eq!(result(&state, Stage::Records), StageResult::Succeeded);
    state.list_complete(Arc::clone(&catalog), at(300));
    assert_eq!(due(&state, &catalog, at(300)), ["pp-1"]);
    read(&mut state, at(300), vec![("pp-1", "rec-1", None)], None);
    let failed = StageResult::Failed(Reason::AccessDenied);
    assert_eq!(result(&state, Stage::Records), failed);
    assert!(!state.is_paused(Stage::Records, at(301)), "others may be readable");
    assert!(due(&state, &catalog, at(300 + 30 * MINUTE - 1)).is_empty());
    assert_eq!(due(&state, &catalog, at(300 + 30 * MINUTE)), ["pp-1"]);
    read(&mut state, at(600), vec![], None);
    assert_eq!(result(&state, Stage::Records), failed, "it is still not known");
    state.list_complete(list(&[("pp-1", "AVAILABLE", "rec-1")]), at(900));
    read(&mut state, at(900), vec![], None);
    assert_eq!(result(&state, Stage::Records), StageResult::Succeeded);
}

#[test]
fn a_record_that_was_read_before_stays_known_when_it_is_refused() {
    let mut state = target();
    let catalog = list(&[("pp-1", "UNDER_CHANGE", "rec-1")]);
    state.list_complete(Arc::clone(&catalog), at(0));
    read(&mut state, at(0), vec![("pp-1", "rec-1", record("IN_PROGRESS", 101.0))], None);
    read(&mut state, at(300), vec![("pp-1", "rec-1", None)], None);
    assert_eq!(updated(&state, "pp-1"), Some(101.0));
    read(&mut state, at(600), vec![("pp-1", "rec-1", record("FAILED", 700.0))], None);
    assert_eq!(updated(&state, "pp-1"), Some(700.0));
}

#[test]
fn what_was_found_is_shared_between_snapshots_until_it_changes() {
    let mut state = target();
    let catalog = list(&[("pp-1", "TAINTED", "rec-1")]);
    state.list_complete(Arc::clone(&catalog), at(0));
    read(&mut state, at(0), vec![("pp-1", "rec-1", record("FAILED", 101.0))], None);
    let before = state.clone();
    state.list_complete(catalog, at(300));
    read(&mut state, at(300), vec![], None);
    assert!(Arc::ptr_eq(&before.enrichment, &state.enrichment));
}
