use std::collections::HashMap;

use clap::error::ErrorKind;

use super::*;
use crate::config::{LogFormat, LogLevel};

fn run(args: &[&str], env: &[(&str, &str)]) -> Result<Command, Stop> {
    let env: HashMap<String, OsString> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let args = [&["servicecatalog-exporter"], args].concat();
    parse(args, |name| env.get(name).cloned())
}

fn serve(args: &[&str], env: &[(&str, &str)]) -> Config {
    match run(args, env) {
        Ok(Command::Serve { config, .. }) => config,
        other => panic!("{other:?}"),
    }
}

/// The error's text and its exit code.
fn stopped(args: &[&str], env: &[(&str, &str)]) -> (String, u8) {
    let stop = run(args, env).expect_err("is refused");
    let code = stop.code();
    match stop {
        Stop::Usage(error) => (error.to_string(), code),
        Stop::Configuration(error) => (error.to_string(), code),
    }
}

/// Every flag that sets something: with one value that is valid and is not the default, and what is
/// typed before it: the subcommand to which it belongs, or the flag without which it is refused.
const FLAGS: &[(&str, &str, &str)] = &[
    ("", "config.file", ""), // its value is the path of a file that the test makes
    ("", "web.listen-address", "127.0.0.1:1,:2"),
    ("", "web.telemetry-path", "/m"),
    ("", "web.external-url", "https://tools.example.com/sc"),
    ("", "web.route-prefix", "/sc"),
    ("", "web.max-requests", "3"),
    ("", "web.max-connections", "300"),
    ("", "web.drain-timeout", "2s"),
    ("", "web.enable-lifecycle", "true"),
    ("", "web.config.file", "web.yml"),
    ("", "web.unauthenticated-ready", "true"),
    ("", "web.status-page", "full"),
    ("", "log.level", "debug"),
    ("", "log.format", "json"),
    ("", "scan.interval", "1m"),
    ("", "scan.timeout", "1h"),
    ("", "storage.path", "kept"),
    ("--total-shards=3", "shard", "1"),
    ("--shard=0", "total-shards", "3"),
    ("demo", "demo.seed", "7"),
    ("demo", "demo.step", "1s"),
    ("scan", "output.file", "out.prom"),
    ("check", "live", "true"),
    ("print-iam-policy", "part", "trust"),
    ("print-iam-policy", "exporter-role-arn", "arn:aws:iam::123456789012:role/Hub"),
    ("healthcheck", "timeout", "9s"),
    (EXPLAIN, "url", "https://tools.example.com/sc"),
    (EXPLAIN, "insecure", "true"),
    ("explain 123456789012 eu-central-1 --password-file=pw", "user", "ann"),
    ("explain 123456789012 eu-central-1 --user=ann", "password-file", "pw"),
    (EXPLAIN, "json", "true"),
    (EXPLAIN, "timeout", "9s"),
    ("hash-password", "cost", "10"),
];

/// A question that says no more than it must.
const EXPLAIN: &str = "explain 123456789012 eu-central-1";

/// Flags that take no value; their variables take true or false.
const SWITCHES: &[&str] =
    &["live", "insecure", "json", "web.enable-lifecycle", "web.unauthenticated-ready"];

/// What was understood, without the names of flags and variables that a loader remembers.
fn shown(understood: Result<Command, Stop>) -> String {
    match understood {
        Ok(Command::Serve { config, .. }) => format!("{config:?}"),
        Ok(Command::Demo { config, seed, step, .. }) => format!("{config:?} {seed} {step:?}"),
        Ok(other) => format!("{other:?}"),
        Err(stop) => format!("refused with {}", stop.code()),
    }
}

#[test]
fn every_flag_can_be_given_as_its_variable_and_help_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("exporter.yml");
    std::fs::write(&file, "aws: {max_attempts: 7}").unwrap();

    for (before, flag, value) in FLAGS {
        let value = if value.is_empty() { file.to_str().unwrap() } else { value };
        let variable = variables::variable(flag);
        let typed = match SWITCHES.contains(flag) {
            true => format!("--{flag}"),
            false => format!("--{flag}={value}"),
        };
        let before: Vec<&str> = before.split_whitespace().collect();
        let show = |args: &[&str], env: &[(&str, &str)]| shown(run(&[&before, args].concat(), env));
        let by_flag = show(&[&typed], &[]);
        assert!(!by_flag.starts_with("refused"), "{flag}: {by_flag}");
        assert_eq!(by_flag, show(&[], &[(&variable, value)]), "{flag}");
        assert_ne!(by_flag, show(&[], &[]), "{flag}");
        assert_eq!(show(&[], &[]), show(&[], &[(&variable, "")]), "{flag} is set to nothing");

        for help in ["-h", "--help"] {
            let (help, code) = stopped(&[&before[..], &[help]].concat(), &[]);
            assert_eq!(code, 0);
            let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(help.contains(&format!("[env: {variable}]")), "{flag} in {help}");
        }
    }
}

#[test]
fn the_variable_of_a_switch_says_true_or_false() {
    for flag in SWITCHES {
        let variable = variables::variable(flag);
        let command = if ["insecure", "json"].contains(flag) { EXPLAIN } else { "check" };
        let run = |more: &[&str], env: &[(&str, &str)]| {
            run(&[&command.split_whitespace().collect::<Vec<_>>(), more].concat(), env)
        };
        let off = shown(run(&[], &[]));
        assert_eq!(shown(run(&[], &[(&variable, "false")])), off, "{flag}");
        let typed = format!("--{flag}");
        let on = shown(run(&[&typed], &[]));
        assert_eq!(shown(run(&[&typed], &[(&variable, "false")])), on, "{flag}");
        let line = format!("{variable}: \"yes\" is neither true nor false; write true or false");
        match run(&[], &[(&variable, "yes")]) {
            Err(Stop::Configuration(error)) => assert_eq!(error.to_string(), line),
            other => panic!("{other:?}"),
        }
        assert_eq!(run(&[&format!("--{flag}=true")], &[]).unwrap_err().code(), 2);
    }
}

#[test]
fn a_password_is_no_argument_and_a_login_without_one_is_refused() {
    let asked = |more: &[&str], env: &[(&str, &str)]| {
        let args = [&EXPLAIN.split_whitespace().collect::<Vec<_>>(), more].concat();
        match run(&args, env) {
            Ok(Command::Explain { inquiry, .. }) => Ok(inquiry),
            Ok(other) => panic!("{other:?}"),
            Err(stop) => Err(stop),
        }
    };
    let password = ("SERVICECATALOG_EXPORTER_PASSWORD", "hunter2");
    let inquiry = asked(&["--user", "ann"], &[password]).unwrap();
    assert!(!format!("{inquiry:?}").contains("hunter2"), "{inquiry:?}");
    assert_eq!(inquiry.login.unwrap().user, "ann");
    assert!(asked(&[], &[password]).unwrap().login.is_none());
    assert!(asked(&["--password", "hunter2"], &[]).is_err());
    let refused = asked(&["--user", "ann"], &[]).unwrap_err();
    assert_eq!(refused.code(), 2);
}

#[test]
fn what_is_no_account_or_region_is_a_wrong_command_line() {
    for args in [
        &["explain"][..],
        &["explain", "123456789012"],
        &["explain", "12", "eu-central-1"],
        &["explain", "123456789012", "../etc"],
        &["explain", "123456789012", "eu-central-1", "pp-1", "pp-2"],
        &["explain", "123456789012", "eu-central-1", "--url", "ftp://h.example"],
    ] {
        assert_eq!(run(args, &[]).unwrap_err().code(), 2, "{args:?}");
    }
}

#[test]
fn a_shard_is_read_from_the_name_of_the_pod() {
    let env = [("HOSTNAME", "exporter-2")];
    let args = ["--shard", "auto", "--total-shards", "3"];
    let shard = serve(&args, &env).shard;
    assert_eq!((shard.ordinal, shard.total), (2, 3));
    let (line, code) = stopped(&args, &[("HOSTNAME", "")]);
    assert!(line.starts_with("--shard: is auto, but HOSTNAME is not set;"), "{line}");
    assert_eq!(code, 1);
    let (line, code) = stopped(&["--shard", "3", "--total-shards", "3"], &[]);
    let start = "--shard: sharding.shard (3, --shard) must be less than sharding.total_shards (3, \
                 --total-shards)";
    assert!(line.starts_with(start), "{line}");
    assert_eq!(code, 1);
}

#[test]
fn a_loader_reads_the_file_again_with_the_same_flags_and_variables() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("exporter.yml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write("scan: {interval: 1m}");
    let args = ["--config.file", path.to_str().unwrap(), "--log.level", "warn"];
    let env = [("SERVICECATALOG_EXPORTER_SCAN_TIMEOUT", "2h")];
    let Ok(Command::Serve { config, loader }) = run(&args, &env) else { panic!("no loader") };
    assert_eq!(loader.load().unwrap(), config);
    assert_eq!(loader.file(), Some(path.as_path()));

    write("scan: {interval: 2m}");
    let changed = loader.load().unwrap();
    let seconds = Duration::from_secs;
    assert_eq!((changed.scan.interval, changed.scan.timeout), (seconds(120), seconds(7200)));
    assert_eq!(changed.log.level, LogLevel::Warn);
    assert_ne!(changed.hash, config.hash);

    write("scan: {interval: often}");
    assert!(loader.load().unwrap_err().to_string().contains(":1:18: scan.interval: "));

    let Ok(Command::Demo { loader, config, .. }) = run(&["demo"], &[]) else { panic!("no demo") };
    assert_eq!((loader.file(), loader.load().unwrap()), (None, config));
}

#[test]
fn a_policy_is_printed_of_a_part_and_for_an_identity() {
    let arn = "arn:aws:iam::123456789012:role/Hub";
    assert!(matches!(
        run(&["print-iam-policy"], &[]),
        Ok(Command::PrintIamPolicy { part: PolicyPart::All, exporter: None, .. })
    ));
    assert!(matches!(
        run(&["print-iam-policy", "--part", "member", "--exporter-role-arn", arn], &[]),
        Ok(Command::PrintIamPolicy { part: PolicyPart::Member, exporter: Some(role), .. })
            if role.as_str() == arn
    ));
    assert_eq!(stopped(&["print-iam-policy", "--part", "some"], &[]).1, 2);
    let (text, code) = stopped(&["print-iam-policy", "--exporter-role-arn", "Hub"], &[]);
    assert!(
        text.contains("--exporter-role-arn: \"Hub\" is not the ARN of a role; write"),
        "{text}"
    );
    assert_eq!(code, 2);
}

#[test]
fn the_table_of_these_tests_holds_every_flag() {
    let command = texts::command();
    let mut there: Vec<String> = Vec::new();
    for command in std::iter::once(&command).chain(command.get_subcommands()) {
        let flags = command.get_arguments().filter_map(|arg| arg.get_long());
        there.extend(flags.map(str::to_owned));
    }
    there.sort();
    let mut tested: Vec<&str> = FLAGS.iter().map(|(_, flag, _)| *flag).collect();
    tested.sort_unstable();
    assert_eq!(there, tested);
}

#[test]
fn variables_are_named_after_their_flags() {
    let name = "SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS";
    assert_eq!(variables::variable("web.listen-address"), name);
}

#[test]
fn the_command_line_is_consistent() {
    texts::command().debug_assert();
}

#[test]
fn the_flag_wins_over_the_variable_over_the_file_over_the_default() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("exporter.yml");
    std::fs::write(&file, "scan: {interval: 1m}\nlog: {level: warn}\n").unwrap();
    let file = file.to_str().unwrap();
    let env = [("SERVICECATALOG_EXPORTER_SCAN_INTERVAL", "2m")];
    let minutes = |config: &Config| config.scan.interval.as_secs() / 60;

    assert_eq!(minutes(&serve(&[], &[])), 5);
    assert_eq!(minutes(&serve(&["--config.file", file], &[])), 1);
    assert_eq!(minutes(&serve(&["--config.file", file], &env)), 2);
    let all = serve(&["--config.file", file, "--scan.interval", "3m"], &env);
    assert_eq!(minutes(&all), 3);
    assert_eq!((all.log.level, all.log.format), (LogLevel::Warn, LogFormat::Text));
}

#[test]
fn flags_may_follow_the_subcommand_and_serve_may_be_left_out() {
    let expected = serve(&["--log.level", "error"], &[]);
    assert_eq!(serve(&["serve", "--log.level", "error"], &[]), expected);
    assert_eq!(serve(&["--log.level=error", "serve"], &[]), expected);
}

#[test]
fn listen_addresses_are_repeated_or_separated_by_commas() {
    let both = serve(&["--web.listen-address", ":1,:2"], &[]).web.listen_addresses;
    assert_eq!(both.len(), 2);
    let repeated = ["--web.listen-address", ":1", "--web.listen-address", ":2"];
    // Typed addresses replace those of the variable, they are not added.
    let env = [("SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS", ":3, :4")];
    assert_eq!(serve(&repeated, &env).web.listen_addresses, both);
    assert_eq!(serve(&[], &env).web.listen_addresses.len(), 2);
}

#[test]
fn each_subcommand_is_read_with_its_defaults() {
    assert!(matches!(
        run(&["demo"], &[]),
        Ok(Command::Demo { seed: 1, step, config, .. })
            if step == Duration::from_secs(5) && config.scan.interval == Duration::from_secs(5)
    ));
    assert!(matches!(run(&["scan"], &[]), Ok(Command::Scan { output: None, .. })));
    assert!(matches!(run(&["check"], &[]), Ok(Command::Check { file: None, .. })));
    assert!(matches!(run(&["metrics"], &[]), Ok(Command::Metrics)));
    assert!(matches!(
        run(&["healthcheck"], &[]),
        Ok(Command::Healthcheck { timeout, .. }) if timeout == Duration::from_secs(2)
    ));
    assert!(matches!(run(&["completions", "zsh"], &[]), Ok(Command::Completions(Shell::Zsh))));
    assert!(matches!(run(&["man"], &[]), Ok(Command::Man)));
}

#[test]
fn a_wrong_flag_is_a_usage_error_that_names_it() {
    let (text, code) = stopped(&["--scan.interval", "5"], &[]);
    assert!(text.starts_with("error: --scan.interval: \"5\" is not a duration; write"), "{text}");
    assert_eq!(code, 2);
    for args in [
        &["--scan.interval", "10ms"][..],
        &["--log.level", "loud"],
        &["--no-such-flag"],
        &["no-such-command"],
        &["demo", "--demo.seed", "one"],
        &["healthcheck", "--timeout", "0s"],
        &["completions"],
    ] {
        assert_eq!(stopped(args, &[]).1, 2, "{args:?}");
    }
}

#[test]
fn a_wrong_variable_is_a_configuration_error_that_names_it() {
    let env = [("SERVICECATALOG_EXPORTER_LOG_LEVEL", "loud")];
    let line = "SERVICECATALOG_EXPORTER_LOG_LEVEL: \"loud\" is not known here; use one of error, \
                warn, info, debug, trace";
    assert_eq!(stopped(&[], &env), (line.into(), 1));
    let env = [("SERVICECATALOG_EXPORTER_DEMO_SEED", "-1")];
    let line = "SERVICECATALOG_EXPORTER_DEMO_SEED: \"-1\" is not a whole number; write a number \
                such as 1";
    assert_eq!(stopped(&["demo"], &env), (line.into(), 1));
}

#[test]
fn what_contradicts_the_rest_of_the_configuration_is_a_configuration_error() {
    let (line, code) = stopped(&["--scan.interval", "30m"], &[]);
    let start = "--scan.interval: scan.serve_stale_for (1h, the default) must be \
                 at least three times scan.interval (30m, --scan.interval)";
    assert!(line.starts_with(start), "{line}");
    assert_eq!(code, 1);
}

#[test]
fn commands_without_a_configuration_do_not_read_it() {
    let env = [("SERVICECATALOG_EXPORTER_CONFIG_FILE", "/no/such/file")];
    assert_eq!(stopped(&["check"], &env).1, 1);
    for command in [&["metrics"][..], &["man"], &["completions", "bash"]] {
        assert!(run(command, &env).is_ok(), "{command:?}");
    }
}

#[test]
fn check_says_which_file_is_valid_and_warns() {
    let mut config = serve(&[], &[]);
    let report = check_report(None, &config, &[]);
    assert_eq!(report, ("no configuration file: defaults and flags are valid".into(), vec![]));
    config.scan.interval = Duration::from_secs(2);
    let (line, warnings) = check_report(Some("dir/e.yml".as_ref()), &config, &[]);
    assert_eq!(line, "dir/e.yml: configuration is valid");
    assert!(warnings[0].starts_with("warning: scan.interval is 2s"), "{warnings:?}");
    config.web.config_file = Some("web.yml".into());
    let (lines, warnings) = check_report(None, &config, &["rate_limit.burst: is 0".into()]);
    assert!(lines.ends_with("are valid\nweb.yml: web file is valid"), "{lines}");
    assert_eq!(warnings[1], "warning: web.yml: rate_limit.burst: is 0");
}

#[test]
fn the_long_version_says_what_was_built_from_what() {
    let Err(Stop::Usage(error)) = run(&["--version"], &[]) else { panic!("no version") };
    assert_eq!(error.kind(), ErrorKind::DisplayVersion);
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("servicecatalog-exporter {}", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("revision: "));
    assert!(lines[2].starts_with("rustc: 1."), "{text}");
    assert!(lines[3].starts_with("target: ") && lines[3].contains('-'), "{text}");
}

#[test]
fn completions_and_manual_page_know_flags_and_subcommands() {
    let bash = String::from_utf8(completions(Shell::Bash)).unwrap();
    let page = String::from_utf8(man().unwrap()).unwrap();
    for text in [&bash, &page.replace("\\-", "-")] {
        for word in ["--scan.interval", "healthcheck"] {
            assert!(text.contains(word), "{word} is missing");
        }
    }
    assert!(page.contains("SERVICECATALOG_EXPORTER_SCAN_INTERVAL"), "{page}");
}
