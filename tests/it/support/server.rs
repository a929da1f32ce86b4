//! A server as a child process on a free port of loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::foreign::{missing, until};

/// It ends when this is dropped.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    /// Its configuration, storage and log.
    folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; what else could go wrong here nobody could mend.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts `program` with that configuration and waits until `/-/ready` says so. The arguments
    /// may name the configuration as `{config}`, a folder for data as `{data}`, and the address as
    /// `{address}`.
    pub async fn start(program: &str, config: &str, args: &[&str]) -> Self {
        loop {
            let mut server = Self::spawn(program, config, args);
            if server.becomes_ready(program).await {
                return server;
            }
            let log = server.log();
            // Between our choice of a port and its bind another process may have taken it.
            assert!(log.contains("address already in use"), "{program} ended:\n{log}");
        }
    }

    fn spawn(program: &str, config: &str, args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("config.yml"), config).unwrap();
        let log = std::fs::File::create(path("log")).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let filled = |arg: &&str| {
            arg.replace("{config}", &path("config.yml").display().to_string())
                .replace("{data}", &path("data").display().to_string())
                .replace("{address}", &address.to_string())
        };
        let mut command = Command::new(program);
        command.args(args.iter().map(filled));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let spawned = command.spawn();
        let process = spawned.unwrap_or_else(|error| missing(command.get_program(), &error));
        Self { process, address, folder }
    }

    /// False when it ended instead.
    async fn becomes_ready(&mut self, program: &str) -> bool {
        until(&format!("{program} was ready"), async || {
            if self.process.try_wait().unwrap().is_some() {
                return Some(false);
            }
            let answer = get(self.address, "/-/ready").await.ok()?;
            let status = answer.split(' ').nth(1);
            (status == Some("200")).then_some(true)
        })
        .await
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap()
    }

    /// Where its configuration is, and what a test leaves beside it.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The body that it answers with.
    pub async fn get(&self, path: &str) -> String {
        let answer = get(self.address, path).await.unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
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
