//! Every query of the dashboards is asked of a real Prometheus, which scraped a fleet in trouble,
//! and a real browser draws what is answered: by a page of ours, since Grafana is no program that a
//! test could start everywhere.

mod fleet;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::Rig;
use crate::support::foreign::{run_for, until};
use crate::support::prometheus::Prometheus;

/// All queries of a dashboard, or its picture, while other tests compute: one of them reads the
/// states of every product in every step.
const PATIENCE: Duration = Duration::from_secs(600);

/// How many seconds of the fleet there are in the graphs.
const SECONDS: &str = "SERVICECATALOG_EXPORTER_TEST_SECONDS";
const USUAL: u64 = 120;

fn below(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// One that scrapes `rig` every so many seconds, with the rules that we ship.
async fn prometheus(rig: &Rig, every: u64) -> Prometheus {
    Prometheus::with(&format!(
        "global: {{scrape_interval: {every}s, scrape_timeout: {every}s, evaluation_interval: 15s}}\n\
         rule_files: [{:?}]\n\
         scrape_configs:\n\
         - job_name: servicecatalog\n  \
           static_configs: [{{targets: ['{}'], labels: {{instance: 'exporter:10419'}}}}]\n",
        below("deploy/prometheus/rules.yml"),
        rig.address
    ))
    .await
}

/// Waits for the next scrape; says how many there were.
async fn scraped(prometheus: &Prometheus, before: u64) -> u64 {
    until("Prometheus scraped once more", async || {
        let scrapes = prometheus.value("count_over_time(up[1d])").await;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let scrapes = scrapes.unwrap_or_default() as u64;
        (scrapes > before).then_some(scrapes)
    })
    .await
}

/// The id of a product that this query finds.
async fn product(prometheus: &Prometheus, query: &str) -> Option<String> {
    let found = prometheus.query(&format!("topk(1, {query})")).await;
    found.first().map(|(labels, _)| labels["provisioned_product_id"].as_str().unwrap().to_owned())
}

/// A run of a script beside the page that draws.
struct Script<'a> {
    prometheus: &'a Prometheus,
    /// How far the dashboards look back.
    seconds: u64,
}

impl Script<'_> {
    /// Returns what the script complains of.
    async fn run(&self, script: &str, dashboard: &str, choices: &[String]) -> String {
        let dashboard = below(dashboard);
        let packages = below("target/tools/node");
        let installed = packages.join("node_modules/uplot").is_dir();
        assert!(installed, "the npm packages are not there: install them with `make tools`");
        let mut node = Command::new("node");
        node.arg(below("tests/browser/dashboards").join(script));
        node.arg(format!("http://{}/", self.prometheus.address)).arg(packages);
        node.arg(below("target/screenshots"));
        node.arg(dashboard).arg(self.seconds.to_string()).args(choices);
        let ran = run_for(node, Vec::new(), PATIENCE).await;
        print!("{}", ran.stdout);
        if ran.status.success() { String::new() } else { ran.stderr }
    }
}

#[tokio::test]
#[ignore = "needs node"]
async fn dashboards_are_read_as_grafana_reads_them() {
    let mut node = Command::new("node");
    node.arg("--test").arg(below("tests/browser/dashboards/as_grafana.mjs"));
    let ran = run_for(node, Vec::new(), PATIENCE).await;
    assert!(ran.status.success(), "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus, node and chromium"]
async fn every_query_of_every_panel_finds_something_in_a_fleet_in_trouble_and_can_be_drawn() {
    let wanted = std::env::var(SECONDS).map_or(USUAL, |many| many.parse().expect(SECONDS));
    let rig = fleet::in_trouble().await;
    // A longer run is there to be looked at: the same happens, slower.
    let every = if wanted > USUAL { 5 } else { 1 };
    let prometheus = prometheus(&rig, every).await;
    let (mut scrapes, mut steps) = (0, 0);
    while scrapes * every < wanted {
        scrapes = scraped(&prometheus, scrapes).await;
        if scrapes.is_multiple_of((wanted / USUAL / every).max(1)) {
            rig.simulator.with_world(|world| fleet::step(world, steps));
            steps += 1;
        }
    }
    let frozen = rig.simulator.with_world(|world| {
        world.freeze(true);
        world.unix_time()
    });
    until("Prometheus saw the world as it stopped", async || {
        let oldest = "min(servicecatalog_scan_last_success_timestamp_seconds{stage=~\"products|records\"} > 0)";
        prometheus.value(oldest).await.filter(|begun| *begun > frozen + 1.0)
    })
    .await;
    // An account, for tables have a column for what was vended.
    let troubled = "servicecatalog_provisioned_product_last_record_created_timestamp_seconds \
         and on (provisioned_product_id) \
         servicecatalog_provisioned_product_status{status=~\"TAINTED|ERROR\"} == 1 \
         and on (provisioned_product_id) \
         servicecatalog_provisioned_product_info{vended_account_id!=\"\"}";
    let broken = product(&prometheus, troubled).await.expect("an account is in trouble");
    let left_out = "servicecatalog_provisioned_product_stack_instances{status=\"INOPERABLE\"} > 0";
    let stack_set = product(&prometheus, left_out).await.expect("an instance is in trouble");
    let products = [stack_set, broken].map(|id| format!("product={id}"));
    let script = Script { prometheus: &prometheus, seconds: scrapes * every };
    assert_finds_fault(&script).await;
    let mut complaints = String::new();
    for (dashboard, choices) in [
        ("fleet", [].as_slice()),
        ("product", products.as_slice()),
        ("versions", &[]),
        ("exporter", &[]),
    ] {
        let dashboard = format!("grafana/servicecatalog-{dashboard}.json");
        complaints += &script.run("ask.mjs", &dashboard, choices).await;
        let shown = choices.get(..1).unwrap_or_default();
        complaints += &script.run("draw.mjs", &dashboard, shown).await;
    }
    rig.stop().await;
    assert_eq!(complaints, "", "left is what is wrong with the dashboards");
}

/// Of a dashboard with two good panels and one for each thing that can be wrong.
async fn assert_finds_fault(script: &Script<'_>) {
    let said = script.run("ask.mjs", "tests/browser/dashboards/wrong.json", &[]).await;
    for fault in [
        "Misspelt, A: rate(servicecatalog_scan_total{job=~\"$job\"}[$__rate_interval])\n  finds nothing",
        "Never a number, A: 0 * up / (0 * up)\n  finds nothing",
        "Refused, A: sum by (job) (up\n  asked as sum by (job) (up\n  bad_data",
        "No such variable: $jobs is no variable",
        "No such column: has no column jobb",
        "fieldConfig.defaults.custom.lineColour is not known here",
        "the unit furlongs is not known here",
    ] {
        assert!(said.contains(fault), "{fault:?} is missing in\n{said}");
    }
    assert!(!said.contains("Good"), "{said}");
}
