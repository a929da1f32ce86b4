//! Names, tags and records.

use super::*;

fn enrich(text: &str) -> Result<Enrich, String> {
    production(&format!("enrich: {text}")).map(|config| config.enrich)
}

#[test]
fn by_default_records_of_problems_are_read_and_names_are_not() {
    let expected = Enrich { names_and_tags: false, tags: Vec::new(), records: true };
    assert_eq!(Config::defaults(Defaults::Production).enrich, expected);
    assert!(enrich("{records: problems}").unwrap().records);
    assert!(!enrich("{records: off}").unwrap().records);
}

#[test]
fn tags_are_sorted_by_the_label_that_they_become() {
    let read = enrich("{names_and_tags: true, tags: {Team: owner, 'aws:x / y': app, Cost: _c0}}");
    let pair = |key: &str, label: &str| (key.to_owned(), label.to_owned());
    let expected = [pair("Cost", "_c0"), pair("aws:x / y", "app"), pair("Team", "owner")];
    assert_eq!(read.unwrap().tags, expected);
    assert_eq!(enrich("{names_and_tags: true, tags: }").unwrap().tags, []);
}

#[test]
fn tags_are_refused_at_their_place() {
    const LABEL: &str =
        "write letters, digits and _, not beginning with a digit, such as cost_center";
    for (text, line) in [
        (
            "{tags: {Team: team}}",
            "1:17: enrich.tags.Team: tags are read with names_and_tags only, which is off; set \
             enrich.names_and_tags: true, or remove the tags"
                .to_owned(),
        ),
        (
            "{names_and_tags: true, tags: {Team: owner, Owner: owner}}",
            "1:52: enrich.tags.Owner: tag_owner is the label of two tags, \"Team\" and \"Owner\"; \
             give each tag a label of its own"
                .into(),
        ),
        (
            "{names_and_tags: true, tags: {Team: a, Team: b}}",
            "1:48: enrich.tags.Team: is set twice, first on line 1; keep one of the two".into(),
        ),
        (
            "{names_and_tags: true, tags: {Team: cost-center}}",
            format!("1:45: enrich.tags.Team: \"cost-center\" is not the name of a label; {LABEL}"),
        ),
        (
            "{names_and_tags: true, tags: {Team: 1st}}",
            format!("1:45: enrich.tags.Team: \"1st\" is not the name of a label; {LABEL}"),
        ),
        (
            "{names_and_tags: true, tags: {Team: ''}}",
            format!("1:45: enrich.tags.Team: \"\" is not the name of a label; {LABEL}"),
        ),
        (
            "{names_and_tags: true, tags: {Team: tag_team}}",
            "1:45: enrich.tags.Team: \"tag_team\" would become tag_tag_…; leave tag_ out, it is \
             put before each label"
                .into(),
        ),
        (
            "{names_and_tags: true, tags: [Team]}",
            "1:38: enrich.tags: expected a mapping, found a list; write key: value pairs below it, \
             indented"
                .into(),
        ),
        (
            "{records: all}",
            "1:19: enrich.records: \"all\" is not known here; use one of problems, off".into(),
        ),
    ] {
        assert_eq!(enrich(text).unwrap_err(), format!("exporter.yml:{line}"), "for {text}");
    }
}

#[test]
fn more_tags_than_a_product_can_have_are_refused() {
    let tags = |count: usize| {
        let tags: Vec<String> = (0..count).map(|tag| format!("K{tag}: l{tag}")).collect();
        enrich(&format!("{{names_and_tags: true, tags: {{{}}}}}", tags.join(", ")))
    };
    assert_eq!(tags(50).unwrap().tags.len(), 50);
    let line = tags(51).unwrap_err();
    assert!(line.contains("enrich.tags.K50: is one tag too many: AWS allows 50"), "{line}");
}
