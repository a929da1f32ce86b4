use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::model::{
    AccountId, Artifact, CatalogBuilder, FoundProduct, Listing, ListingBuilder, NamesBuilder,
    PerInstance, ProductStatus, Reason, RecordError, RecordStatus, Region, STACK_SET_TYPE, Way,
};
use crate::snapshot::{
    AttemptEnd, Basis, Dated, EnrichmentEnd, ListingOutcome, NamesEnd, RecordAnswer, RecordDue,
    RecordsEnd, VersionsAnswer, VersionsEnd,
};

const SECRET: &str = "hunter2";

fn at(seconds: u64) -> Moment {
    let uptime = Duration::from_secs(1_000_000 + seconds);
    Moment { unix: 1_700_000_000.25 + seconds as f64, uptime }
}

/// The same instant by the clocks of another process.
fn later(seconds: u64) -> Moment {
    Moment { uptime: Duration::from_secs(5_000_000 + seconds), ..at(seconds) }
}

fn target() -> TargetState {
    let region = Region::parse("eu-central-1").unwrap();
    TargetState::new(region, Some(AccountId::new("123456789012")), Duration::from_secs(300))
}

fn product(id: &str, kind: &str, status: &str) -> Product {
    Product {
        id: id.into(),
        name: "a \"name\"\n".into(),
        kind: kind.into(),
        status: ProductStatus::read(Some(status)),
        product_id: "prod-1".into(),
        artifact_id: "pa-1".into(),
        created: Some(1_536_068_318.933),
        provisioning: Provisioning::LastFailed,
        last_record: "rec-1".into(),
        status_message: Some(SECRET.into()),
    }
}

fn listing() -> Arc<Listing> {
    let mut builder = ListingBuilder::default();
    builder.add("111111111111", "eu-central-1", Some("OUTDATED"));
    builder.add("111111111111", "eu-west-1", Some("CURRENT"));
    builder.add("222222222222", "eu-west-1", Some("DRIFTED"));
    builder.add("222222222222", "eu-west-1", Some("INOPERABLE"));
    Arc::new(builder.finish(PerInstance::Problems, 1))
}

fn versions() -> VersionsAnswer {
    let artifact = |id: &str, active| Artifact {
        id: id.into(),
        name: "v1 \"x\"".into(),
        created: Some(1_536_068_318.933),
        guidance: "DEPRECATED".into(),
        active,
    };
    let artifacts = [artifact("pa-1", Some(false)), artifact("pa-2", None)];
    VersionsAnswer {
        product: "prod-1".into(),
        asked: at(304),
        refused: vec![Way::List],
        found: Some(Ok(Arc::new(artifacts.into_iter().collect()))),
    }
}

/// A target of which everything is known that can be.
fn known() -> TargetState {
    let mut builder = CatalogBuilder::default();
    builder.add(product("pp-1", STACK_SET_TYPE, "TAINTED"));
    builder.add(product("pp-1", STACK_SET_TYPE, "TAINTED"));
    builder.add(product("pp-2", "CONTROL_TOWER_ACCOUNT", "AVAILABLE"));
    builder.add(product("", STACK_SET_TYPE, "QUARANTINED"));
    let mut state = target();
    state.list_complete(Arc::new(CatalogBuilder::default().finish()), at(0));
    state.list_complete(Arc::new(builder.finish()), at(300));
    let basis = Basis {
        cause: Cause::Turn,
        record: "rec-1".into(),
        status: ProductStatus::Tainted,
        begun: at(300).uptime,
    };
    let mut names = NamesBuilder::new(["CostCenter"]);
    let found = FoundProduct {
        id: "pp-2",
        kind: "CONTROL_TOWER_ACCOUNT",
        product: "vpc",
        artifact: "v1",
        physical_id: "333333333333",
    };
    names.add(found, [("CostCenter", "42")]);
    let record = crate::model::Record {
        status: RecordStatus::Failed,
        kind: "UPDATE_PROVISIONED_PRODUCT".into(),
        created: Some(1.5),
        updated: Some(2.5),
        error: Some(RecordError { code: "Denied".into(), text: SECRET.into() }),
    };
    let due = RecordDue { product: "pp-1".into(), record: "rec-1".into() };
    let answers = vec![RecordAnswer { due, record: Some(Arc::new(record)) }];
    state.attempt_finished(AttemptEnd {
        begun: at(300),
        products: Ok(()),
        products_took: Duration::from_millis(1_250),
        listings_took: Some(Duration::from_secs(2)),
        listings: vec![(
            "pp-1".into(),
            ListingOutcome::Listed(Dated { value: listing(), asked: at(301) }, basis),
        )],
        enrichment: EnrichmentEnd {
            names: Some(NamesEnd {
                asked: at(302),
                took: Duration::from_secs(1),
                found: Ok(Arc::new(names.finish())),
            }),
            records: Some(RecordsEnd {
                asked: at(303),
                took: Duration::from_secs(1),
                answers,
                failure: Some(Reason::Throttled),
            }),
            versions: Some(VersionsEnd {
                asked: at(304),
                refresh: Duration::from_secs(86_400),
                denied: vec![Way::AsAdmin],
                answers: vec![versions()],
                ..VersionsEnd::default()
            }),
        },
    });
    state
}

fn text(state: &TargetState, now: Moment) -> String {
    serde_json::to_string(&state.save(Some("arn:aws:iam::123456789012:role/r"), now).unwrap())
        .unwrap()
}

fn restored(text: &str, now: Moment) -> Option<TargetState> {
    let saved: SavedTarget<'static> = serde_json::from_str(text).unwrap();
    let mut state = target();
    state.restore(&saved, now).then_some(state)
}

#[test]
fn what_is_taken_up_is_what_was_known_with_its_own_times() {
    let before = known();
    let after = restored(&text(&before, at(400)), later(400)).unwrap();
    let (old, new) = (before.products().unwrap(), after.products().unwrap());
    assert_eq!(old.groups(), new.groups());
    assert_eq!((old.len(), old.duplicates(), old.no_id()), (new.len(), 1, 1));
    assert_eq!(new.stack_sets_without_id(), 1);
    assert_eq!(after.products_asked(), Some(later(300)));
    let (old, new) = (before.listing("pp-1").unwrap(), after.listing("pp-1").unwrap());
    assert_eq!(old.value, new.value);
    assert_eq!((new.value.left_out(), new.value.duplicates()), (1, 1));
    assert_eq!(new.asked, later(301));
    assert_eq!(before.instances(), after.instances());
    for stage in Stage::ALL {
        let (old, new) = (before.stage(stage), after.stage(stage));
        assert_eq!(
            (old.result, old.last_success, old.took),
            (new.result, new.last_success, new.took)
        );
        assert_eq!(new.failures, 0, "a counter begins with its process");
    }
    assert_eq!(after.last_attempt(), before.last_attempt());
    assert_eq!((after.scans(), after.is_tried()), (0, true));
    assert_eq!(before.names_of("pp-2"), after.names_of("pp-2"));
    let product = after.products().unwrap().product("pp-1").unwrap();
    let record = after.record_of(product).unwrap();
    assert_eq!((record.created, record.updated, record.has_failed()), (Some(1.5), Some(2.5), true));
    assert_eq!(after.status_since("pp-1"), Some(at(300).unix));
    assert_eq!(before.artifacts_of("prod-1"), after.artifacts_of("prod-1"));
}

#[test]
fn a_product_whose_versions_are_known_is_not_asked_about_again_after_a_restart() {
    let before = known();
    let after = restored(&text(&before, at(400)), later(400)).unwrap();
    let day = Duration::from_secs(86_400);
    let due = |seconds: u64| {
        let catalog = after.products().unwrap();
        after.versions_due(catalog, later(304 + seconds), day)
    };
    assert_eq!(due(86_399), []);
    // What is closed is as old as it was: the denied call a day, the refused one a week.
    let [due] = &due(86_400)[..] else { panic!("one product is due") };
    assert_eq!((&*due.product, &due.ways[..]), ("prod-1", &[Way::Product, Way::AsAdmin][..]));
    assert_eq!(after.versions().denied(later(400)), [Way::AsAdmin]);
}

#[test]
fn a_file_of_before_there_were_versions_is_taken_up_without_them() {
    let kept = text(&known(), at(400));
    let (old, _) = kept.split_once(",\"versions\":").unwrap();
    let after = restored(&format!("{old}}}"), later(400)).unwrap();
    assert_eq!(after.versions(), &crate::snapshot::Versions::default());
    let broken = kept.replace("\"refused\":[", "\"refused\":[1e300,");
    assert!(serde_json::from_str::<SavedTarget<'_>>(&broken).is_err(), "one for each way");
    for (from, to) in
        [("\"tried\":1700000304.25", "\"tried\":-1e300"), ("\"failures\":0", "\"failures\":7")]
    {
        assert!(kept.contains(from), "{kept}");
        let is_taken_up = restored(&kept.replace(from, to), later(400)).is_some();
        assert_eq!(is_taken_up, from.contains("failures"), "{to}");
    }
}

#[test]
fn a_stack_set_that_is_settled_need_not_be_listed_after_a_restart() {
    let before = known();
    let after = restored(&text(&before, at(400)), later(400)).unwrap();
    let product = before.products().unwrap().product("pp-1").unwrap();
    assert_eq!(before.cause(product), after.cause(product));
    let (age, keep) = (Duration::from_secs(3_600), Duration::from_secs(3_600));
    assert_eq!(after.next_expiry(keep), Some(later(300).uptime + age), "nor is it younger");
}

#[test]
fn what_may_quote_parameters_of_a_launch_is_not_kept() {
    let before = known();
    assert!(!text(&before, at(400)).contains(SECRET));
    let after = restored(&text(&before, at(400)), later(400)).unwrap();
    assert!(after.products().unwrap().products().iter().all(|one| one.status_message.is_none()));
}

#[test]
fn a_target_of_which_nothing_is_known_is_not_kept() {
    assert!(target().save(None, at(0)).is_none());
    let mut nameless = known();
    nameless.account = None;
    assert!(nameless.save(None, at(400)).is_none());
}

#[test]
fn times_of_the_future_and_times_of_which_no_age_can_be_made_are_believed_by_nobody() {
    let kept = text(&known(), at(400));
    assert!(restored(&kept, later(400)).is_some());
    assert!(restored(&kept, later(100)).is_none(), "the clock was set back meanwhile");
    let young = Moment { uptime: Duration::from_secs(50), ..later(400) };
    assert!(restored(&kept, young).is_none(), "it would seem younger than it is");
    for (from, to) in [
        ("\"asked\":1700000300.25", "\"asked\":-1e300"),
        ("\"asked\":1700000300.25", "\"asked\":1e300"),
    ] {
        assert!(kept.contains(from));
        assert!(restored(&kept.replace(from, to), later(400)).is_none());
    }
}

#[test]
fn what_makes_no_sense_is_not_taken_up_in_part() {
    let kept = text(&known(), at(400));
    for (from, to) in [
        ("\"account\":\"123456789012\"", "\"account\":\"me\""),
        ("\"result\":\"succeeded\"", "\"result\":\"perhaps\""),
        ("\"stage\":\"products\"", "\"stage\":\"pears\""),
        ("\"took\":1.25", "\"took\":-1"),
        ("[\"OUTDATED\",1]", "[\"OUTDATED\",0]"),
    ] {
        assert!(kept.contains(from), "{from} in {kept}");
        let changed = kept.replace(from, to);
        let changed = changed.replace("[\"INOPERABLE\",1]", "[\"INOPERABLE\",0]");
        let changed = if from.contains("OUTDATED") {
            changed.replace("[\"CURRENT\",1]", "[\"CURRENT\",0]")
        } else {
            changed
        };
        let mut state = target();
        let saved: SavedTarget<'static> = serde_json::from_str(&changed).unwrap();
        let before = format!("{state:?}");
        assert!(!state.restore(&saved, later(400)), "{to}");
        assert_eq!(format!("{state:?}"), before, "{to}");
    }
}

#[test]
fn a_step_of_the_wall_clock_between_asking_and_keeping_makes_nothing_younger() {
    let stepped = Moment { unix: at(400).unix + 7_200.0, ..at(400) };
    let after = restored(&text(&known(), stepped), Moment { unix: stepped.unix, ..later(400) });
    let asked = after.unwrap().products_asked().unwrap();
    assert!(later(400).uptime.checked_sub(asked.uptime).unwrap() >= Duration::from_secs(99));
}
