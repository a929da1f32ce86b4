//! The shipped rules as `promtool` judges them, their unit tests included.

use std::process::Command;
use std::time::Duration;

use crate::support::foreign::run_for;

/// All unit tests together take seconds; days pass in them.
const PATIENCE: Duration = Duration::from_secs(600);

async fn promtool(args: &[&str]) -> String {
    let mut command = Command::new("promtool");
    command.args(args);
    let ran = run_for(command, Vec::new(), PATIENCE).await;
    assert!(ran.status.success(), "promtool {args:?}: {}{}", ran.stdout, ran.stderr);
    ran.stdout
}

#[tokio::test]
#[ignore = "needs promtool"]
async fn promtool_finds_nothing_wrong_with_the_shipped_rules_and_configuration() {
    // The configuration names the rules, which are checked with it.
    let said = promtool(&["check", "config", "deploy/prometheus/prometheus.yml"]).await;
    let rules = |line: &&str| line.starts_with("  SUCCESS: ") && line.ends_with("rules found");
    assert!(said.lines().any(|line| rules(&line)), "{said}");
}

#[tokio::test]
#[ignore = "needs promtool"]
async fn the_unit_tests_of_the_rules_pass() {
    let Ok(folder) = std::fs::read_dir("deploy/prometheus/tests") else { return };
    let mut tests: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    tests.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
    tests.sort();
    let mut args = vec!["test", "rules"];
    args.extend(tests.iter().map(|path| path.to_str().unwrap()));
    promtool(&args).await;
}
