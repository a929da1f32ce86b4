//! The shipped rules and configuration of Prometheus, as `promtool` judges them. Their unit tests
//! take minutes and so are a stage of their own.

use std::process::Command;

use crate::support::foreign::run;

#[tokio::test]
#[ignore = "needs promtool"]
async fn promtool_finds_nothing_wrong_with_the_shipped_rules_and_configuration() {
    let mut command = Command::new("promtool");
    // The configuration names the rules, which are checked with it.
    command.args(["check", "config", "deploy/prometheus/prometheus.yml"]);
    let ran = run(command, Vec::new()).await;
    assert!(ran.status.success(), "{}{}", ran.stdout, ran.stderr);
    let checked = |line: &&str| line.starts_with("  SUCCESS: ") && line.ends_with("rules found");
    assert!(ran.stdout.lines().any(|line| checked(&line)), "{}", ran.stdout);
}
