//! What a manager of `Type=notify` is told, at the socket that it names.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::net::UnixDatagram;

use super::demo::address;
use super::program::Program;
use super::{on_a_free_port, soon};
use crate::support::http;

/// The manager's side of NOTIFY_SOCKET.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
    _folder: TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        Self { socket: UnixDatagram::bind(&path).unwrap(), path, _folder: folder }
    }

    /// The demo, which needs no AWS, with this manager.
    fn start(&self, env: &[(&str, &str)]) -> Program {
        let demo = on_a_free_port(&["demo"]).env("NOTIFY_SOCKET", &self.path);
        env.iter().fold(demo, |demo, (name, value)| demo.env(name, value)).start()
    }

    /// The next message that holds `line`, as its lines.
    async fn told(&self, line: &str) -> Vec<String> {
        let mut bytes = [0; 1024];
        loop {
            let length = soon(self.socket.recv(&mut bytes)).await.unwrap();
            let text = std::str::from_utf8(&bytes[..length]).unwrap();
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            if lines.iter().any(|told| told == line) {
                return lines;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_when_scrapes_are_answered_and_says_where() {
    let manager = Manager::new();
    let program = manager.start(&[]);
    let told = manager.told("READY=1").await;
    let address = address(&program).await;
    assert!(told.contains(&format!("STATUS=listening on {address}")), "{told:?}");
    assert_eq!(http::get(address, "/metrics", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_begins_with_the_time_and_ends_ready_even_if_it_is_refused() {
    let manager = Manager::new();
    let demo = on_a_free_port(&["demo"]).env("NOTIFY_SOCKET", &manager.path);
    let file = demo.file("exporter.yml", "scan: {interval: 5s}\n");
    let program = demo.arg("--config.file").arg(&file).start();
    manager.told("READY=1").await;
    program.logs("every target was tried").await;
    for text in ["scan: {interval: 7s}\n", "scan: {interval: nonsense}\n"] {
        std::fs::write(&file, text).unwrap();
        program.signal("HUP");
        let told = manager.told("RELOADING=1").await;
        let micros = told.iter().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
        assert!(micros.is_some_and(|number| number.parse::<u64>().unwrap() > 0), "{told:?}");
        manager.told("READY=1").await;
    }
    program.logs("the configuration is refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_followed_by_stopping() {
    let manager = Manager::new();
    let program = manager.start(&[]);
    manager.told("READY=1").await;
    program.signal("TERM");
    manager.told("STOPPING=1").await;
    assert_eq!(program.end().await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watchdog_is_fed_while_it_is_wanted() {
    let manager = Manager::new();
    let program = manager.start(&[("WATCHDOG_USEC", "100000")]);
    for _ in 0..3 {
        manager.told("WATCHDOG=1").await;
    }
    drop(program);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_is_gone_changes_nothing() {
    let program = on_a_free_port(&["demo"]).env("NOTIFY_SOCKET", "/nowhere/notify").start();
    let address = address(&program).await;
    assert_eq!(http::get(address, "/-/healthy", &[]).await.status, 200);
}
