//! Series of names, tags and records.

use super::*;
use crate::model::{FoundProduct, NamesBuilder, Record, RecordStatus};
use crate::snapshot::{NamesEnd, RecordAnswer, RecordDue, RecordsEnd};

fn tagged() -> Shown {
    let tags = [("Owner", "owner"), ("CostCenter", "cost_center")];
    let tags = tags.into_iter().map(|(key, name)| TagLabel::new(key, name)).collect();
    Shown { names_and_tags: true, tags, ..all() }
}

/// Two products, of which the search knew the first; the record of the first was read.
fn enriched() -> TargetState {
    let products = vec![
        product("pp-1", "CONTROL_TOWER_ACCOUNT", "TAINTED"),
        product("pp-2", "CFN_STACK", "ERROR"),
    ];
    let mut state = state(products, &[], PerInstance::All);
    let asked = Moment { unix: 1_000.0, uptime: Duration::ZERO };
    let mut names = NamesBuilder::new(["CostCenter", "Owner"]);
    let found = FoundProduct {
        id: "pp-1",
        kind: "CONTROL_TOWER_ACCOUNT",
        product: "Account Factory",
        artifact: "v2",
        physical_id: "210987654321",
    };
    names.add(found, [("CostCenter", "4\"2")]);
    let record = Record {
        status: RecordStatus::Failed,
        kind: "UPDATE_PROVISIONED_PRODUCT".into(),
        created: Some(100.5),
        updated: Some(200.25),
        error: None,
    };
    let due = RecordDue { product: "pp-1".into(), record: "rec-1".into() };
    let answers = vec![RecordAnswer { due, record: Some(Arc::new(record)) }];
    let took = Duration::from_secs(1);
    state.attempt_finished(AttemptEnd {
        begun: asked,
        products: Ok(()),
        products_took: took,
        listings_took: None,
        listings: vec![],
        enrichment: EnrichmentEnd {
            names: Some(NamesEnd { asked, took, found: Ok(Arc::new(names.finish())) }),
            records: Some(RecordsEnd { asked, took, answers, failure: None }),
            versions: None,
        },
    });
    state
}

#[test]
fn names_are_labels_of_info_and_empty_where_they_are_unknown() {
    let text = text(enriched(), &tagged());
    let info: Vec<_> = samples(&text, "servicecatalog_provisioned_product_info")
        .iter()
        .map(|line| line.split_once("provisioning_artifact_id=").unwrap().1)
        .collect();
    assert_eq!(
        info,
        [
            r#""pa-1",product_name="Account Factory",provisioning_artifact_name="v2",vended_account_id="210987654321"} 1"#,
            r#""pa-1",product_name="",provisioning_artifact_name="",vended_account_id=""} 1"#,
        ]
    );
}

#[test]
fn a_product_whose_tags_are_known_has_every_configured_tag_as_a_label() {
    let text = text(enriched(), &tagged());
    assert_eq!(
        samples(&text, "servicecatalog_provisioned_product_tags"),
        [
            r#"servicecatalog_provisioned_product_tags{aws_account_id="123456789012",aws_region="eu-central-1",provisioned_product_id="pp-1",tag_owner="",tag_cost_center="4\"2"} 1"#
        ]
    );
}

#[test]
fn what_is_turned_off_is_not_shown_even_if_it_is_known() {
    let text = text(enriched(), &Shown { names_and_tags: false, records: false, ..tagged() });
    for word in ["Account Factory", "tag_owner", "last_record", "names_and_tags", "\"records\""] {
        assert!(!text.contains(word), "{word} in\n{text}");
    }
}

#[test]
fn without_configured_tags_there_is_no_tag_family() {
    let text = text(enriched(), &Shown { tags: Arc::default(), ..tagged() });
    assert!(text.contains("Account Factory") && !text.contains("_tags{"));
}

#[test]
fn a_record_shows_when_its_operation_began_and_last_moved() {
    let text = text(enriched(), &all());
    for (family, value) in [("created", "100.5"), ("updated", "200.25")] {
        let family =
            format!("servicecatalog_provisioned_product_last_record_{family}_timestamp_seconds");
        let samples = samples(&text, &family);
        assert_eq!(samples.len(), 1, "only pp-1 was read: {samples:?}");
        assert!(samples[0].contains("\"pp-1\"") && samples[0].ends_with(value), "{samples:?}");
    }
}

#[test]
fn stages_have_series_only_when_they_are_enabled() {
    let stages = |shown: &Shown| -> Vec<String> {
        let text = text(enriched(), shown);
        let success = samples(&text, "servicecatalog_scan_success");
        success.iter().map(|line| line.split('"').nth(5).unwrap().to_owned()).collect()
    };
    assert_eq!(stages(&tagged()), ["products", "stack_instances", "names_and_tags", "records"]);
    assert_eq!(stages(&Shown { records: false, ..all() }), ["products", "stack_instances"]);
}

#[test]
fn the_limit_of_the_process_counts_tags_and_records_too() {
    let whole = series(&text(enriched(), &tagged()));
    for max_series in 0..=whole {
        let cut = text(enriched(), &Shown { max_series, ..tagged() });
        assert_eq!(dropped(&cut), (whole - series(&cut)) as f64);
        let products = samples(&cut, "servicecatalog_provisioned_product_info").len();
        assert!(products == 0 || series(&cut) <= max_series, "{max_series}");
    }
}
