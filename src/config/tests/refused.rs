//! What is refused, and with which words.

use super::*;

/// Each text and the line that refuses it.
fn refused(table: &[(&str, &str)]) {
    for (text, line) in table {
        assert_eq!(production(text).unwrap_err(), *line, "for {text:?}");
    }
}

#[test]
fn unknown_repeated_and_misplaced_keys_are_refused_at_their_place() {
    refused(&[
        (
            "scan:\n  intervall: 5m\n",
            "exporter.yml:2:3: scan.intervall: unknown key; known here: interval, pace, \
             busy_interval, idle_interval, timeout, serve_stale_for, ready_after, max_pages, \
             stack_instances",
        ),
        (
            "interval: 5m\n",
            "exporter.yml:1:1: interval: unknown key; known here: scan, enrich, versions, targets, \
             organization, sharding, events, metrics, aws, web, storage, log",
        ),
        (
            "scan:\n  interval: 5m\n  timeout: 20m\n  interval: 5m\n",
            "exporter.yml:4:3: scan.interval: is set twice, first on line 2; keep one of the two",
        ),
        (
            "log: {}\nscan: {}\nlog: {}\n",
            "exporter.yml:3:1: log: is set twice, first on line 1; keep one of the two",
        ),
        (
            "log: info\n",
            "exporter.yml:1:6: log: expected a mapping, found text; write its keys below it, \
             indented: level, format",
        ),
        (
            "- log\n",
            "exporter.yml:1:1: expected a mapping, found a list; write its keys below it, \
             indented: scan, enrich, versions, targets, organization, sharding, events, metrics, aws, web, storage, log",
        ),
    ]);
}

#[test]
fn values_of_the_wrong_kind_are_refused_with_the_remedy() {
    const DURATION: &str = "write a number with a unit, such as 30s, 5m, 1h30m or 1d";
    const WHOLE: &str = "write a whole number, without sign, quotes and unit";
    refused(&[
        (
            "scan:\n  interval: 300\n",
            &format!(
                "exporter.yml:2:13: scan.interval: expected a duration, found a number; {DURATION}"
            ),
        ),
        (
            "scan:\n  interval:\n",
            &format!("exporter.yml:2:11: scan.interval: has no value; {DURATION}"),
        ),
        (
            "scan: {interval: 5 parsecs}",
            &format!(
                "exporter.yml:1:18: scan.interval: \"5 parsecs\" is not a duration; {DURATION}"
            ),
        ),
        (
            "aws: {max_attempts: -1}",
            &format!("exporter.yml:1:21: aws.max_attempts: -1 is out of range; {WHOLE}"),
        ),
        (
            "aws: {max_attempts: 2.5}",
            &format!(
                "exporter.yml:1:21: aws.max_attempts: is not a whole number, or far too large; {WHOLE}"
            ),
        ),
        (
            "aws: {max_attempts: '5'}",
            &format!(
                "exporter.yml:1:21: aws.max_attempts: expected a whole number, found text; {WHOLE}"
            ),
        ),
        (
            "aws: {max_requests_per_second: fast}",
            "exporter.yml:1:32: aws.max_requests_per_second: expected a number, found text; \
             write a number without quotes and unit",
        ),
        (
            "aws: {allow_insecure_endpoint: yes}",
            "exporter.yml:1:32: aws.allow_insecure_endpoint: expected true or false, found text; \
             write true or false",
        ),
        (
            "log: {level: verbose}",
            "exporter.yml:1:14: log.level: \"verbose\" is not known here; use one of error, warn, \
             info, debug, trace",
        ),
        (
            "metrics: {per_instance: null}",
            "exporter.yml:1:25: metrics.per_instance: has no value; use one of problems, all, none",
        ),
        (
            "aws: {region: Frankfurt am Main}",
            "exporter.yml:1:15: aws.region: \"Frankfurt am Main\" is not an AWS region; write a \
             region code such as eu-central-1, without an availability zone",
        ),
        (
            "web: {listen_addresses: [':1', nowhere]}",
            "exporter.yml:1:25: web.listen_addresses: \"nowhere\" is not an address to listen on; \
             write addresses such as \":10419\", \"127.0.0.1:10419\" or \"[::1]:10419\"",
        ),
        (
            "web: {listen_addresses: [':1', ':1']}",
            "exporter.yml:1:25: web.listen_addresses: \":1\" is listed twice; list every address once",
        ),
        (
            "web: {listen_addresses: []}",
            "exporter.yml:1:25: web.listen_addresses: no address is listed; \
             write addresses such as \":10419\", \"127.0.0.1:10419\" or \"[::1]:10419\"",
        ),
    ]);
}

#[test]
fn numbers_and_durations_are_refused_outside_their_bounds() {
    for (text, key, range) in [
        ("scan: {interval: 999ms}", "scan.interval: 999ms", "from 1s to 1d"),
        ("scan: {interval: 5M}", "scan.interval: 5months", "from 1s to 1d"),
        ("scan: {timeout: 0s}", "scan.timeout: 0s", "from 1ms to 1d"),
        ("scan: {max_pages: 0}", "scan.max_pages: 0", "from 1 to 1000000"),
        ("aws: {max_attempts: 0}", "aws.max_attempts: 0", "from 1 to 100"),
        ("aws: {burst: 0}", "aws.burst: 0", "from 1 to 10000"),
        ("aws: {concurrency: 0}", "aws.concurrency: 0", "from 1 to 10000"),
        ("aws: {connect_timeout: 0s}", "aws.connect_timeout: 0s", "from 1ms to 1d"),
        ("web: {drain_timeout: 11m}", "web.drain_timeout: 11m", "from 0s to 10m"),
        ("metrics: {max_series: 10000001}", "metrics.max_series: 10000001", "from 0 to 10000000"),
        (
            "aws: {max_requests_per_second: .nan}",
            "aws.max_requests_per_second: NaN",
            "from 0.01 to 10000, or 0 to turn the limit off",
        ),
        (
            "aws: {max_requests_per_second: -1}",
            "aws.max_requests_per_second: -1",
            "from 0.01 to 10000, or 0 to turn the limit off",
        ),
    ] {
        let line = production(text).unwrap_err();
        assert!(line.contains(&format!(": {key}")), "{line}");
        assert!(line.ends_with(&format!("is out of range; choose {range}")), "{line}");
    }
}

#[test]
fn paths_that_cannot_serve_metrics_are_refused() {
    for (path, why) in [
        ("metrics", "does not start with /"),
        ("/", "is the status page"),
        ("/docs", "is the reference of the metrics"),
        ("/api/v1/status", "is the status page as JSON"),
        ("/-/ready", "is reserved for health checks"),
        ("/-/healthy", "is reserved for health checks"),
        ("/metrics?x=1", "contains '?'"),
        ("/my metrics", "contains ' '"),
        ("/métrics", "contains 'é'"),
    ] {
        let line = production(&format!("web: {{telemetry_path: '{path}'}}")).unwrap_err();
        let start = format!("exporter.yml:1:23: web.telemetry_path: {path:?} {why}");
        assert!(line.starts_with(&start), "{line}");
    }
}

#[test]
fn settings_that_contradict_one_another_are_named_with_their_origins() {
    refused(&[
        (
            "scan:\n  interval: 25m\n",
            "exporter.yml:2:13: scan.interval: scan.serve_stale_for (1h, the default) must be at \
             least three times scan.interval (25m, exporter.yml:2:13); set scan.serve_stale_for to \
             1h15m or more, or shorten the interval",
        ),
        (
            "scan: {timeout: 9s}\n",
            "exporter.yml:1:17: scan.timeout: aws.attempt_timeout (10s, the default) must be at \
             most scan.timeout (9s, exporter.yml:1:17); raise scan.timeout or shorten \
             aws.attempt_timeout",
        ),
        (
            "aws: {connect_timeout: 11s}\n",
            "exporter.yml:1:24: aws.connect_timeout: aws.connect_timeout (11s, \
             exporter.yml:1:24) must be at most aws.attempt_timeout (10s, the default); raise \
             aws.attempt_timeout or shorten aws.connect_timeout",
        ),
        (
            "aws: {max_in_flight: 1}\n",
            "exporter.yml:1:22: aws.max_in_flight: aws.concurrency (2, the default) must be at \
             most aws.max_in_flight (1, exporter.yml:1:22); raise aws.max_in_flight or lower \
             aws.concurrency",
        ),
    ]);
    assert_eq!(
        with("scan: {serve_stale_for: 40m}", &flags(&[("scan.interval", "14m")])).unwrap_err(),
        "exporter.yml:1:25: scan.serve_stale_for: scan.serve_stale_for (40m, exporter.yml:1:25) \
         must be at least three times scan.interval (14m, --scan.interval); set \
         scan.serve_stale_for to 42m or more, or shorten the interval"
    );
}

#[test]
fn an_endpoint_is_a_plain_url_and_never_repeated() {
    for (url, why) in [
        ("s3cr3t", "the URL does not begin with https:// or http://"),
        ("ftp://s3cr3t", "the URL does not begin with https:// or http://"),
        ("https://user:s3cr3t@host", "the URL holds a user name or password"),
        ("https://host/?token=s3cr3t", "the URL holds a query or fragment"),
        ("https://host/#s3cr3t", "the URL holds a query or fragment"),
        ("https://:443/s3cr3t", "the URL has no host"),
        ("https://ho st/s3cr3t", "is not a URL"),
    ] {
        let line = production(&format!("aws: {{endpoint_url: '{url}'}}")).unwrap_err();
        let start = format!("exporter.yml:1:21: aws.endpoint_url: {why};");
        assert!(line.starts_with(&start), "{line} for {url}");
        assert!(!line.contains("s3cr3t"), "{line}");
    }
}

#[test]
fn plain_http_needs_loopback_or_permission() {
    for url in
        ["http://localhost:4566", "http://127.0.0.9", "http://[::1]:1/x", "https://example.com"]
    {
        production(&format!("aws: {{endpoint_url: '{url}'}}")).unwrap();
    }
    for url in ["http://example.com", "http://10.0.0.1:80", "http://localhost.example.com"] {
        let line = production(&format!("aws: {{endpoint_url: '{url}'}}")).unwrap_err();
        assert!(line.contains("aws.endpoint_url: plain http to a host that is not"), "{line}");
        assert!(line.ends_with("allow_insecure_endpoint: true if the way there is protected"));
        let allowed = format!("aws: {{endpoint_url: '{url}', allow_insecure_endpoint: true}}");
        let warnings = production(&allowed).unwrap().warnings();
        assert!(warnings[0].starts_with("aws.endpoint_url is plain http"), "{warnings:?}");
    }
}

#[test]
fn broken_yaml_is_one_line_that_shows_no_text_of_the_file() {
    for (text, start) in [
        ("password: s3cr3t\nscan: [\n", "exporter.yml:2:7: is not valid YAML: unclosed bracket"),
        ("external_id: s3cr3t\n", "exporter.yml:1:1: external_id: unknown key;"),
        ("scan: 's3cr3t\n", "exporter.yml:2:1: is not valid YAML"),
        ("scan: s3cr3t\n", "exporter.yml:1:7: scan: expected a mapping, found text;"),
        ("password: *s3cr3t\n", "exporter.yml:1:11: an alias (*name) refers to an anchor"),
        ("log: !s3cr3t {}\n", "exporter.yml:1:"),
        ("log: {level: !!int s3cr3t}\n", "exporter.yml:1:20: holds something that cannot be read"),
        ("? {a: s3cr3t}\n: b\n", "exporter.yml:1:3: holds something that cannot be read"),
        ("password s3cr3t: 1\n", "exporter.yml:1:1: unknown key, not shown"),
        ("aws:\n  external_id: |\n    s3cr3t\n  more\n", "exporter.yml:4:3: is not valid YAML"),
        ("password: s3cr3t\nscan:\n\tinterval: 5m\n", "exporter.yml:3:2: is not valid YAML: tabs"),
        ("<<: {password: s3cr3t}\n", "exporter.yml:1:1: merge keys (<<) are not supported;"),
        ("scan: {}\n---\nx: s3cr3t\n", "exporter.yml:3:1: holds more than one YAML document;"),
    ] {
        let line = production(text).unwrap_err();
        assert!(line.starts_with(start), "{line} for {text:?}");
        assert!(!line.contains("s3cr3t") && !line.contains('\n'), "{line}");
    }
}

#[test]
fn small_files_cannot_become_large_trees() {
    let mut laughs = String::from("a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n");
    for level in 1..9 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        laughs += &format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(", "));
    }
    for text in [laughs, format!("scan: {}{}", "[".repeat(100), "]".repeat(100))] {
        let line = production(&text).unwrap_err();
        assert!(line.contains("is nested too deeply, or too large"), "{line}");
    }
}

#[test]
fn long_values_are_cut_and_control_characters_escaped() {
    let line = production(&format!("log: {{level: {}}}", "x".repeat(1000))).unwrap_err();
    assert!(line.contains(&format!("\"{}\"…", "x".repeat(60))) && line.len() < 200, "{line}");
    let line = production("log: {level: \"a\\nb\\e[1m\"}").unwrap_err();
    assert!(line.contains(r#""a\nb\u{1b}[1m""#), "{line}");
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let load = |path: &std::path::Path| {
        let line = load(Some(path), &Overrides::new(), Defaults::Production).unwrap_err();
        line.to_string().replace(&directory.path().display().to_string(), "DIR")
    };
    let file = directory.path().join("exporter.yml");
    assert_eq!(
        load(&file),
        "DIR/exporter.yml: cannot be read: No such file or directory (os error 2); correct \
         --config.file, or leave it out to use the defaults"
    );
    assert_eq!(
        load(directory.path()),
        "DIR: cannot be read: Is a directory (os error 21); name a file in it"
    );
    std::fs::write(&file, "#".repeat(FILE_LIMIT + 1)).unwrap();
    assert!(load(&file).starts_with("DIR/exporter.yml: is larger than 1048576 bytes;"));
    std::fs::write(&file, b"scan: {}\n# caf\xe9\n").unwrap();
    assert_eq!(load(&file), "DIR/exporter.yml:2:6: is not UTF-8 text; save the file as UTF-8");
}
