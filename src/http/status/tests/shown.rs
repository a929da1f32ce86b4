//! What the page and the JSON tell, and what they leave out.

use super::*;
use crate::http::page::ICON;
use crate::model::StatusName as _;

#[test]
fn problems_are_what_is_not_available_and_stack_sets_with_instances_not_current() {
    let worst_first =
        ["pp-error", "pp-tainted", "pp-odd", "pp-inoperable", "pp-outdated", "pp-moving"];
    assert_eq!(problems(&handler(vec![mixed()]), ""), worst_first);
}

#[test]
fn page_and_json_have_the_numbers_of_the_snapshot() {
    let handler = handler(vec![mixed()]);
    let json = json(&handler, "");
    assert_eq!(json["products"]["total"], 9);
    assert_eq!(json["products"]["by_status"]["AVAILABLE"], 5);
    assert_eq!(json["products"]["by_status"]["QUARANTINED"], 1);
    assert_eq!(json["products"]["by_status"]["PLAN_IN_PROGRESS"], 0);
    assert_eq!(json["products"]["by_type"]["CFN_STACKSET"]["AVAILABLE"], 4);
    assert_eq!(json["stack_instances"]["by_status"]["OUTDATED"], 3);
    assert_eq!(json["stack_instances"]["total"], 8);
    assert_eq!(json["stack_instances"]["stack_sets_unknown"], 1);
    assert_eq!(json["problems"]["total"], 6);
    let target = &json["targets"]["rows"][0];
    assert_eq!((&target["products"], &target["stack_sets"]), (&9.into(), &4.into()));
    assert_eq!(target["products_age_seconds"], 10.0);
    assert_eq!(target["products_timestamp_seconds"], BEGIN);
    assert_eq!(json["published_timestamp_seconds"], BEGIN + 5.0);

    let page = page(&handler, "");
    for words in [
        "Problems (6)",
        "Targets (1)",
        "data-label=\"Total\">9</td>",
        "The instances of 1 stack set are not known",
        "Published 5 s ago",
        "in 4 min",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[test]
fn what_is_not_known_is_no_zero() {
    let handler = handler(vec![target("123456789012", "eu-central-1")]);
    let json = json(&handler, "");
    for place in [
        "/products/total",
        "/products/by_status",
        "/stack_instances/total",
        "/stack_instances/by_status",
        "/targets/rows/0/products",
        "/targets/rows/0/stack_sets",
        "/targets/rows/0/products_age_seconds",
        "/targets/rows/0/next_attempt_timestamp_seconds",
    ] {
        assert_eq!(json.pointer(place), Some(&Value::Null), "{place}");
    }
    assert_eq!(json["summary"]["never_scanned"], 1);
    let page = page(&handler, "");
    assert!(page.contains("not scanned yet") && page.contains("is unknown"), "{page}");
    for column in ["Products", "AVAILABLE", "CURRENT", "Total", "Stack sets"] {
        assert!(!page.contains(&format!("data-label=\"{column}\">0")), "{column}\n{page}");
    }
    assert!(page.contains("Nothing is known yet, so no problem either."));
}

#[test]
fn an_account_without_products_is_known_to_have_none() {
    let mut state = target("123456789012", "eu-central-1");
    scanned(&mut state, vec![], &[]);
    let json = json(&handler(vec![state]), "");
    assert_eq!(
        (&json["products"]["total"], &json["stack_instances"]["total"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn a_summary_leaves_out_what_aws_says_of_products_and_full_tells_it() {
    for (tells, told) in [(StatusPage::Summary, false), (StatusPage::Full, true)] {
        let handler = handler_of(snapshot(vec![mixed()]), tells);
        let (page, json) = (page(&handler, ""), json(&handler, "").to_string());
        for words in ["message of pp-error", "record of pp-error"] {
            assert_eq!((page.contains(words), json.contains(words)), (told, told), "{words}");
        }
    }
}

#[test]
fn since_when_a_problem_is_comes_from_its_record() {
    let handler = handler(vec![mixed()]);
    let rows = json(&handler, "")["problems"]["rows"].clone();
    assert_eq!(rows[1]["id"], "pp-tainted");
    assert_eq!(rows[1]["since_timestamp_seconds"], BEGIN - 3600.0);
    assert_eq!(rows[3]["since_timestamp_seconds"], Value::Null, "no record of what is AVAILABLE");
    assert!(page(&handler, "").contains("1 h<br><span class=\"dim\"><time"));

    let mut off = snapshot(vec![mixed()]);
    off.optional_stages = vec![];
    let rows = json(&handler_of(off, StatusPage::Full), "")["problems"]["rows"].clone();
    assert_eq!(rows[1]["since_timestamp_seconds"], Value::Null, "records are off");
}

#[test]
fn names_of_products_and_versions_are_shown_where_they_are_asked_for() {
    let mut state = mixed();
    let mut names = NamesBuilder::new([]);
    let found = crate::model::FoundProduct {
        id: "pp-error",
        kind: "CONTROL_TOWER_ACCOUNT",
        product: "Account Factory",
        artifact: "v7",
        physical_id: "210987654321",
    };
    names.add(found, []);
    let mut ended = end(Ok(()), vec![]);
    let found = Ok(Arc::new(names.finish()));
    ended.enrichment.names = Some(NamesEnd { asked: at(0), took: Duration::ZERO, found });
    state.attempt_finished(ended);
    let mut snapshot = snapshot(vec![state]);
    let row = |snapshot: &Snapshot| {
        json(&handler_of(snapshot.clone(), StatusPage::Summary), "q=pp-error")["problems"]["rows"]
            [0]
        .clone()
    };
    assert_eq!(row(&snapshot)["product_name"], Value::Null, "they are off");
    snapshot.optional_stages.push(Stage::NamesAndTags);
    let row = row(&snapshot);
    assert_eq!(
        (&row["product_name"], &row["artifact_name"]),
        (&"Account Factory".into(), &"v7".into())
    );
    assert_eq!(row["vended_account"], "210987654321");
    let page = page(&handler_of(snapshot, StatusPage::Summary), "");
    assert!(page.contains("Account Factory, v7") && page.contains("210987654321"), "{page}");
}

#[test]
fn markup_in_whatever_comes_from_outside_stays_text() {
    const EVIL: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;";
    let mut state = target("123456789012", "eu-central-1");
    state.names = TargetNames {
        target_name: EVIL.into(),
        account_name: EVIL.into(),
        role_arn: String::new(),
    };
    let evil = |id: &str, status: &str| Product {
        name: EVIL.into(),
        kind: EVIL.into(),
        product_id: EVIL.into(),
        artifact_id: EVIL.into(),
        status_message: Some(EVIL.into()),
        ..product(id, "", status)
    };
    let products = vec![evil(EVIL, EVIL), evil("pp-1", "ERROR"), stack_set("pp-2")];
    scanned(&mut state, products, &[("pp-2", &[EVIL])]);
    state.attempt_finished(end(Err(Reason::AccessDenied), vec![]));
    state.explain([(Stage::Products, denial(EVIL))]);
    let handler = handler_of(snapshot(vec![state]), StatusPage::Full);
    let query: String = form_urlencoded::byte_serialize(EVIL.as_bytes()).collect();
    for name in ["", "q", "status", "type", "account", "region", "target", "sort"] {
        let page = page(&handler, &format!("{name}={query}"));
        for markup in ["<script", "<img", "onerror=alert(1)>", "=\"\"'>"] {
            assert!(!page.contains(markup), "{name}: {markup}");
        }
        if ["q", "status", "type", "account", "region", "target"].contains(&name) {
            assert!(page.contains("&lt;script&gt;alert(1)"), "{name} keeps what was asked for");
        }
    }
    let response = get(&handler, &format!("/?q=%&{query}"));
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
}

#[test]
fn every_product_with_a_plain_id_is_linked_into_the_console_of_its_partition() {
    let mut china = target("123456789012", "cn-north-1");
    scanned(&mut china, vec![product("pp-1", "CFN_STACK", "ERROR")], &[]);
    let handler = handler(vec![china]);
    let link = "https://cn-north-1.console.amazonaws.cn/servicecatalog/home?region=cn-north-1#provisioned-products/pp-1";
    assert_eq!(json(&handler, "")["problems"]["rows"][0]["console_url"], link);
    assert!(page(&handler, "").contains(&format!("href=\"{link}\"")));
}

#[test]
fn off_is_a_page_of_links_and_no_json() {
    let handler = handler_of(snapshot(vec![mixed()]), StatusPage::Off);
    let page = page(&handler, "status=%");
    assert!(page.contains("\"./metrics\"") && !page.contains("pp-error"), "{page}");
    let response = get(&handler, "/api/v1/status");
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
        (404, "application/json")
    );
    assert!(text(response).contains("web.status_page"));
}

#[test]
fn errors_of_the_json_are_json() {
    let handler = handler(vec![]);
    let none = http::HeaderMap::new();
    let long = format!("/api/v1/status?q={}", "x".repeat(3_000));
    for (method, target, status) in [
        (Method::GET, "/api/v1/status?q=%zz", 400),
        (Method::GET, long.as_str(), 400),
        (Method::POST, "/api/v1/status", 405),
    ] {
        let response = handler.respond(&method, target, &none);
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["content-type"], "application/json");
        let json: Value = serde_json::from_str(&text(response)).unwrap();
        assert!(json["error"].is_string(), "{json}");
    }
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let response = get(&handler(vec![mixed()]), "/");
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"));
    let page = text(response).replacen(ICON, "", 1);
    for loader in
        ["src=", "<link", "<script", "url(", "@import", " style=", "http-equiv", "onclick"]
    {
        assert!(!page.contains(loader), "{loader}");
    }
}

#[test]
fn what_is_held_for_one_answer_does_not_grow_with_the_names() {
    let mut state = target("123456789012", "eu-central-1");
    let long =
        Product { name: "n".repeat(100_000).into(), ..product("pp-1", "CFN_STACK", "ERROR") };
    scanned(&mut state, vec![long], &[]);
    assert!(page(&handler(vec![state]), "").len() < 50_000);
}

#[test]
fn ten_thousand_problems_are_a_bounded_answer() {
    let mut state = target("123456789012", "eu-central-1");
    let products = (0..10_000).map(|n| product(&format!("pp-{n:05}"), "CFN_STACK", "ERROR"));
    scanned(&mut state, products.collect(), &[]);
    let handler = handler_of(snapshot(vec![state]), StatusPage::Full);
    for query in ["", "rows=200", "page=50&rows=200", "sort=name&order=desc"] {
        let (page, json) = (page(&handler, query), json(&handler, query));
        assert!(page.len() < 400_000, "{query}: {}", page.len());
        assert!(json["problems"]["rows"].as_array().unwrap().len() <= 200);
        assert_eq!(json["problems"]["total"], 10_000);
    }
}

#[test]
fn an_unknown_instance_status_is_a_problem_too() {
    let mut state = target("123456789012", "eu-central-1");
    scanned(&mut state, vec![stack_set("pp-1")], &[("pp-1", &["CURRENT", "DRIFTED"])]);
    let handler = handler(vec![state]);
    assert_eq!(problems(&handler, "status=DRIFTED"), ["pp-1"]);
    let row = json(&handler, "")["problems"]["rows"][0].clone();
    assert_eq!(row["stack_instances_not_current"], 1);
    assert_eq!(row["stack_instances"][InstanceStatus::Current.as_str()], 1);
}
