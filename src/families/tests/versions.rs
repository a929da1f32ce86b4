//! Families of versions.

use super::*;
use crate::model::{Artifact, Artifacts};
use crate::snapshot::{VersionsAnswer, VersionsEnd};

const INFO: &str = "servicecatalog_provisioning_artifact_info";
const CREATED: &str = "servicecatalog_provisioning_artifact_created_timestamp_seconds";
const COUNTED: &str = "servicecatalog_provisioned_products_by_artifact";

fn shown() -> Shown {
    Shown { versions: true, ..all() }
}

fn artifact(id: &str, created: Option<f64>, active: Option<bool>) -> Artifact {
    let guidance = if active.is_some() { "DEFAULT" } else { "" };
    let (id, name, guidance) = (id.into(), format!("v {id}").into(), guidance.into());
    Artifact { id, name, created, guidance, active }
}

/// Three products of `prod-1`, of which two are on a version that AWS does not list, one of
/// `prod-2`, which nobody asked about, and one of which AWS says nothing.
fn versioned(artifacts: Vec<Artifact>) -> TargetState {
    let of = |id: &str, product_id: &str, artifact_id: &str| {
        let (product_id, artifact_id) = (product_id.into(), artifact_id.into());
        Product { product_id, artifact_id, ..product(id, "CFN_STACK", "AVAILABLE") }
    };
    let products = vec![
        of("pp-1", "prod-1", "pa-1"),
        of("pp-2", "prod-1", "pa-gone"),
        of("pp-3", "prod-1", "pa-gone"),
        of("pp-4", "prod-2", "pa-9"),
        of("", "", ""),
    ];
    let mut state = state(products, &[], PerInstance::Problems);
    let asked = Moment { unix: 1_000.0, uptime: Duration::ZERO };
    let artifacts: Arc<Artifacts> = Arc::new(artifacts.into_iter().collect());
    let found = Some(Ok(artifacts));
    let answers = vec![VersionsAnswer { product: "prod-1".into(), asked, refused: vec![], found }];
    let refresh = Duration::from_secs(86_400);
    let versions = VersionsEnd { asked, refresh, answers, ..VersionsEnd::default() };
    state.attempt_finished(AttemptEnd {
        begun: asked,
        products: Ok(()),
        products_took: Duration::ZERO,
        listings_took: None,
        listings: vec![],
        enrichment: EnrichmentEnd { versions: Some(versions), ..EnrichmentEnd::default() },
    });
    state
}

/// The samples of a family from the product id on, with quotes that are easier to read.
fn told(text: &str, family: &str) -> Vec<String> {
    let samples = samples(text, family).into_iter();
    samples.map(|line| line.split_once(",product_id=").unwrap().1.replace('"', "'")).collect()
}

#[test]
fn what_is_in_use_and_the_newest_have_series_and_products_are_counted_by_version() {
    let artifacts = vec![
        artifact("pa-1", Some(1.5), Some(true)),
        artifact("pa-2", Some(2.5), Some(true)),
        artifact("pa-3", Some(9.5), Some(false)),
        artifact("pa-4", Some(0.5), Some(true)),
    ];
    let text = text(versioned(artifacts), &shown());
    let info = |id: &str, name: &str, guidance: &str, active: &str| {
        let name = format!("provisioning_artifact_name='{name}'");
        let id = format!("provisioning_artifact_id='{id}'");
        format!("'prod-1',{id},{name},guidance='{guidance}',active='{active}'}} 1")
    };
    let expected = [
        info("pa-1", "v pa-1", "DEFAULT", "true"),
        info("pa-gone", "", "", "false"),
        info("pa-2", "v pa-2", "DEFAULT", "true"),
    ];
    assert_eq!(told(&text, INFO), expected);
    let of = |product: &str, id: &str, value: &str| {
        format!("'{product}',provisioning_artifact_id='{id}'}} {value}")
    };
    assert_eq!(told(&text, CREATED), [of("prod-1", "pa-1", "1.5"), of("prod-1", "pa-2", "2.5")]);
    let expected = [
        of("", "", "1"),
        of("prod-1", "pa-1", "1"),
        of("prod-1", "pa-gone", "2"),
        of("prod-2", "pa-9", "1"),
    ];
    assert_eq!(told(&text, COUNTED), expected, "without an id too");
}

#[test]
fn what_no_call_said_is_empty_and_no_version_is_told_twice() {
    let text = text(versioned(vec![artifact("pa-1", None, None)]), &shown());
    let info = told(&text, INFO);
    assert_eq!(info.len(), 2);
    assert!(info[0].ends_with("guidance='',active=''} 1"), "{info:?}");
    assert_eq!(told(&text, CREATED), [""; 0]);
}

#[test]
fn without_the_setting_there_are_no_such_series_and_no_such_stage() {
    let artifacts = || vec![artifact("pa-1", None, Some(true))];
    let stages = |text: &str| {
        let stages = samples(text, "servicecatalog_scan_success").into_iter();
        stages.filter(|line| line.ends_with("stage=\"versions\"} 1")).count()
    };
    let off = text(versioned(artifacts()), &all());
    assert!([INFO, CREATED, COUNTED].iter().all(|family| samples(&off, family).is_empty()));
    let on = text(versioned(artifacts()), &shown());
    assert_eq!((stages(&off), stages(&on)), (0, 1));
}

#[test]
fn no_limit_cuts_versions_and_the_limit_stays_exact() {
    let build = || versioned(vec![artifact("pa-1", Some(1.0), Some(true))]);
    let count = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    let whole = count(&text(build(), &shown()));
    let least = count(&text(build(), &Shown { max_series: 0, ..shown() }));
    for max_series in 0..=whole {
        let cut = text(build(), &Shown { max_series, ..shown() });
        let versions = [INFO, CREATED, COUNTED].map(|family| samples(&cut, family).len());
        assert_eq!(versions, [2, 1, 4]);
        assert!(count(&cut) <= max_series.max(least), "{max_series}");
    }
    assert_eq!(count(&text(build(), &Shown { max_series: whole, ..shown() })), whole);
}
