//! Prometheus as a child process, asked through its HTTP API.

use std::net::SocketAddr;

use serde_json::Value;

use super::server::Server;

/// A Prometheus; it ends when it is dropped.
pub struct Prometheus {
    pub address: SocketAddr,
    server: Server,
}

impl Prometheus {
    /// Starts one that scrapes `exporter` every second. A scrape takes milliseconds; the rest is
    /// for a machine that is busy, since one that is late would be a gap.
    pub async fn start(exporter: SocketAddr) -> Self {
        let targets = format!("static_configs: [{{targets: ['{exporter}']}}]");
        Self::of(&format!("- {{job_name: servicecatalog, {targets}}}\n")).await
    }

    /// The same with these jobs.
    pub async fn of(jobs: &str) -> Self {
        Self::with(&format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}"
        ))
        .await
    }

    /// One with that configuration.
    pub async fn with(config: &str) -> Self {
        let args = [
            "--config.file={config}",
            "--storage.tsdb.path={data}",
            "--web.listen-address={address}",
        ];
        let server = Server::start("prometheus", config, &args).await;
        Self { address: server.address, server }
    }

    /// The data that its API answers with.
    pub async fn ask(&self, path: &str) -> Value {
        let body = self.server.get(path).await;
        let mut json: Value = serde_json::from_str(&body).expect(&body);
        assert_eq!(json["status"], "success", "{}{path}: {body}", self.address);
        json["data"].take()
    }

    /// An instant query: labels and value of each sample.
    pub async fn query(&self, promql: &str) -> Vec<(Value, f64)> {
        let escaped: String = promql.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let data = self.ask(&format!("/api/v1/query?query={escaped}")).await;
        assert_eq!(data["resultType"], "vector");
        let sample = |sample: &Value| {
            let value = sample["value"][1].as_str().unwrap().parse().unwrap();
            (sample["metric"].clone(), value)
        };
        data["result"].as_array().unwrap().iter().map(sample).collect()
    }

    /// The value of the one sample that a query finds; `None` if it finds none.
    pub async fn value(&self, promql: &str) -> Option<f64> {
        let samples = self.query(promql).await;
        assert!(samples.len() <= 1, "{promql} is ambiguous: {samples:?}");
        samples.first().map(|(_, value)| *value)
    }
}
