//! Prometheus as a child process, asked through its HTTP API.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::foreign::{missing, until};

/// A Prometheus that scrapes one target; it ends when it is dropped.
pub struct Prometheus {
    process: Child,
    pub address: SocketAddr,
    /// Its configuration, storage and log.
    folder: TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself; what else could go wrong here nobody could mend.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
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
        Self::ruled(jobs, &[]).await
    }

    /// The same with these files of rules, evaluated every second.
    pub async fn ruled(jobs: &str, rules: &[&Path]) -> Self {
        loop {
            let mut prometheus = Self::spawn(jobs, rules);
            if prometheus.becomes_ready().await {
                return prometheus;
            }
            let log = std::fs::read_to_string(prometheus.folder.path().join("log")).unwrap();
            // Between our choice of a port and its bind another process may have taken it.
            assert!(log.contains("address already in use"), "prometheus ended:\n{log}");
        }
    }

    fn spawn(jobs: &str, rules: &[&Path]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n\
             rule_files: {rules:?}\n\
             scrape_configs:\n{jobs}"
        );
        std::fs::write(&config, text).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let spawned = command.spawn();
        let process = spawned.unwrap_or_else(|error| missing(command.get_program(), &error));
        Self { process, address, folder }
    }

    /// False when it ended instead.
    async fn becomes_ready(&mut self) -> bool {
        until("Prometheus was ready", async || {
            if self.process.try_wait().unwrap().is_some() {
                return Some(false);
            }
            let answer = get(self.address, "/-/ready").await.ok()?;
            answer.starts_with("HTTP/1.0 200").then_some(true)
        })
        .await
    }

    /// The data that its API answers with.
    pub async fn ask(&self, path: &str) -> Value {
        let answer = get(self.address, path).await.unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut json: Value = serde_json::from_str(body).expect(body);
        assert_eq!(json["status"], "success", "{path}: {body}");
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

/// In HTTP/1.0, so that the answer is neither kept open nor in chunks.
async fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
