use std::time::Duration;

use super::sections::{MINUTE, SECTIONS};
use super::*;

mod enrich;
mod events;
mod organization;
mod refused;
mod scan;
mod sharding;
mod targets;
mod versions;
mod web;

fn production(text: &str) -> Result<Config, String> {
    with(text, &Overrides::new())
}

fn with(text: &str, overrides: &Overrides) -> Result<Config, String> {
    parse("exporter.yml", text, overrides, Defaults::Production).map_err(|error| error.to_string())
}

fn flags(given: &[(&'static str, &str)]) -> Overrides {
    given
        .iter()
        .map(|(key, text)| {
            let given =
                Given { text: (*text).to_owned(), origin: Origin::Flag(format!("--{key}")) };
            (*key, given)
        })
        .collect()
}

#[test]
fn the_example_file_says_every_key_and_is_the_defaults() {
    let example = include_str!("../../deploy/servicecatalog-exporter.yml");
    let example = production(example).unwrap();
    let defaults = Config::defaults(Defaults::Production);
    assert_eq!(Config { hash: defaults.hash, ..example }, defaults);
    assert_eq!(defaults.warnings(), Vec::<String>::new());
}

#[test]
fn every_key_that_is_known_stands_in_the_example_file() {
    let example = include_str!("../../deploy/servicecatalog-exporter.yml");
    let sections = SECTIONS.iter().filter(|section| **section != "targets");
    let sections = sections.map(|section| format!("{section}: {{x: 1}}"));
    let nested = ["targets: [{x: 1}]", "scan: {stack_instances: {x: 1}}", "x: 1"].map(String::from);
    for text in sections.chain(nested) {
        let error = production(&text).unwrap_err();
        let (_, keys) = error.split_once("known here: ").unwrap();
        for key in keys.split(", ") {
            assert!(
                example.lines().any(|line| {
                    line.trim_start_matches([' ', '#', '-']).starts_with(&format!("{key}:"))
                }),
                "{key} of {text} is missing"
            );
        }
    }
}

/// The example with what is commented out at its left margin made real.
#[test]
fn what_the_example_file_shows_in_comments_is_valid_too() {
    let example = include_str!("../../deploy/servicecatalog-exporter.yml");
    let begins = ["versions:", "targets:", "organization:", "sharding:", "events:", "storage:"];
    let mut inside = false;
    let lines = example.lines().map(|line| {
        let bare = line.strip_prefix("# ");
        inside =
            bare.is_some_and(|bare| begins.contains(&bare) || (inside && bare.starts_with("  ")));
        bare.filter(|_| inside).unwrap_or(line)
    });
    let lines: Vec<&str> = lines.collect();
    let mut overrides = flags(&[("sharding.shard", "2")]);
    let host_name = Given { text: "exporter-0".into(), origin: Origin::Variable(HOST_NAME.into()) };
    overrides.insert(HOST_NAME, host_name);
    let config = with(&lines.join("\n"), &overrides).unwrap();
    assert_eq!(config.shard, Shard { ordinal: 2, total: 3 });
    assert_eq!(config.targets.len(), 1);
    assert_eq!(config.versions, Some(Versions { refresh: sections::DAY }));
    assert!(config.organization.unwrap().management_role.is_some());
    assert_eq!(config.events.unwrap().name, "servicecatalog-events-2");
}

#[test]
fn files_that_say_nothing_are_the_defaults() {
    for text in ["", "\n", "# nothing yet\n", "---\n", "scan:\naws:\n", "{}", "\u{feff}scan: {}"] {
        let config = production(text).unwrap();
        let defaults = Config::defaults(Defaults::Production);
        assert_eq!(Config { hash: defaults.hash, ..config }, defaults, "for {text:?}");
    }
}

#[test]
fn a_file_is_read_as_typed() {
    let config = production(
        "scan: {interval: 1m, timeout: 2m, serve_stale_for: 1h30m, ready_after: 30s, max_pages: 7, \
         stack_instances: {refresh: always, max_age: 2h}}\n\
         metrics: {per_product: problems, per_instance: none, max_instance_series: 0, max_series: 9}\n\
         aws:\n  region: eu-central-1\n  endpoint_url: http://proxy.example:8080\n  \
         allow_insecure_endpoint: true\n  connect_timeout: 500ms\n  attempt_timeout: 5s\n  \
         max_attempts: 1\n  max_requests_per_second: 0.5\n  burst: 1\n  concurrency: 4\n  \
         max_in_flight: 4\n\
         web: {listen_addresses: ['127.0.0.1:1', ':2'], telemetry_path: /m, drain_timeout: 0s, \
         enable_lifecycle: true, config_file: web.yml, unauthenticated_ready: true, \
         status_page: full}\n\
         log: {level: warn, format: json}\n",
    )
    .unwrap();
    let seconds = Duration::from_secs;
    assert_eq!(config.scan.interval, seconds(60));
    assert_eq!(config.scan.timeout, seconds(120));
    assert_eq!(config.scan.serve_stale_for, seconds(5400));
    assert_eq!(config.scan.ready_after, seconds(30));
    assert_eq!(config.scan.max_pages, 7);
    assert_eq!(config.scan.stack_instances.refresh, Refresh::Always);
    assert_eq!(config.scan.stack_instances.max_age, 2 * 60 * MINUTE);
    assert_eq!(config.metrics.per_product, PerProduct::Problems);
    assert_eq!(config.metrics.per_instance, PerInstance::None);
    assert_eq!((config.metrics.max_instance_series, config.metrics.max_series), (0, 9));
    assert_eq!(config.aws.region, Region::parse("eu-central-1").ok());
    assert_eq!(config.aws.endpoint_url.unwrap().as_str(), "http://proxy.example:8080");
    assert_eq!(config.aws.connect_timeout, Duration::from_millis(500));
    assert_eq!(config.aws.attempt_timeout, seconds(5));
    assert_eq!((config.aws.max_attempts, config.aws.burst), (1, 1));
    assert_eq!(config.aws.max_requests_per_second, 0.5);
    assert_eq!((config.aws.concurrency, config.aws.max_in_flight), (4, 4));
    let addresses: Vec<ListenAddress> =
        ["127.0.0.1:1", ":2"].iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(config.web.listen_addresses, addresses);
    assert_eq!(config.web.telemetry_path, "/m");
    assert_eq!(config.web.status_page, StatusPage::Full);
    assert_eq!(config.web.drain_timeout, Duration::ZERO);
    assert!(
        config.web.enable_lifecycle && !Config::defaults(Defaults::Production).web.enable_lifecycle
    );
    assert_eq!(config.web.config_file.as_deref(), Some("web.yml".as_ref()));
    let defaults = Config::defaults(Defaults::Production).web;
    assert!(config.web.unauthenticated_ready && !defaults.unauthenticated_ready);
    assert_eq!(config.log, Log { level: LogLevel::Warn, format: LogFormat::Json });
}

#[test]
fn a_web_file_is_beside_the_file_that_names_it_or_where_it_was_typed() {
    let named = |file: &str, overrides| {
        let text = "web: {config_file: tls/web.yml}";
        parse(file, text, &overrides, Defaults::Production).unwrap().web.config_file
    };
    let none = Overrides::new;
    assert_eq!(named("/etc/exporter.yml", none()), Some("/etc/tls/web.yml".into()));
    assert_eq!(named("exporter.yml", none()), Some("tls/web.yml".into()));
    let typed = |name| flags(&[("web.config_file", name)]);
    assert_eq!(named("/etc/exporter.yml", typed("web.yml")), Some("web.yml".into()));
    assert_eq!(named("/etc/exporter.yml", typed("")), None, "nothing is none");
}

#[test]
fn the_scan_timeout_is_the_larger_of_the_interval_and_a_quarter_of_an_hour() {
    assert_eq!(production("scan: {interval: 1m}").unwrap().scan.timeout, 15 * MINUTE);
    let slow = production("scan: {interval: 20m}").unwrap();
    assert_eq!(slow.scan.timeout, 20 * MINUTE);
}

#[test]
fn an_overridden_value_in_the_file_must_still_be_valid() {
    let overrides = flags(&[("scan.interval", "1m")]);
    assert_eq!(with("scan: {interval: 2m}", &overrides).unwrap().scan.interval, MINUTE);
    let line = with("scan: {interval: soon}", &overrides).unwrap_err();
    assert!(line.starts_with("exporter.yml:1:18: scan.interval: \"soon\""), "{line}");
}

#[test]
fn the_hash_is_that_of_the_file_and_of_nothing_without_one() {
    // printf '' | sha256sum; printf 'scan: {}\n' | sha256sum
    assert_eq!(Config::defaults(Defaults::Production).hash, 0xe3b0_c442_98fc);
    assert_eq!(production("scan: {}\n").unwrap().hash, 0x4b82_00fd_4ad6);
}

#[test]
fn secrets_do_not_count_for_the_hash_however_they_are_written() {
    let hash = |text: &str| document::fingerprint(text, &document::parse(text).unwrap());
    for (one, other) in [
        ("password: one\nx: y\n", "password: another\nx: y\n"),
        ("password: 'it''s' # ä\nx: y\n", "password: \"two\\nlines\" # ä\nx: y\n"),
        ("password: |\n  one\n\nx: y\n", "password: |\n  another\n  line\n\nx: y\n"),
        ("é: &p one\npassword: *p\n", "é: &p another\npassword: *p\n"),
        ("t: [{external_id: 1}]\n", "t: [{external_id: 22}]\n"),
        ("o: {management_external_id: ab}\n", "o: {management_external_id: cde}\n"),
        ("basic_auth_users: {joe: a}\n", "basic_auth_users: {joe: bcd}\n"),
    ] {
        assert_eq!(hash(one), hash(other), "for {one:?}");
    }
    assert_ne!(hash("password: a\nx: y\n"), hash("password: a\nx: z\n"));
    assert_ne!(hash("passwords: a\n"), hash("passwords: b\n"));
}

#[test]
fn doubtful_settings_are_valid_but_warned_about() {
    let warnings = |text: &str| production(text).unwrap().warnings().join("\n");
    assert!(warnings("scan: {interval: 29s}").starts_with("scan.interval is 29s: "));
    assert!(warnings("scan: {timeout: 2h}").starts_with("scan.timeout (2h) is longer than"));
    assert!(warnings("aws: {max_requests_per_second: 0}").contains("is 0: nothing keeps"));
    let organization = |refresh| {
        warnings(&format!("organization: {{role_name: R, regions: auto, refresh: {refresh}}}"))
    };
    assert!(organization("59s").starts_with("organization.refresh is 59s: "));
    assert_eq!(organization("1m"), "");
    assert_eq!(warnings("scan: {interval: 30s}"), "");
}

#[test]
fn the_demo_is_quick_and_follows_its_flags() {
    let demo = |overrides: &[(&'static str, &str)]| {
        parse("", "", &flags(overrides), Defaults::Demo).unwrap().scan
    };
    let seconds = Duration::from_secs;
    assert_eq!((demo(&[]).interval, demo(&[]).timeout), (seconds(5), seconds(30)));
    assert_eq!(demo(&[]).serve_stale_for, MAX_BACKOFF);
    let slow = demo(&[("scan.interval", "20m")]);
    assert_eq!((slow.timeout, slow.serve_stale_for), (20 * MINUTE, 60 * MINUTE));
}

#[test]
fn durations_are_shown_as_they_are_written() {
    for text in ["0s", "900ms", "30s", "5m", "1h30m", "1d", "10d1h"] {
        assert_eq!(text.parse::<HumanDuration>().unwrap().to_string(), text);
    }
}
