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
