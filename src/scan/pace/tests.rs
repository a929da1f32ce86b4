use std::sync::Arc;

use super::*;
use crate::config::{Config, Defaults};
use crate::model::{CatalogBuilder, Product, Provisioning, Reason, Region};
use crate::snapshot::{AttemptEnd, EnrichmentEnd};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn scan(pace: Pace) -> Scan {
    Scan { pace, ..Config::defaults(Defaults::Production).scan }
}

fn adaptive() -> Scan {
    scan(Pace::Adaptive { busy: MINUTE, idle: 30 * MINUTE })
}

fn at(since: Duration) -> Moment {
    Moment::default().plus(since)
}

fn scanned(state: &mut TargetState, statuses: &[&str], begun: Moment) {
    let mut builder = CatalogBuilder::default();
    for (number, status) in statuses.iter().enumerate() {
        builder.add(Product {
            id: format!("pp-{number}").into(),
            name: "".into(),
            kind: "CFN_STACK".into(),
            status: ProductStatus::read(Some(status)),
            product_id: "".into(),
            artifact_id: "".into(),
            created: None,
            provisioning: Provisioning::Unrecorded,
            last_record: "".into(),
            status_message: None,
        });
    }
    state.list_complete(Arc::new(builder.finish()), begun);
    ended(state, Ok(()), begun);
}

fn ended(state: &mut TargetState, products: Result<(), Reason>, begun: Moment) {
    state.attempt_finished(AttemptEnd {
        begun,
        products,
        products_took: Duration::ZERO,
        listings_took: None,
        listings: Vec::new(),
        enrichment: EnrichmentEnd::default(),
    });
}

fn of(statuses: &[&str], scan: &Scan) -> Duration {
    let mut state = target();
    scanned(&mut state, statuses, at(MINUTE));
    interval(&state, scan, Duration::ZERO, at(MINUTE))
}

fn target() -> TargetState {
    TargetState::new(Region::parse("eu-central-1").unwrap(), None, 5 * MINUTE)
}

#[test]
fn a_target_in_which_something_moves_is_scanned_again_soon() {
    for status in ["UNDER_CHANGE", "PLAN_IN_PROGRESS"] {
        assert_eq!(of(&["AVAILABLE", status], &adaptive()), MINUTE);
        assert_eq!(of(&["AVAILABLE", status], &scan(Pace::Fixed)), 5 * MINUTE);
    }
    for status in ["AVAILABLE", "TAINTED", "ERROR"] {
        assert_eq!(of(&[status], &adaptive()), 5 * MINUTE, "{status} stands still");
    }
}

#[test]
fn a_scan_that_takes_long_is_followed_by_a_pause_as_long_and_by_none_longer_than_the_interval() {
    let mut state = target();
    scanned(&mut state, &["UNDER_CHANGE"], at(MINUTE));
    let after = |took| interval(&state, &adaptive(), took, at(MINUTE));
    assert_eq!(after(MINUTE), 2 * MINUTE);
    assert_eq!(after(20 * MINUTE), 5 * MINUTE);
}

#[test]
fn a_target_that_was_empty_for_a_day_is_left_alone_for_longer_until_something_is_there() {
    let mut state = target();
    let mut after = |statuses: &[&str], since: Duration| {
        scanned(&mut state, statuses, at(since));
        interval(&state, &adaptive(), Duration::ZERO, at(since))
    };
    assert_eq!(after(&[], MINUTE), 5 * MINUTE, "it may just be new");
    assert_eq!(after(&[], DAY), 5 * MINUTE);
    assert_eq!(after(&[], DAY + MINUTE), 30 * MINUTE);
    assert_eq!(after(&["AVAILABLE"], DAY + 2 * MINUTE), 5 * MINUTE);
    assert_eq!(after(&[], DAY + 3 * MINUTE), 5 * MINUTE, "the day begins anew");
}

#[test]
fn a_target_that_fails_is_scanned_at_the_usual_interval_whatever_was_found_before() {
    let mut busy = target();
    scanned(&mut busy, &["UNDER_CHANGE"], at(MINUTE));
    let mut idle = target();
    scanned(&mut idle, &[], at(MINUTE));
    scanned(&mut idle, &[], at(DAY + MINUTE));
    for state in [&mut busy, &mut idle] {
        let now = at(DAY + 2 * MINUTE);
        assert_ne!(interval(state, &adaptive(), Duration::ZERO, now), 5 * MINUTE);
        ended(state, Err(Reason::Network), now);
        assert_eq!(interval(state, &adaptive(), Duration::ZERO, now), 5 * MINUTE);
    }
}
