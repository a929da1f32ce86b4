//! The chain from a scrape to a message.

use std::fs::read_to_string;
use std::net::SocketAddr;
use std::process::Command;

use serde_json::Value;

use super::compressed::compressed;
use super::webhook::{Alert, Webhook};
use crate::support::foreign::{run, until};
use crate::support::prometheus::Prometheus;
use crate::support::server::Server;

/// A Prometheus with the shipped rules, an Alertmanager with the shipped configuration, and all of
/// its receivers; they end when it is dropped.
pub struct Chain {
    pub prometheus: Prometheus,
    alertmanager: Server,
    webhook: Webhook,
}

/// Puts something in the place of what the shipped file says, once.
fn put(text: &str, here: &str, there: &str) -> String {
    assert_eq!(text.matches(here).count(), 1, "{here} in\n{text}");
    text.replace(here, there)
}

impl Chain {
    /// One that watches the exporter at that address.
    pub async fn over(exporter: SocketAddr) -> Self {
        let webhook = Webhook::start().await;
        let config = compressed(&read_to_string("deploy/alertmanager/alertmanager.yml").unwrap());
        let config =
            config.replace("http://localhost:5001", &format!("http://{}", webhook.address));
        let args = [
            "--config.file={config}",
            "--storage.path={data}",
            "--web.listen-address={address}",
            "--cluster.listen-address=",
        ];
        let alertmanager = Server::start("prometheus-alertmanager", &config, &args).await;

        let rules = alertmanager.path().join("rules.yml");
        let text = compressed(&read_to_string("deploy/prometheus/rules.yml").unwrap());
        std::fs::write(&rules, text).unwrap();
        let config = read_to_string("deploy/prometheus/prometheus.yml").unwrap();
        let config = put(&config, "- rules.yml", &format!("- {}", rules.display()));
        let config = put(&config, "localhost:9093", &alertmanager.address.to_string());
        let config = put(&config, "localhost:10419", &exporter.to_string());
        let config = put(&config, "scrape_interval: 1m", "scrape_interval: 1s");
        let global = "global: {evaluation_interval: 1s, scrape_timeout: 1s, scrape_interval: 1s}\n";
        let prometheus = Prometheus::with(&(global.to_owned() + &config)).await;
        Self { prometheus, alertmanager, webhook }
    }

    /// Waits until `receiver` is told that the alert with these labels fires.
    pub async fn firing(&self, receiver: &str, name: &str, labels: &[(&str, &str)]) -> Alert {
        self.told(receiver, "firing", name, labels).await
    }

    /// Waits until `receiver` is told that it is over.
    pub async fn resolved(&self, receiver: &str, name: &str, labels: &[(&str, &str)]) -> Alert {
        self.told(receiver, "resolved", name, labels).await
    }

    async fn told(
        &self,
        receiver: &str,
        status: &str,
        name: &str,
        labels: &[(&str, &str)],
    ) -> Alert {
        let wanted = |alert: &Alert| alert.status == status && is(alert, name) && alert.has(labels);
        let Some(alert) = self.webhook.told(receiver, wanted).await else {
            panic!(
                "{receiver} was never told that {name} {labels:?} is {status}, but\n{:#?}\nnow {:#?}",
                self.messages(),
                self.prometheus.query("ALERTS").await
            );
        };
        alert
    }

    /// What `receiver` was told so far of the alert with these labels, in its order: `firing`,
    /// `resolved`, ...
    pub fn story(&self, receiver: &str, name: &str, labels: &[(&str, &str)]) -> Vec<String> {
        let messages = self.webhook.messages();
        let to = messages.iter().filter(|message| message.receiver == receiver);
        let of = to.flat_map(|message| &message.alerts);
        let of = of.filter(|alert| is(alert, name) && alert.has(labels));
        of.map(|alert| alert.status.clone()).collect()
    }

    /// All that was told so far, in short.
    pub fn messages(&self) -> Vec<String> {
        let messages = self.webhook.messages();
        let told = messages.iter().flat_map(|message| {
            let of = |alert: &Alert| {
                let summary = &alert.annotations["summary"];
                let (status, severity) = (&alert.status, alert.label("severity"));
                let name = alert.label("alertname");
                format!("{} {status} {severity} {name}: {summary}", message.receiver)
            };
            message.alerts.iter().map(of)
        });
        told.collect()
    }

    /// Waits until that alert has ended in Prometheus and in Alertmanager, whoever is told so.
    pub async fn ended(&self, name: &str, (label, value): (&str, &str)) {
        let name = format!("ServiceCatalog{name}");
        until(&format!("{name} ended"), async || {
            let alerts = format!("ALERTS{{alertname='{name}', {label}='{value}'}}");
            self.prometheus.query(&alerts).await.is_empty().then_some(())
        })
        .await;
        until(&format!("Alertmanager knew that {name} ended"), async || {
            let matchers = format!("alertname={name},{label}={value}");
            self.known("--active --inhibited", &matchers).await.is_empty().then_some(())
        })
        .await;
    }

    /// Waits until Alertmanager knows of that alert and nothing silences it, whoever is told so.
    pub async fn fires(&self, name: &str, (label, value): (&str, &str)) {
        until(&format!("{name} fires"), async || {
            let matchers = format!("alertname=ServiceCatalog{name},{label}={value}");
            (!self.known("--active", &matchers).await.is_empty()).then_some(())
        })
        .await;
    }

    /// Waits until `amtool` shows that alert as silenced by an alert of that other name.
    pub async fn inhibited(&self, name: &str, (label, value): (&str, &str), by: &str) {
        until(&format!("{by} silences {name}"), async || {
            let source = format!("alertname=ServiceCatalog{by}");
            let sources = self.known("--active --inhibited", &source).await;
            let matchers = format!("alertname=ServiceCatalog{name},{label}={value}");
            let found = |id: &Value| sources.iter().any(|source| source["fingerprint"] == *id);
            let silenced = self.known("--inhibited", &matchers).await;
            let mut by = silenced.iter().map(|alert| alert["status"]["inhibitedBy"].as_array());
            by.any(|ids| ids.unwrap().iter().any(found)).then_some(())
        })
        .await;
    }

    /// The alerts in these states that `amtool alert query` finds.
    async fn known(&self, states: &str, matchers: &str) -> Vec<Value> {
        let url = format!("--alertmanager.url=http://{}", self.alertmanager.address);
        let mut command = Command::new("amtool");
        command.args(["alert", "query", "--output=json", &url]).args(states.split(' '));
        command.args(matchers.split(','));
        let ran = run(command, Vec::new()).await;
        assert!(ran.status.success(), "amtool {matchers}: {}", ran.stderr);
        serde_json::from_str(&ran.stdout).expect(&ran.stdout)
    }
}

fn is(alert: &Alert, name: &str) -> bool {
    alert.label("alertname").strip_prefix("ServiceCatalog") == Some(name)
}
