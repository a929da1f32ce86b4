//! When listings are made again, and how long data is served beside that.

use super::*;

#[test]
fn by_default_listings_are_reused_for_half_an_hour_while_nothing_changes() {
    let scan = Config::defaults(Defaults::Production).scan;
    let expected = StackInstances { refresh: Refresh::Changed, max_age: 30 * MINUTE };
    assert_eq!(scan.stack_instances, expected);
}

#[test]
fn data_is_served_at_least_as_long_as_a_target_may_pause() {
    assert_eq!(
        production("scan: {serve_stale_for: 29m}").unwrap_err(),
        "exporter.yml:1:25: scan.serve_stale_for: 29m is shorter than 30m, the longest pause \
         before a target that fails is tried again; choose from 30m to 30d"
    );
    let least = production("scan: {serve_stale_for: 30m}").unwrap();
    assert_eq!(least.scan.serve_stale_for, MAX_BACKOFF);
}

#[test]
fn data_is_served_at_least_as_long_as_a_listing_is_reused() {
    assert_eq!(
        production("scan: {stack_instances: {max_age: 61m}}").unwrap_err(),
        "exporter.yml:1:35: scan.stack_instances.max_age: scan.serve_stale_for (1h, the default) \
         must be at least scan.stack_instances.max_age (1h1m, exporter.yml:1:35); set \
         scan.serve_stale_for to 1h1m or more, or shorten the age"
    );
    production("scan: {stack_instances: {max_age: 60m}}").unwrap();
    production("scan: {serve_stale_for: 61m, stack_instances: {max_age: 61m}}").unwrap();
    // Where every scan lists, no listing is reused.
    production("scan: {stack_instances: {refresh: always, max_age: 61m}}").unwrap();
}

#[test]
fn unknown_words_and_keys_of_listings_are_refused_with_their_whole_path() {
    assert_eq!(
        production("scan:\n  stack_instances:\n    refresh: never\n").unwrap_err(),
        "exporter.yml:3:14: scan.stack_instances.refresh: \"never\" is not known here; use one of \
         changed, always"
    );
    assert_eq!(
        production("scan:\n  stack_instances:\n    age: 5m\n").unwrap_err(),
        "exporter.yml:3:5: scan.stack_instances.age: unknown key; known here: refresh, max_age"
    );
}

#[test]
fn the_pace_is_fixed_unless_it_is_said_and_follows_the_interval() {
    let pace = |text: &str| production(text).unwrap().scan.pace;
    assert_eq!(pace(""), Pace::Fixed);
    assert_eq!(pace("scan: {busy_interval: 10s}"), Pace::Fixed);
    let adaptive = |busy, idle| Pace::Adaptive { busy, idle };
    assert_eq!(pace("scan: {pace: adaptive}"), adaptive(MINUTE, 30 * MINUTE));
    assert_eq!(pace("scan: {pace: adaptive, interval: 30s}"), adaptive(MINUTE / 2, 30 * MINUTE));
    let slow = "scan: {pace: adaptive, interval: 1h, serve_stale_for: 3h}";
    assert_eq!(pace(slow), adaptive(MINUTE, 60 * MINUTE));
}

#[test]
fn a_pace_that_would_be_slower_where_something_moves_or_faster_where_nothing_is_is_refused() {
    assert_eq!(
        production("scan: {pace: adaptive, busy_interval: 6m}").unwrap_err(),
        "exporter.yml:1:39: scan.busy_interval: scan.busy_interval (6m, exporter.yml:1:39) must be \
         at most scan.interval (5m, the default); set scan.busy_interval to 5m or less"
    );
    assert_eq!(
        production("scan: {pace: adaptive, idle_interval: 4m}").unwrap_err(),
        "exporter.yml:1:39: scan.idle_interval: scan.idle_interval (4m, exporter.yml:1:39) must be \
         at least scan.interval (5m, the default); set scan.idle_interval to 5m or more"
    );
}

#[test]
fn data_is_served_two_intervals_longer_than_an_idle_target_waits() {
    assert_eq!(
        production("scan: {pace: adaptive, idle_interval: 51m}").unwrap_err(),
        "exporter.yml:1:39: scan.idle_interval: scan.serve_stale_for (1h, the default) must be two \
         intervals more than scan.idle_interval (51m, exporter.yml:1:39); set scan.serve_stale_for \
         to 1h1m or more, or shorten the interval"
    );
    production("scan: {pace: adaptive, idle_interval: 50m}").unwrap();
    production("scan: {idle_interval: 51m}").unwrap();
}

#[test]
fn what_is_kept_is_kept_beside_the_file_that_says_so() {
    let path = |text: &str| production(text).unwrap().storage.path;
    assert_eq!(path(""), None);
    assert_eq!(path("storage: {path: ''}"), None);
    assert_eq!(path("storage: {path: kept}"), Some("kept".into()));
}
