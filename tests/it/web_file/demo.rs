//! An exporter as a process, which reads its web file again.

use std::net::SocketAddr;

use super::Folder;
use crate::process::program::{Program, exporter};
use crate::support::exposition::Scrape;
use crate::support::foreign::until;
use crate::support::https::{Client, Offer, Reply};

const SUCCESSFUL: &str = "servicecatalog_exporter_config_last_reload_successful";

/// The demo with a web file.
pub struct Demo {
    pub program: Program,
    pub address: SocketAddr,
}

impl Demo {
    /// Starts it with that web file.
    pub async fn start(folder: &Folder, web: &str) -> Self {
        Self::with(folder, web, &[]).await
    }

    /// The same with more arguments.
    pub async fn with(folder: &Folder, web: &str, args: &[&str]) -> Self {
        folder.write("web.yml", web);
        let program = exporter(&["demo", "--web.listen-address=127.0.0.1:0", "--demo.step=1h"])
            .args(&["--web.enable-lifecycle", "--web.config.file"])
            .arg(folder.path().join("web.yml"))
            .args(args)
            .start();
        let line = program.says("the metrics").await;
        program.logs("every target was tried").await;
        let (_, rest) = line.split_once("://localhost:").expect(&line);
        let port = rest.split('/').next().unwrap().parse().expect(&line);
        Self { program, address: ([127, 0, 0, 1], port).into() }
    }

    /// Lets it read everything again, and gives status and text of what it says to that.
    pub async fn reload(&self, client: &Client) -> (u16, String) {
        let answer = client.ask("POST", self.address, "/-/reload", &[]).await.unwrap().answer;
        (answer.status, answer.text())
    }

    /// Waits until it says whether the last reload succeeded.
    pub async fn says_successful(
        &self,
        client: &Client,
        headers: &[(&str, &str)],
        successful: bool,
    ) {
        until("the metric of reloads changed", async || {
            let reply = client.get(self.address, "/metrics", headers).await.unwrap();
            let shown = Scrape::read(&reply.answer.text()).value(SUCCESSFUL, &[]);
            (shown == Some(f64::from(u8::from(successful)))).then_some(())
        })
        .await;
    }
}

/// A scrape by a client of its own.
pub async fn scrape(folder: &Folder, demo: &Demo) -> Reply {
    Offer::to(&folder.authority).get(demo.address, "/metrics").await.unwrap()
}
