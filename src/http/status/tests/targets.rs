//! The targets and how they stand.

use super::*;

fn failing(account: &str, message: &str) -> TargetState {
    let mut state = target(account, "eu-central-1");
    state.attempt_finished(end(Err(Reason::AccessDenied), vec![]));
    state.explain([(Stage::Products, denial(message))]);
    state
}

fn states(handler: &Handler<Fixed>, query: &str) -> Vec<String> {
    let json = json(handler, query);
    let rows = json["targets"]["rows"].as_array().unwrap().clone();
    rows.iter().map(|row| format!("{} {}", row["account"], row["state"]).replace('"', "")).collect()
}

#[test]
fn a_failing_target_says_why_and_what_to_do_about_it() {
    let handler = handler(vec![failing("123456789012", "no such role")]);
    let row = json(&handler, "")["targets"]["rows"][0].clone();
    assert_eq!(row["state"], "failing");
    let stage = &row["stages"][0];
    assert_eq!((&stage["result"], &stage["reason"]), (&"failed".into(), &"access_denied".into()));
    assert_eq!(stage["error"]["message"], "no such role");
    assert_eq!(stage["error"]["request_id"], "req-1");
    let remedy = Reason::AccessDenied.remedy(Operation::AssumeRole);
    assert_eq!(stage["remedy"], remedy);
    let page = page(&handler, "");
    for words in [
        "1 of 1 targets fails",
        "no such role",
        "req-1",
        &remedy,
        "never succeeded",
        "Nothing is known of this target.",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[test]
fn old_data_of_a_failing_target_is_called_stale_wherever_it_shows() {
    let mut state = mixed();
    state.attempt_finished(end(Err(Reason::Throttled), vec![]));
    let handler = handler(vec![state]);
    let json = json(&handler, "");
    assert_eq!(json["targets"]["rows"][0]["stale"], true);
    assert_eq!((&json["summary"]["failing"], &json["summary"]["stale"]), (&1.into(), &1.into()));
    assert_eq!(json["products"]["total"], 9, "the last complete list still counts");
    let page = page(&handler, "");
    for words in
        ["1 of 1 targets shows stale data", " stale data</span>", "stale: seen before a failure"]
    {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[test]
fn data_that_is_not_renewed_for_three_intervals_is_stale_though_nothing_failed() {
    let of = |seconds| {
        let shown =
            Fixed { snapshot: Arc::new(snapshot(vec![mixed()])), now: at(seconds), ready: true };
        json(&Handler::new(shown, "/metrics", "1"), "")["targets"]["rows"][0]["state"].clone()
    };
    assert_eq!((of(900), of(901)), ("ok".into(), "stale".into()));
}

#[test]
fn names_or_records_that_fail_limit_a_target_and_do_not_fail_it() {
    let mut state = mixed();
    let mut ended = end(Ok(()), vec![]);
    let failure = Some(Reason::AccessDenied);
    ended.enrichment.records =
        Some(RecordsEnd { asked: at(0), took: Duration::ZERO, answers: vec![], failure });
    state.attempt_finished(ended);
    let mut all = snapshot(vec![state]);
    let of = |snapshot: &Snapshot| {
        json(&handler_of(snapshot.clone(), StatusPage::Summary), "")["summary"].clone()
    };
    assert_eq!((&of(&all)["limited"], &of(&all)["failing"]), (&1.into(), &0.into()));
    all.optional_stages.clear();
    assert_eq!(of(&all)["limited"], 0, "the stage is off");
}

#[test]
fn those_that_fail_come_first_and_every_column_sorts_both_ways() {
    let mut small = target("300000000000", "eu-west-1");
    scanned(&mut small, vec![], &[]);
    let all =
        vec![mixed(), target("200000000000", "eu-central-1"), small, failing("900000000000", "m")];
    let handler = handler(all);
    let by_state = [
        "900000000000 failing",
        "200000000000 never_scanned",
        "123456789012 ok",
        "300000000000 ok",
    ];
    assert_eq!(states(&handler, ""), by_state);
    assert_eq!(states(&handler, "target_sort=account")[0], "123456789012 ok");
    assert_eq!(
        states(&handler, "target_sort=account&target_order=desc")[0],
        "900000000000 failing"
    );
    assert_eq!(states(&handler, "target_sort=region&target_order=desc")[0], "300000000000 ok");
    assert_eq!(states(&handler, "target_sort=products&target_order=desc")[0], "123456789012 ok");
    let page = page(&handler, "target_sort=products&target_order=desc");
    assert!(
        page.contains(
            "aria-sort=\"descending\"><a href=\"./?target_sort=products#targets\">Products"
        ),
        "{page}"
    );
}

#[test]
fn thirteen_thousand_targets_are_pages_and_all_are_counted() {
    let many = 13_600;
    let all = (0..many).map(|n| failing(&format!("{n:012}"), &"long ".repeat(100))).collect();
    let handler = handler(all);
    let json = json(&handler, "target_rows=200&target_page=68");
    assert_eq!(json["targets"]["rows"].as_array().unwrap().len(), 200);
    assert_eq!((&json["targets"]["total"], &json["targets"]["pages"]), (&many.into(), &68.into()));
    assert_eq!(json["targets"]["rows"][199]["account"], "000000013599");
    assert_eq!(json["summary"]["failing"], many);
    let page = page(&handler, "target_rows=200");
    assert!(page.len() < 500_000, "{}", page.len());
    assert!(page.contains("1–200 of 13600, page 1 of 68"));
    assert!(page.contains("<input type=\"search\" id=\"account\""), "too many to choose from");
}

#[test]
fn a_target_whose_account_is_not_known_can_be_asked_for() {
    let region = Region::parse("eu-central-1").unwrap();
    let state = TargetState::new(region, None, Duration::from_secs(300));
    let handler = handler(vec![state, mixed()]);
    let json = json(&handler, "account=unknown");
    assert_eq!(json["targets"]["total"], 1);
    assert_eq!(json["targets"]["rows"][0]["account"], Value::Null);
}

#[test]
fn the_banner_says_when_not_all_is_known_or_tried() {
    let good = page(&handler(vec![mixed()]), "");
    assert!(good.contains("All targets are scanned, and up to date"));
    let mut partly = snapshot(vec![mixed()]);
    partly.found = Found::Partly;
    let page = page(&handler_of(partly, StatusPage::Summary), "");
    assert!(page.contains("The list of targets is not complete"), "{page}");
    let shown = Fixed { snapshot: Arc::default(), now: at(0), ready: false };
    let page = super::page(&Handler::new(shown, "/metrics", "1"), "");
    for words in ["Not ready", "Nothing was published yet", "There is no target yet"] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[test]
fn calls_and_throttles_are_counted_over_all_operations() {
    let mut state = mixed();
    for operation in [Operation::ScanProvisionedProducts, Operation::DescribeRecord] {
        let counts = state.calls.operations.entry(operation).or_default();
        counts.requests = 5;
        counts.failures.insert(Reason::Throttled, 2);
    }
    let handler = handler(vec![state]);
    let calls = json(&handler, "")["targets"]["rows"][0]["calls"].clone();
    assert_eq!((&calls["requests"], &calls["throttles"]), (&10.into(), &4.into()));
    assert!(page(&handler, "").contains("4 throttled"));
}

#[test]
fn a_failure_makes_stale_only_what_its_own_stage_has_shown() {
    let failed = |state: &mut TargetState| {
        let refused = ListingOutcome::Failed(Reason::Timeout);
        state.attempt_finished(end(Ok(()), vec![("pp-unlisted".into(), refused)]));
    };
    let stale = |state: TargetState| json(&handler(vec![state]), "")["targets"]["rows"][0].clone();
    let mut listed = mixed();
    failed(&mut listed);
    let row = stale(listed);
    assert_eq!((&row["state"], &row["stale"]), (&"failing".into(), &true.into()));
    let mut never_listed = target("123456789012", "eu-central-1");
    scanned(&mut never_listed, vec![stack_set("pp-unlisted")], &[]);
    failed(&mut never_listed);
    let row = stale(never_listed);
    assert_eq!((&row["state"], &row["stale"]), (&"failing".into(), &false.into()));
}
