use super::*;
use crate::model::{
    Artifact, CatalogBuilder, Product, ProductStatus, Provisioning, Region, STACK_SET_TYPE,
};
use crate::snapshot::StageResult;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn at(uptime: Duration) -> Moment {
    Moment { unix: 1_000.0 + uptime.as_secs_f64(), uptime }
}

fn catalog(product_ids: &[&str]) -> Arc<Catalog> {
    let mut builder = CatalogBuilder::default();
    for (n, product_id) in product_ids.iter().enumerate() {
        builder.add(Product {
            id: format!("pp-{n}").into(),
            name: "n".into(),
            kind: STACK_SET_TYPE.into(),
            status: ProductStatus::Available,
            product_id: (*product_id).into(),
            artifact_id: "pa-1".into(),
            created: None,
            provisioning: Provisioning::Unrecorded,
            last_record: "".into(),
            status_message: None,
        });
    }
    Arc::new(builder.finish())
}

fn state(product_ids: &[&str]) -> TargetState {
    let region = Region::parse("eu-central-1").unwrap();
    let mut state = TargetState::new(region, None, Duration::from_secs(300));
    state.list_complete(catalog(product_ids), at(Duration::ZERO));
    state
}

fn artifacts() -> Arc<Artifacts> {
    let active = Some(true);
    let guidance = "DEFAULT".into();
    let one = Artifact { id: "pa-1".into(), name: "v1".into(), created: None, guidance, active };
    Arc::new([one].into_iter().collect())
}

type Found = Option<Result<Arc<Artifacts>, Reason>>;

fn known() -> Found {
    Some(Ok(artifacts()))
}

fn answer(product: &str, now: Moment, refused: &[Way], found: Found) -> VersionsAnswer {
    VersionsAnswer { product: product.into(), asked: now, refused: refused.to_vec(), found }
}

fn end(now: Moment, answers: Vec<VersionsAnswer>) -> VersionsEnd {
    VersionsEnd { asked: now, refresh: DAY, answers, ..VersionsEnd::default() }
}

fn due(state: &TargetState, product_ids: &[&str], now: Moment) -> Vec<(String, Vec<Way>)> {
    let due = state.versions_due(&catalog(product_ids), now, DAY);
    due.into_iter().map(|due| (due.product.to_string(), due.ways)).collect()
}

fn ids(state: &TargetState, product_ids: &[&str], now: Moment) -> Vec<String> {
    due(state, product_ids, now).into_iter().map(|(product, _)| product).collect()
}

fn result(state: &TargetState) -> StageResult {
    state.stage(Stage::Versions).result
}

#[test]
fn a_product_is_due_when_it_was_in_use_before_and_once_in_a_period() {
    let mut state = state(&["b", "a", ""]);
    let begin = at(Duration::ZERO);
    assert_eq!(ids(&state, &["b", "a", "new", ""], begin), ["a", "b"], "by id, none twice");
    state.versions_finished(end(begin, vec![answer("a", begin, &[], known())]), 1.0);
    assert_eq!(ids(&state, &["b", "a"], begin), ["b"]);
    assert_eq!(ids(&state, &["a"], at(DAY - HOUR)), [""; 0]);
    assert_eq!(ids(&state, &["b", "a"], at(DAY)), ["b", "a"], "never asked before, then oldest");
    assert_eq!(result(&state), StageResult::Succeeded);
    assert!(state.artifacts_of("a").is_some() && state.artifacts_of("b").is_none());
}

#[test]
fn what_failed_keeps_what_is_known_is_tried_after_the_others_and_fails_the_stage_until_it_is_known()
{
    let mut state = state(&["a", "b"]);
    let both = |now, of_a| vec![answer("a", now, &[], of_a), answer("b", now, &[], known())];
    state.versions_finished(end(at(HOUR), both(at(HOUR), known())), 1.0);
    let then = at(HOUR + DAY);
    let failed = Some(Err(Reason::Network));
    state.versions_finished(end(then, vec![answer("a", then, &[], failed)]), 2.0);
    assert_eq!(result(&state), StageResult::Failed(Reason::Network));
    assert!(state.artifacts_of("a").is_some(), "the last answer stays");
    assert_eq!(ids(&state, &["a", "b"], then), ["b", "a"]);
    // An attempt that does not ask for it does not mend it.
    state.versions_finished(end(then, vec![answer("b", then, &[], known())]), 3.0);
    assert_eq!(result(&state), StageResult::Failed(Reason::Network));
    state.versions_finished(end(then, vec![answer("a", then, &[], known())]), 4.0);
    assert_eq!(result(&state), StageResult::Succeeded);
    assert_eq!(state.stage(Stage::Versions).last_success, 4.0);
}

#[test]
fn a_product_that_is_refused_rests_twice_as_long_each_time_and_no_longer_than_a_period() {
    let mut state = state(&["a"]);
    let (mut now, mut rests) = (Duration::ZERO, Vec::new());
    for _ in 0..9 {
        let refused = answer("a", at(now), &Way::ALL, Some(Err(Reason::AccessDenied)));
        state.versions_finished(end(at(now), vec![refused]), 1.0);
        let half_hours = (0..100).find(|n| !ids(&state, &["a"], at(now + PAUSE * *n)).is_empty());
        rests.push(half_hours.unwrap());
        now += PAUSE * rests[rests.len() - 1];
    }
    assert_eq!(rests, [1, 2, 4, 8, 16, 32, 48, 48, 48]);
    assert_eq!(due(&state, &["a"], at(now)), [("a".to_owned(), Way::ALL.to_vec())]);
}

#[test]
fn a_way_that_is_refused_or_denied_is_left_out_for_a_time_while_another_one_is_open() {
    let mut state = state(&["a", "b"]);
    let begin = at(Duration::ZERO);
    let of_a = answer("a", begin, &[Way::List], known());
    let denied = vec![Way::Product];
    state.versions_finished(VersionsEnd { denied, ..end(begin, vec![of_a]) }, 1.0);
    assert_eq!(result(&state), StageResult::Succeeded, "another way made up for it");
    let ways = |now| due(&state, &["a", "b"], at(now));
    let of = |product: &str, ways: &[Way]| (product.to_owned(), ways.to_vec());
    assert_eq!(ways(HOUR), [of("b", &[Way::List, Way::AsAdmin])]);
    let after_a_day = [of("b", &Way::ALL), of("a", &[Way::Product, Way::AsAdmin])];
    assert_eq!(ways(DAY), after_a_day, "permissions may have been given");
    assert_eq!(ways(7 * DAY)[1], of("a", &Way::ALL), "it may have been shared");
}

#[test]
fn a_chain_that_was_interrupted_goes_on_where_it_was() {
    let mut state = state(&["a", "b"]);
    let begin = at(Duration::ZERO);
    state.versions_finished(end(begin, vec![answer("a", begin, &[Way::List], None)]), 1.0);
    let expected = ("a".to_owned(), vec![Way::Product, Way::AsAdmin]);
    assert_eq!(due(&state, &["a", "b"], begin)[0], expected);
}

#[test]
fn who_is_denied_rests_for_half_an_hour_and_who_is_throttled_for_ten_minutes() {
    for (reason, minutes) in
        [(Reason::AccessDenied, 30), (Reason::ScpDenied, 30), (Reason::Throttled, 10)]
    {
        let mut state = state(&["a"]);
        let begin = at(Duration::ZERO);
        let failure = Some(reason);
        state.versions_finished(VersionsEnd { failure, ..end(begin, vec![]) }, 1.0);
        assert_eq!(result(&state), StageResult::Failed(reason));
        let rest = Duration::from_secs(minutes * 60);
        assert!(state.is_paused(Stage::Versions, at(rest - Duration::from_secs(1))));
        assert!(!state.is_paused(Stage::Versions, at(rest)));
        // What rests cannot fail again.
        state.versions_finished(VersionsEnd { rested: true, ..end(begin, vec![]) }, 2.0);
        assert_eq!(state.stage(Stage::Versions).failures, 1);
    }
}

#[test]
fn what_was_not_confirmed_for_three_periods_is_unknown_again_even_while_the_stage_rests() {
    let mut state = state(&["a"]);
    let begin = at(Duration::ZERO);
    state.versions_finished(end(begin, vec![answer("a", begin, &[], known())]), 1.0);
    let rested = |now| VersionsEnd { rested: true, ..end(now, vec![]) };
    state.versions_finished(rested(at(3 * DAY - HOUR)), 2.0);
    assert!(state.artifacts_of("a").is_some());
    state.versions_finished(rested(at(3 * DAY)), 3.0);
    assert!(state.artifacts_of("a").is_none());
    assert_eq!(ids(&state, &["a"], at(3 * DAY)), ["a"]);
}

#[test]
fn a_product_that_is_not_in_use_any_more_is_forgotten_with_its_failure() {
    let mut state = state(&["a", "b"]);
    let now = at(HOUR);
    let failed = answer("b", now, &[], Some(Err(Reason::Limit)));
    state.versions_finished(end(now, vec![answer("a", now, &[], known()), failed]), 1.0);
    state.list_complete(catalog(&["a"]), now);
    assert_eq!(state.versions().products.len(), 1);
    state.versions_finished(end(now, vec![]), 2.0);
    assert_eq!(result(&state), StageResult::Succeeded);
}

#[test]
fn an_answer_without_news_stays_the_same_memory_and_is_confirmed() {
    let mut state = state(&["a"]);
    let dated = |state: &TargetState| state.versions().products["a"].artifacts.clone().unwrap();
    state.versions_finished(end(at(HOUR), vec![answer("a", at(HOUR), &[], known())]), 1.0);
    let before = dated(&state);
    state.versions_finished(end(at(DAY), vec![answer("a", at(DAY), &[], known())]), 2.0);
    assert!(Arc::ptr_eq(&before.value, &dated(&state).value));
    assert_eq!(dated(&state).asked, at(DAY));
}
