use std::time::Duration;

use super::*;

mod refused;

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
    for section in SECTIONS {
        let error = production(&format!("{section}: {{x: 1}}")).unwrap_err();
        let (_, keys) = error.split_once("known here: ").unwrap();
        for key in keys.split(", ") {
            assert!(
                example.lines().any(|line| {
                    line.trim_start_matches([' ', '#']).starts_with(&format!("{key}:"))
                }),
                "{section}.{key} is missing"
            );
        }
    }
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
        "scan: {interval: 1m, timeout: 2m, serve_stale_for: 1h30m, ready_after: 30s, max_pages: 7}\n\
         metrics: {per_product: problems, per_instance: none, max_instance_series: 0, max_series: 9}\n\
         aws:\n  region: eu-central-1\n  endpoint_url: http://proxy.example:8080\n  \
         allow_insecure_endpoint: true\n  connect_timeout: 500ms\n  attempt_timeout: 5s\n  \
         max_attempts: 1\n  max_requests_per_second: 0.5\n  burst: 1\n  concurrency: 4\n  \
         max_in_flight: 4\n\
         web: {listen_addresses: ['127.0.0.1:1', ':2'], telemetry_path: /m, drain_timeout: 0s}\n\
         log: {level: warn, format: json}\n",
    )
    .unwrap();
    let seconds = Duration::from_secs;
    assert_eq!(config.scan.interval, seconds(60));
    assert_eq!(config.scan.timeout, seconds(120));
    assert_eq!(config.scan.serve_stale_for, seconds(5400));
    assert_eq!(config.scan.ready_after, seconds(30));
    assert_eq!(config.scan.max_pages, 7);
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
    assert_eq!(config.web.drain_timeout, Duration::ZERO);
    assert_eq!(config.log, Log { level: LogLevel::Warn, format: LogFormat::Json });
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
        ("basic_auth_users: {joe: a}\n", "basic_auth_users: {joe: bcd}\n"),
    ] {
        assert_eq!(hash(one), hash(other), "for {one:?}");
    }
    assert_ne!(hash("password: a\nx: y\n"), hash("password: a\nx: z\n"));
    assert_ne!(hash("passwords: a\n"), hash("passwords: b\n"));
}

#[test]
fn doubtful_settings_are_valid_but_warned_about() {
    let warnings = |text| production(text).unwrap().warnings().join("\n");
    assert!(warnings("scan: {interval: 29s}").starts_with("scan.interval is 29s: "));
    assert!(warnings("scan: {timeout: 2h}").starts_with("scan.timeout (2h) is longer than"));
    assert!(warnings("aws: {max_requests_per_second: 0}").contains("is 0: nothing keeps"));
    assert_eq!(warnings("scan: {interval: 30s}"), "");
}

#[test]
fn the_demo_is_quick_and_follows_its_flags() {
    let demo = |overrides: &[(&'static str, &str)]| {
        parse("", "", &flags(overrides), Defaults::Demo).unwrap().scan
    };
    let seconds = Duration::from_secs;
    assert_eq!((demo(&[]).interval, demo(&[]).timeout), (seconds(5), seconds(30)));
    assert_eq!(demo(&[]).serve_stale_for, 5 * MINUTE);
    let slow = demo(&[("scan.interval", "10m")]);
    assert_eq!((slow.timeout, slow.serve_stale_for), (10 * MINUTE, 30 * MINUTE));
}

#[test]
fn durations_are_shown_as_they_are_written() {
    for text in ["0s", "900ms", "30s", "5m", "1h30m", "1d", "10d1h"] {
        assert_eq!(text.parse::<HumanDuration>().unwrap().to_string(), text);
    }
}
