//! The command line as a process: what goes to which stream, and with which exit code.

use assert_cmd::Command;

/// The exporter with no variable of ours set, whatever the tests were started with.
fn exporter(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("servicecatalog-exporter").expect("is built");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SERVICECATALOG_EXPORTER_") {
            command.env_remove(name);
        }
    }
    command.args(args);
    command
}

#[test]
fn check_accepts_the_example_file() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/servicecatalog-exporter.yml");
    exporter(&["check", "--config.file", file])
        .assert()
        .code(0)
        .stdout(format!("{file}: configuration is valid\n"))
        .stderr("");
}

#[test]
fn check_without_a_file_accepts_the_defaults() {
    exporter(&["check"])
        .assert()
        .code(0)
        .stdout("no configuration file: defaults and flags are valid\n")
        .stderr("");
}

#[test]
fn a_refused_file_is_one_line_on_stderr_and_exit_code_1() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("exporter.yml");
    std::fs::write(&file, "scan:\n  interval: 5 parsecs\n").unwrap();
    for command in ["check", "serve", "scan", "healthcheck"] {
        exporter(&[command])
            .env("SERVICECATALOG_EXPORTER_CONFIG_FILE", &file)
            .assert()
            .code(1)
            .stdout("")
            .stderr(format!(
                "{}:2:13: scan.interval: \"5 parsecs\" is not a duration; write a number with a \
                 unit, such as 30s, 5m, 1h30m or 1d\n",
                file.display()
            ));
    }
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    exporter(&["--scan.interval", "often"]).assert().code(2).stdout("");
    exporter(&["no-such-command"]).assert().code(2).stdout("");
}

#[test]
fn help_and_version_go_to_stdout() {
    exporter(&["--help"]).assert().code(0).stderr("");
    exporter(&["--version"]).assert().code(0).stderr("");
}
