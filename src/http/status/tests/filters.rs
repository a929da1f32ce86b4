//! Filters, order and pages.

use super::*;

fn numbered(many: usize) -> Handler<Fixed> {
    let mut state = target("123456789012", "eu-central-1");
    let products = (0..many).map(|n| product(&format!("pp-{n:03}"), "CFN_STACK", "ERROR"));
    scanned(&mut state, products.collect(), &[]);
    handler(vec![state])
}

#[test]
fn every_filter_lets_through_what_has_its_value() {
    let handler = handler(vec![mixed()]);
    assert_eq!(problems(&handler, "status=TAINTED"), ["pp-tainted"]);
    assert_eq!(problems(&handler, "status=OUTDATED"), ["pp-inoperable", "pp-outdated"]);
    assert_eq!(problems(&handler, "type=CFN_STACK"), ["pp-tainted", "pp-moving"]);
    assert_eq!(problems(&handler, "type=CFN_STACK&status=TAINTED"), ["pp-tainted"]);
    assert_eq!(problems(&handler, "q=OUTDATED"), ["pp-outdated"], "of the id");
    assert_eq!(problems(&handler, "q=Name%20OF+pp-e"), ["pp-error"], "of the name, whatever case");
    assert_eq!(problems(&handler, "account=123456789012&region=eu-central-1").len(), 6);
}

#[test]
fn a_value_that_nothing_has_finds_nothing_and_says_so() {
    let handler = handler(vec![mixed()]);
    for query in ["status=NONE", "type=NONE", "q=nothing+like+it"] {
        assert!(problems(&handler, query).is_empty(), "{query}");
        assert!(page(&handler, query).contains("No problem matches the filter."), "{query}");
    }
    for query in ["account=999999999999", "region=us-east-1", "target=nobody"] {
        let page = page(&handler, query);
        assert!(page.contains("No target matches the filter."), "{query}");
        let json = json(&handler, query);
        assert_eq!((&json["targets"]["total"], &json["problems"]["total"]), (&0.into(), &0.into()));
        assert_eq!(json["products"]["total"], Value::Null, "nothing was counted");
        assert_eq!(json["summary"]["targets"], 1, "the summary is of all targets");
    }
}

#[test]
fn filters_of_targets_narrow_targets_counts_and_problems() {
    let mut other = target("210987654321", "us-east-1");
    other.names.account_name = "Sandbox".into();
    scanned(&mut other, vec![product("pp-other", "CFN_STACK", "ERROR")], &[]);
    let handler = handler(vec![mixed(), other]);
    for query in ["account=210987654321", "region=us-east-1", "target=sandbox", "target=2109"] {
        let json = json(&handler, query);
        assert_eq!(json["targets"]["total"], 1, "{query}");
        assert_eq!(json["products"]["total"], 1, "{query}");
        assert_eq!(problems(&handler, query), ["pp-other"], "{query}");
    }
    assert_eq!(json(&handler, "")["products"]["total"], 10);
}

#[test]
fn the_form_offers_what_is_there_and_keeps_what_was_chosen() {
    let handler = handler(vec![mixed()]);
    let page = page(&handler, "status=TAINTED&q=pp&sort=name&order=desc&rows=50&target_sort=age");
    for element in [
        "<option value=\"TAINTED\" selected>TAINTED</option>",
        "<option value=\"OUTDATED\">OUTDATED</option>",
        "<option value=\"CONTROL_TOWER_ACCOUNT\">",
        "<option value=\"123456789012\">",
        "name=\"q\" value=\"pp\"",
        "<option value=\"name\" selected>",
        "<option value=\"desc\" selected>",
        "<input type=\"hidden\" name=\"rows\" value=\"50\">",
        "<input type=\"hidden\" name=\"target_sort\" value=\"age\">",
    ] {
        assert!(page.contains(element), "{element}\n{page}");
    }
    let gone = super::page(&handler, "status=GONE");
    assert!(gone.contains("<option value=\"GONE\" selected>GONE (none)</option>"));
}

#[test]
fn problems_are_sorted_by_each_column_both_ways() {
    let handler = handler(vec![mixed()]);
    let by_name = ["pp-error", "pp-inoperable", "pp-moving", "pp-odd", "pp-outdated", "pp-tainted"];
    assert_eq!(problems(&handler, "sort=name"), by_name);
    let mut reversed = by_name;
    reversed.reverse();
    assert_eq!(problems(&handler, "sort=name&order=desc"), reversed);
    let since = problems(&handler, "sort=since");
    assert_eq!(since[..2], ["pp-odd", "pp-moving"], "the oldest first");
    assert_eq!(since[4..], ["pp-inoperable", "pp-outdated"], "what is not known last");
    assert_eq!(problems(&handler, "sort=type")[0], "pp-moving");
    assert_eq!(problems(&handler, "sort=status&order=desc")[0], "pp-moving");
}

#[test]
fn the_head_of_a_column_says_how_it_is_sorted_and_links_to_the_other_way() {
    let handler = handler(vec![mixed()]);
    let page = page(&handler, "sort=name&type=CFN_STACK");
    assert!(page.contains(
        "aria-sort=\"ascending\"><a href=\"./?type=CFN_STACK&amp;sort=name&amp;order=desc#problems\">Name"
    ), "{page}");
    assert!(page.contains("<a href=\"./?type=CFN_STACK&amp;sort=since#problems\">Since"), "{page}");
}

#[test]
fn pages_begin_and_end_where_they_should() {
    let handler = numbered(201);
    let rows = |query: &str| problems(&handler, query);
    assert_eq!(rows("").len(), 100, "the default");
    assert_eq!(rows("rows=200").len(), 200);
    assert_eq!(rows("rows=200&page=2&sort=name"), ["pp-200"]);
    assert_eq!(rows("rows=67&page=3&sort=name").last().unwrap(), "pp-200");
    for query in ["rows=200&page=3", "page=0", "page=x", "rows=200&page=18446744073709551615"] {
        assert!(rows(query).is_empty(), "{query}");
        assert!(page(&handler, query).contains("There is no such page of problems"), "{query}");
    }
    let page = page(&handler, "rows=100&page=2&sort=name");
    for words in [
        "101–200 of 201, page 2 of 3",
        "<a href=\"./?sort=name#problems\">Previous",
        "<a href=\"./?sort=name&amp;page=3#problems\">Next",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[test]
fn a_page_of_one_needs_no_way_to_others() {
    assert!(!page(&numbered(100), "").contains("class=\"pager\""));
    assert!(page(&numbered(101), "").contains("class=\"pager\""));
}

#[test]
fn a_parameter_that_means_nothing_is_named() {
    let handler = handler(vec![mixed()]);
    assert!(
        page(&handler, "sort=colour")
            .contains("Not understood, so the default counts: <code>sort</code>")
    );
    assert_eq!(json(&handler, "order=up")["ignored_parameters"], serde_json::json!(["order"]));
}

#[test]
fn counts_link_to_what_they_count() {
    let page = page(&handler(vec![mixed()]), "");
    assert!(
        page.contains("<a href=\"./?status=TAINTED&amp;type=CFN_STACK#problems\">1</a>"),
        "{page}"
    );
    assert!(!page.contains("status=AVAILABLE&"), "what is well is not listed");
}
