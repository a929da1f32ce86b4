use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::exposition::Tail;
use crate::model::{
    AccountId, CatalogBuilder, ListingBuilder, Moment, PerInstance, Product, ProductStatus,
    Provisioning, Reason, Region,
};
use crate::snapshot::{AttemptEnd, Basis, Cause, Dated, EnrichmentEnd, ListingOutcome};

mod enriched;
mod fates;
mod versions;

fn all() -> Shown {
    Shown::default()
}

fn product(id: &str, kind: &str, status: &str) -> Product {
    Product {
        id: id.into(),
        name: format!("name of {id}").into(),
        kind: kind.into(),
        status: ProductStatus::read(Some(status)),
        product_id: "prod-1".into(),
        artifact_id: "pa-1".into(),
        created: Some(1_536_068_318.933),
        provisioning: Provisioning::LastFailed,
        last_record: "rec-1".into(),
        status_message: None,
    }
}

fn state(
    products: Vec<Product>,
    listings: &[(&str, &[&str])],
    per_instance: PerInstance,
) -> TargetState {
    let region = Region::parse("eu-central-1").unwrap();
    let account = Some(AccountId::new("123456789012"));
    let mut state = TargetState::new(region, account, Duration::from_secs(300));
    let mut builder = CatalogBuilder::default();
    products.into_iter().for_each(|product| builder.add(product));
    let asked = Moment { unix: 1_000.0, uptime: Duration::ZERO };
    let catalog = Arc::new(builder.finish());
    state.list_complete(Arc::clone(&catalog), asked);
    let outcomes = listings.iter().map(|(id, statuses)| {
        let mut builder = ListingBuilder::default();
        for (account, status) in statuses.iter().enumerate() {
            builder.add(&format!("{account:012}"), "eu-west-1", Some(status));
        }
        let value = Arc::new(builder.finish(per_instance, 10_000));
        let basis = Basis::of(catalog.product(id).unwrap(), Cause::NeverListed, asked);
        ((*id).into(), ListingOutcome::Listed(Dated { value, asked }, basis))
    });
    state.attempt_finished(AttemptEnd {
        begun: asked,
        products: Ok(()),
        products_took: Duration::from_millis(500),
        listings_took: Some(Duration::from_secs(2)),
        listings: outcomes.collect(),
        enrichment: EnrichmentEnd::default(),
    });
    state
}

fn text(state: TargetState, shown: &Shown) -> String {
    let snapshot = Snapshot { targets: vec![Arc::new(state)], ..Snapshot::default() };
    let chunks = encode(&snapshot, shown).plain(&Tail::default());
    String::from_utf8(chunks.flatten().collect()).unwrap()
}

fn samples<'t>(text: &'t str, family: &str) -> Vec<&'t str> {
    let head = format!("{family}{{");
    text.lines().filter(|line| line.starts_with(&head)).collect()
}

fn series(text: &str) -> usize {
    text.lines().filter(|line| !line.starts_with('#')).count()
}

fn dropped(text: &str) -> f64 {
    let mut line = samples(text, "servicecatalog_series_dropped").into_iter();
    let line = line.rfind(|line| line.contains("limit")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn every_known_status_of_every_group_has_a_series_zeros_included() {
    let text =
        text(state(vec![product("pp-1", "CFN_STACK", "TAINTED")], &[], PerInstance::All), &all());
    let counts: Vec<_> = samples(&text, "servicecatalog_provisioned_products")
        .iter()
        .map(|line| line.split("status=").nth(1).unwrap())
        .collect();
    assert_eq!(
        counts,
        [
            "\"AVAILABLE\"} 0",
            "\"UNDER_CHANGE\"} 0",
            "\"TAINTED\"} 1",
            "\"ERROR\"} 0",
            "\"PLAN_IN_PROGRESS\"} 0"
        ]
    );
}

#[test]
fn a_status_of_tomorrow_is_counted_and_shown_under_its_own_spelling() {
    let text =
        text(state(vec![product("pp-1", "CFN_STACK", "FROZEN")], &[], PerInstance::All), &all());
    assert!(
        samples(&text, "servicecatalog_provisioned_products")
            .iter()
            .any(|l| l.contains("\"FROZEN\"} 1"))
    );
    let states = samples(&text, "servicecatalog_provisioned_product_status");
    assert_eq!(states.len(), 6);
    assert!(states[5].ends_with("status=\"FROZEN\"} 1"));
}

#[test]
fn records_say_nothing_while_a_product_is_in_motion() {
    for (status, present) in
        [("AVAILABLE", 1), ("UNDER_CHANGE", 0), ("PLAN_IN_PROGRESS", 0), ("ERROR", 1)]
    {
        let text =
            text(state(vec![product("pp-1", "CFN_STACK", status)], &[], PerInstance::All), &all());
        for family in ["last_provisioning_succeeded", "ever_succeeded"] {
            let family = format!("servicecatalog_provisioned_product_{family}");
            assert_eq!(samples(&text, &family).len(), present, "{family} {status}");
        }
    }
}

#[test]
fn a_target_without_an_account_has_no_series() {
    let mut state = state(vec![product("pp-1", "CFN_STACK", "ERROR")], &[], PerInstance::All);
    state.account = None;
    assert_eq!(text(state, &all()), "");
}

#[test]
fn with_problems_only_healthy_products_are_counted_but_have_no_series_of_their_own() {
    let products = vec![
        product("pp-1", "CFN_STACK", "AVAILABLE"),
        product("pp-2", "CFN_STACK", "TAINTED"),
        product("pp-3", "CFN_STACKSET", "AVAILABLE"),
        product("pp-4", "CFN_STACKSET", "AVAILABLE"),
    ];
    let listings: [(&str, &[&str]); 2] =
        [("pp-3", &["CURRENT"]), ("pp-4", &["CURRENT", "OUTDATED"])];
    let shown = Shown { per_product: PerProduct::Problems, ..all() };
    let text = text(state(products, &listings, PerInstance::Problems), &shown);
    let ids: BTreeSet<_> = samples(&text, "servicecatalog_provisioned_product_info")
        .iter()
        .map(|line| line.split('"').nth(5).unwrap())
        .collect();
    assert_eq!(ids, BTreeSet::from(["pp-2", "pp-4"]));
    assert_eq!(samples(&text, "servicecatalog_provisioned_product_stack_instances").len(), 3);
    assert!(text.contains("servicecatalog_scan_provisioned_products{aws_account_id=\"123456789012\",aws_region=\"eu-central-1\"} 4"));
    assert_eq!(samples(&text, "servicecatalog_stack_instance_status").len(), 1);
}

#[test]
fn the_instance_limit_of_a_target_keeps_the_worst_over_all_stack_sets() {
    let products = vec![
        product("pp-1", "CFN_STACKSET", "AVAILABLE"),
        product("pp-2", "CFN_STACKSET", "AVAILABLE"),
    ];
    let listings: [(&str, &[&str]); 2] = [
        ("pp-1", &["OUTDATED", "OUTDATED", "INOPERABLE"]),
        ("pp-2", &["NEW", "OUTDATED", "CURRENT"]),
    ];
    let shown = Shown { max_instance_series: 3, ..all() };
    let text = text(state(products, &listings, PerInstance::All), &shown);
    let kept: Vec<_> = samples(&text, "servicecatalog_stack_instance_status")
        .iter()
        .map(|line| {
            let texts: Vec<_> = line.split('"').collect();
            format!("{} {} {}", texts[5], texts[11], texts[15])
        })
        .collect();
    assert_eq!(
        kept,
        ["pp-1 000000000002 INOPERABLE", "pp-1 000000000000 OUTDATED", "pp-2 000000000000 NEW"]
    );
    assert_eq!(dropped(&text), 3.0);
}

#[test]
fn the_limit_of_the_process_is_exact_and_takes_instances_first_then_healthy_products() {
    let build = || {
        let products = vec![
            product("pp-1", "CFN_STACK", "AVAILABLE"),
            product("pp-2", "CFN_STACKSET", "AVAILABLE"),
            product("pp-3", "CFN_STACK", "ERROR"),
        ];
        state(products, &[("pp-2", &["OUTDATED", "CURRENT"])], PerInstance::All)
    };
    let whole = text(build(), &all());
    let total = series(&whole);
    let own = |text: &str, family: &str| {
        let family = format!("servicecatalog_{family}");
        samples(text, &family).len()
    };
    assert_eq!(dropped(&whole), 0.0);
    for max_series in (0..=total).rev() {
        let cut = text(build(), &Shown { max_series, ..all() });
        let cut_off = total - series(&cut);
        assert_eq!(dropped(&cut), cut_off as f64, "what is left out is said");
        let (instances, products) =
            (own(&cut, "stack_instance_status"), own(&cut, "provisioned_product_info"));
        let possible = instances == 0 || products == 3;
        assert!(possible, "instances go before products");
        if products > 0 {
            assert!(series(&cut) <= max_series);
            assert!(
                samples(&cut, "servicecatalog_provisioned_product_info")
                    .iter()
                    .any(|l| l.contains("pp-2"))
            );
        }
        assert_eq!(own(&cut, "provisioned_product_status"), 5 * products, "a product stays whole");
        assert_eq!(own(&cut, "provisioned_products"), 10 + 5 - 5, "aggregates are never cut");
    }
}

#[test]
fn a_failed_stage_says_why_and_that_its_data_is_stale() {
    let mut state = state(vec![], &[], PerInstance::All);
    state.attempt_finished(AttemptEnd {
        begun: Moment { unix: 1_300.0, uptime: Duration::from_secs(300) },
        products: Err(Reason::AccessDenied),
        products_took: Duration::from_secs(1),
        listings_took: None,
        listings: vec![],
        enrichment: EnrichmentEnd::default(),
    });
    let text = text(state, &all());
    for line in [
        "servicecatalog_scan_success{T,stage=\"products\"} 0",
        "servicecatalog_scan_success{T,stage=\"stack_instances\"} 1",
        "servicecatalog_scan_failure_reason{T,stage=\"products\",reason=\"access_denied\"} 1",
        "servicecatalog_scan_stale{T,stage=\"products\"} 1",
        "servicecatalog_scan_last_success_timestamp_seconds{T,stage=\"products\"} 1000",
        "servicecatalog_scan_last_attempt_timestamp_seconds{T} 1300",
        "servicecatalog_scans_total{T} 2",
        "servicecatalog_scan_failures_total{T,stage=\"products\"} 1",
        "servicecatalog_scan_failures_total{T,stage=\"stack_instances\"} 0",
    ] {
        let line = line.replace('T', "aws_account_id=\"123456789012\",aws_region=\"eu-central-1\"");
        assert!(text.lines().any(|l| l == line), "{line}\nin\n{text}");
    }
    assert_eq!(samples(&text, "servicecatalog_scan_failure_reason").len(), 1);
}

#[test]
fn every_family_of_the_table_is_named_by_the_conventions() {
    let mut names = BTreeSet::new();
    for family in describe() {
        assert!(names.insert(family.name), "{} twice", family.name);
        assert!(family.name.starts_with("servicecatalog_"));
        assert_eq!(
            family.name.ends_with("_total"),
            family.kind.as_str() == "counter",
            "{}",
            family.name
        );
        assert_eq!(family.labels[..2], super::table::TARGET, "{}", family.name);
        assert!(family.help.ends_with(['.', ')']) && !family.notes.is_empty(), "{}", family.name);
    }
}
