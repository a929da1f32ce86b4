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
        Ok(Command::Serve { config }) => config,
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

/// Every flag that sets something: with one value that is valid and is not the default, and the
/// subcommand to which it belongs, if any.
const FLAGS: &[(&str, &str, &str)] = &[
    ("", "config.file", ""), // its value is the path of a file that the test makes
    ("", "web.listen-address", "127.0.0.1:1,:2"),
    ("", "web.telemetry-path", "/m"),
    ("", "web.drain-timeout", "2s"),
    ("", "log.level", "debug"),
    ("", "log.format", "json"),
    ("", "scan.interval", "1m"),
    ("", "scan.timeout", "1h"),
    ("demo", "demo.seed", "7"),
    ("demo", "demo.step", "1s"),
    ("scan", "output.file", "out.prom"),
    ("healthcheck", "timeout", "9s"),
];

#[test]
fn every_flag_can_be_given_as_its_variable_and_help_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("exporter.yml");
    std::fs::write(&file, "aws: {max_attempts: 7}").unwrap();

    for (subcommand, flag, value) in FLAGS {
        let value = if value.is_empty() { file.to_str().unwrap() } else { value };
        let variable = variables::variable(flag);
        let typed = format!("--{flag}");
        let subcommand: Vec<&str> = [*subcommand].into_iter().filter(|s| !s.is_empty()).collect();
        let show = |args: &[&str], env: &[(&str, &str)]| {
            format!("{:?}", run(&[&subcommand, args].concat(), env).unwrap())
        };
        let by_flag = show(&[&typed, value], &[]);
        assert_eq!(by_flag, show(&[], &[(&variable, value)]), "{flag}");
        assert_ne!(by_flag, show(&[], &[]), "{flag}");
        assert_eq!(show(&[], &[]), show(&[], &[(&variable, "")]), "{flag} is set to nothing");

        for help in ["-h", "--help"] {
            let (help, code) = stopped(&[&subcommand[..], &[help]].concat(), &[]);
            assert_eq!(code, 0);
            let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(help.contains(&format!("[env: {variable}]")), "{flag} in {help}");
        }
    }
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
        Ok(Command::Demo { seed: 1, step, config })
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
    let report = check_report(None, &config);
    assert_eq!(report, ("no configuration file: defaults and flags are valid".into(), vec![]));
    config.scan.interval = Duration::from_secs(2);
    let (line, warnings) = check_report(Some("dir/e.yml".as_ref()), &config);
    assert_eq!(line, "dir/e.yml: configuration is valid");
    assert!(warnings[0].starts_with("warning: scan.interval is 2s"), "{warnings:?}");
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
