//! A program under test: started with an environment of its own, heard line by line, killed when
//! it is dropped.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::exposition::Scrape;
use crate::support::{PATIENCE, http};

/// A command line that is not run yet.
pub struct Invocation {
    command: Command,
    home: TempDir,
}

/// The exporter, with nothing in its environment but an empty home, and no way to the metadata of
/// the machine that the tests run on.
pub fn exporter(args: &[&str]) -> Invocation {
    program(env!("CARGO_BIN_EXE_servicecatalog-exporter"), args)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // An error must not grow a backtrace because of it.
        .env("RUST_BACKTRACE", "1")
}

/// Any program, in an empty environment.
pub fn program(name: &str, args: &[&str]) -> Invocation {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(name);
    command.env_clear().env("HOME", home.path()).args(args);
    Invocation { command, home }
}

impl Invocation {
    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Writes a file below the home and gives its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Adds `--config.file` with this content.
    pub fn config(self, yaml: &str) -> Self {
        let file = self.file("exporter.yml", yaml);
        self.arg("--config.file").arg(file)
    }

    /// The same invocation through a line of shell, in which `"$@"` is the command.
    pub fn through_shell(self, script: &str) -> Self {
        let mut command = Command::new("/bin/sh");
        command.env_clear().arg("-c").arg(script).arg("sh");
        command.arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        Self { command, home: self.home }
    }

    pub fn start(mut self) -> Program {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let stdout = heard(child.stdout.take().unwrap());
        let stderr = heard(child.stderr.take().unwrap());
        Program { child, stdout, stderr, _home: self.home }
    }

    /// Runs it to its end.
    pub async fn run(self) -> Ended {
        self.start().end().await
    }
}

/// What a stream has said, and whether it has ended.
#[derive(Clone, Debug, Default)]
struct Heard {
    lines: Vec<String>,
    ended: bool,
}

fn heard(stream: impl Read + Send + 'static) -> watch::Receiver<Heard> {
    let (sender, receiver) = watch::channel(Heard::default());
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            sender.send_modify(|heard| heard.lines.push(line));
        }
        sender.send_modify(|heard| heard.ended = true);
    });
    receiver
}

/// How a program ended, and all that it said.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: Vec<String>,
}

impl Ended {
    /// The lines on stderr that are no log of an event at level INFO.
    pub fn complaints(&self) -> Vec<&str> {
        let is_info = |line: &&String| line.contains("Z  INFO ") || line.contains("\"INFO\"");
        self.stderr.iter().filter(|line| !is_info(line)).map(String::as_str).collect()
    }
}

/// A running program.
#[derive(Debug)]
pub struct Program {
    child: Child,
    stdout: watch::Receiver<Heard>,
    stderr: watch::Receiver<Heard>,
    _home: TempDir,
}

impl Program {
    /// Waits for a line on stderr that contains `text`.
    pub async fn logs(&self, text: &str) -> String {
        found(&self.stderr, text, 1).await.remove(0)
    }

    /// Waits for a line on stdout that contains `text`.
    pub async fn says(&self, text: &str) -> String {
        found(&self.stdout, text, 1).await.remove(0)
    }

    /// Waits until so many lines on stderr contain `text`.
    pub async fn logs_times(&self, text: &str, times: usize) {
        found(&self.stderr, text, times).await;
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.stderr.borrow().lines.join("\n")
    }

    /// Waits until it says that it listens, and where.
    pub async fn address(&self) -> SocketAddr {
        self.addresses(1).await[0]
    }

    /// Waits until it says so of `count` addresses.
    pub async fn addresses(&self, count: usize) -> Vec<SocketAddr> {
        let lines = found(&self.stderr, "listening", count).await;
        lines.iter().map(|line| listening_on(line)).collect()
    }

    /// Waits until every target was tried and the result is published; gives the address.
    pub async fn ready(&self) -> SocketAddr {
        self.logs("every target was tried").await;
        self.address().await
    }

    /// Sends a signal, by its name without SIG.
    pub fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &script]).status().unwrap().success());
    }

    /// Waits for its end, or fails. The streams end with the process.
    pub async fn end(self) -> Ended {
        self.end_within(PATIENCE).await
    }

    /// The same with a limit of its own.
    pub async fn end_within(mut self, limit: Duration) -> Ended {
        for mut stream in [self.stdout.clone(), self.stderr.clone()] {
            let ended = timeout(limit, stream.wait_for(|heard| heard.ended)).await;
            assert!(ended.is_ok(), "it does not end; it said {:?}", self.stderr.borrow().lines);
        }
        let status = self.child.wait().unwrap();
        let mut stdout = self.stdout.borrow().lines.join("\n");
        if !stdout.is_empty() {
            stdout.push('\n');
        }
        Ended { status, stdout, stderr: self.stderr.borrow().lines.clone() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for `count` lines that contain `text`.
async fn found(stream: &watch::Receiver<Heard>, text: &str, count: usize) -> Vec<String> {
    let fits = |line: &&String| line.contains(text);
    let mut stream = stream.clone();
    let there = stream.wait_for(|heard| {
        let so_far = heard.lines.iter().filter(fits).count();
        assert!(so_far >= count || !heard.ended, "{text:?} never came: {:?}", heard.lines);
        so_far >= count
    });
    let there = timeout(PATIENCE, there).await.map(drop);
    let lines = &stream.borrow().lines;
    assert!(there.is_ok(), "{text:?} does not come: {lines:?}");
    lines.iter().filter(fits).cloned().collect()
}

/// The address in `… address=127.0.0.1:10419 …` or `…"address":"127.0.0.1:10419"…`.
fn listening_on(line: &str) -> SocketAddr {
    let (_, rest) = line.split_once("address").expect(line);
    let rest = rest.trim_start_matches(['=', '"', ':']);
    rest.split([' ', '"']).next().unwrap().parse().expect(line)
}

/// What is served at /metrics.
pub async fn scrape(address: SocketAddr) -> Scrape {
    let answer = http::get(address, "/metrics", &[]).await;
    assert_eq!(answer.status, 200);
    Scrape::read(&answer.text())
}

/// Scrapes until the result is as wanted.
pub async fn scrape_until(address: SocketAddr, wanted: impl Fn(&Scrape) -> bool) -> Scrape {
    let asking = async {
        loop {
            let scrape = scrape(address).await;
            if wanted(&scrape) {
                return scrape;
            }
            // poll: another process publishes, and says so nowhere else.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, asking).await.expect("what the test waits for is never served")
}
