//! Who is told what, as `amtool` reads the shipped configuration.

use std::fs::read_to_string;
use std::process::Command;

use serde::Deserialize;

use crate::support::foreign::run;

const CONFIG: &str = "deploy/alertmanager/alertmanager.yml";

/// Labels of an alert, and its receivers.
const ROUTES: [(&str, &str); 13] = [
    ("alertname=ServiceCatalogProductTainted severity=warning aws_account_id=1", "tickets"),
    (
        "alertname=ServiceCatalogProductTainted severity=warning aws_account_id=123456789012",
        "team-platform",
    ),
    (
        "alertname=ServiceCatalogProductError severity=warning aws_account_id=1 provisioned_product_type=CFN_STACK",
        "tickets",
    ),
    (
        "alertname=ServiceCatalogAccountFactoryProductUnhealthy severity=warning aws_account_id=123456789012 \
         provisioned_product_type=CONTROL_TOWER_ACCOUNT",
        "account-factory",
    ),
    (
        "alertname=ServiceCatalogAccountFactoryProductUnhealthy severity=critical aws_account_id=1 \
         provisioned_product_type=CONTROL_TOWER_ACCOUNT",
        "pager,account-factory",
    ),
    (
        "alertname=ServiceCatalogManyProductsUnhealthy severity=critical aws_account_id=123456789012 \
         provisioned_product_type=CFN_STACKSET",
        "pager,team-platform",
    ),
    (
        "alertname=ServiceCatalogLastProvisioningFailed severity=info aws_account_id=123456789012",
        "digest",
    ),
    ("alertname=ServiceCatalogScpDenied severity=info aws_account_id=1", "digest"),
    (
        "alertname=ServiceCatalogAccessDenied severity=warning aws_account_id=123456789012",
        "operators",
    ),
    ("alertname=ServiceCatalogScanStale severity=warning aws_account_id=1", "operators"),
    ("alertname=ServiceCatalogDataDropped severity=warning aws_account_id=1", "operators"),
    (
        "alertname=ServiceCatalogExporterDown severity=critical job=servicecatalog",
        "pager,operators",
    ),
    ("alertname=ServiceCatalogExporterAbsent severity=critical", "pager,operators"),
];

async fn amtool(args: &[&str]) -> String {
    let mut command = Command::new("amtool");
    command.args(args);
    let ran = run(command, Vec::new()).await;
    assert!(ran.status.success(), "amtool {args:?}: {}{}", ran.stdout, ran.stderr);
    ran.stdout.trim().to_owned()
}

#[tokio::test]
#[ignore = "needs prometheus-alertmanager"]
async fn alerts_go_to_whom_severity_type_and_account_say() {
    let mut wrong = Vec::new();
    for (labels, receivers) in ROUTES {
        let mut args = vec!["config", "routes", "test", "--config.file", CONFIG];
        args.extend(labels.split_whitespace());
        let found = amtool(&args).await;
        if found != receivers {
            wrong.push(format!("{labels}: {found} and not {receivers}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The shipped rules, as far as they matter here.
#[derive(Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(default)]
    alert: String,
    labels: Option<Severity>,
}

#[derive(Deserialize)]
struct Severity {
    severity: String,
}

/// Name and severity of each alert of that group.
fn alerts(group: &str) -> Vec<(String, String)> {
    let text = read_to_string("deploy/prometheus/rules.yml").unwrap();
    let rules: Rules = serde_saphyr::from_str(&text).unwrap();
    let rules = rules.groups.into_iter().find(|found| found.name == group).expect(group).rules;
    rules.into_iter().filter_map(|rule| Some((rule.alert, rule.labels?.severity))).collect()
}

#[tokio::test]
#[ignore = "needs prometheus-alertmanager"]
async fn every_alert_that_is_no_info_and_says_that_nobody_looks_goes_to_the_operators() {
    let groups = ["servicecatalog-scans", "servicecatalog-exporter"];
    let alerts: Vec<_> = groups.into_iter().flat_map(alerts).collect();
    assert!(alerts.len() > 15);
    let mut wrong = Vec::new();
    for (name, severity) in alerts.into_iter().filter(|(_, severity)| severity != "info") {
        let (name, severity) = (format!("alertname={name}"), format!("severity={severity}"));
        let args = ["config", "routes", "test", "--config.file", CONFIG, &name, &severity];
        let found = amtool(&args).await;
        if !found.split(',').any(|receiver| receiver == "operators") {
            wrong.push(format!("{name} goes to {found}"));
        }
    }
    assert!(wrong.is_empty(), "add them to the route of the operators: {wrong:#?}");
}

#[derive(Deserialize)]
struct Configuration {
    inhibit_rules: Vec<Inhibition>,
}

#[derive(Deserialize)]
struct Inhibition {
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
}

/// Whether a matcher of `alertname` finds that alert: its text is a name, or a beginning of one
/// with alternatives in brackets; each may end with `.+`.
fn finds(matcher: &str, alert: &str) -> bool {
    let Some((_, names)) = matcher.split_once('"') else { return false };
    let names = names.trim_end_matches('"');
    let (beginning, ends) = names.split_once('(').unwrap_or((names, ""));
    ends.trim_end_matches(')').split('|').any(|end| {
        let name = format!("{beginning}{end}");
        name.strip_suffix(".+").map_or(alert == name, |start| alert.starts_with(start))
    })
}

#[test]
fn while_data_is_dropped_no_alert_of_a_product_is_told_as_resolved() {
    let text = read_to_string(CONFIG).unwrap();
    let rules = serde_saphyr::from_str::<Configuration>(&text).unwrap().inhibit_rules;
    let source = |rule: &&Inhibition| {
        rule.source_matchers.len() == 1
            && finds(&rule.source_matchers[0], "ServiceCatalogDataDropped")
    };
    let rules: Vec<_> = rules.iter().filter(source).collect();
    assert!(!rules.is_empty());
    let silenced = |name: &str| {
        rules.iter().any(|rule| rule.target_matchers.iter().all(|matcher| finds(matcher, name)))
    };
    let alerts = alerts("servicecatalog-products");
    assert!(alerts.len() > 10);
    let told: Vec<_> = alerts.iter().filter(|(name, _)| !silenced(name)).collect();
    assert!(told.is_empty(), "add them to the targets of DataDropped: {told:?}");
}
