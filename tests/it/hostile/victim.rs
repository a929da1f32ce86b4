//! The process under attack.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use servicecatalog_exporter::http::Body;
use servicecatalog_exporter::serve::{self, Limits};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::http_server::client::{Client, soon, text, written};
use crate::http_server::secure::{HTTP1, Identity};
use crate::process::program::{Program, exporter, program};

/// What a scrape may take beside an attack on a machine that runs other tests too. It is far below
/// what it would take if it had to wait for the deadlines of the others.
const PROMPTLY: Duration = Duration::from_secs(8);
/// For what must not happen, and what an attacker has time for.
pub const A_WHILE: Duration = Duration::from_secs(3);

const CERTIFICATE: &str = "SERVICECATALOG_EXPORTER_TEST_CERTIFICATE";
const KEY: &str = "SERVICECATALOG_EXPORTER_TEST_KEY";

/// A server in a process of its own.
pub struct Victim {
    pub address: SocketAddr,
    pub program: Program,
    identity: Option<Arc<Identity>>,
}

/// How to reach a victim.
#[derive(Clone)]
pub struct Connector(Option<Arc<Identity>>);

impl Victim {
    /// The demo.
    pub async fn plain() -> Victim {
        let args = ["demo", "--demo.step=1h", "--scan.interval=1h"];
        let program = exporter(&args).args(&["--web.listen-address", "127.0.0.1:0"]).start();
        program.logs("every target was tried").await;
        let line = program.says("the metrics").await;
        let port = line.split("localhost:").nth(1).unwrap().split('/').next().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
        Victim { address, program, identity: None }
    }

    /// The server over TLS, with its usual limits.
    pub async fn secure() -> Victim {
        let identity = Identity::new();
        let this = std::env::current_exe().unwrap();
        let name = "hostile::victim::this_process_serves_when_it_is_told_to";
        let args = ["--exact", name, "--nocapture", "--test-threads=1"];
        let program = program(this.to_str().unwrap(), &args)
            .env(CERTIFICATE, &identity.certificate)
            .env(KEY, &identity.key)
            .start();
        let line = program.says("listening on ").await;
        let address = line.rsplit(' ').next().unwrap().parse().unwrap();
        Victim { address, program, identity: Some(Arc::new(identity)) }
    }

    pub fn identity(&self) -> &Identity {
        self.identity.as_ref().expect("a victim with TLS")
    }

    pub fn connector(&self) -> Connector {
        Connector(self.identity.clone())
    }

    pub async fn client(&self) -> Client<Stream> {
        self.connector().connect(self.address).await
    }

    /// One that asks again and again on one connection.
    pub async fn scraper(&self) -> Scraper {
        Scraper(self.client().await)
    }

    /// Scrapes on a connection of its own.
    pub async fn scrapes_promptly(&self) {
        let scrape = async { self.client().await.get("/metrics").await.status };
        let status = tokio::time::timeout(PROMPTLY, scrape).await.expect("a scrape has to wait");
        assert_eq!(status, 200);
    }

    /// A newcomer stands in the queue behind the flood, and is answered.
    pub async fn lets_in_a_newcomer(&self) {
        soon(self.connector().asks(self.address)).await;
    }

    /// The most memory that it ever had, in MiB.
    pub fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id()));
        let status = status.expect("the victim lives");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() / 1024
    }

    #[track_caller]
    pub fn has_grown_by_less_than(&self, most: u64, before: u64) {
        let after = self.peak();
        println!("{} MiB before, {after} MiB at the most", before);
        assert!(after < before + most, "it grew from {before} MiB to {after} MiB");
    }
}

pub struct Scraper(Client<Stream>);

impl Scraper {
    pub async fn scrape(&mut self) {
        let answer = tokio::time::timeout(PROMPTLY, self.0.get("/metrics")).await;
        assert_eq!(answer.expect("a scrape has to wait").status, 200);
    }
}

impl Connector {
    pub async fn connect(&self, address: SocketAddr) -> Client<Stream> {
        self.try_connect(address).await.expect("let in")
    }

    /// Asks, and comes again if it was thrown out: the machine may be too busy to let it ask in time.
    pub async fn asks(&self, address: SocketAddr) -> Client<Stream> {
        loop {
            let Some(mut client) = self.try_connect(address).await else { continue };
            let request = b"GET /-/healthy HTTP/1.1\r\nHost: t\r\n\r\n";
            let mut status = [0; 12];
            if written(&mut client.stream, request).await.is_ok()
                && client.stream.read_exact(&mut status).await.is_ok()
            {
                assert_eq!(&status, b"HTTP/1.1 200");
                return client;
            }
        }
    }

    /// `None` when the server throws it out before the handshake is over.
    pub async fn try_connect(&self, address: SocketAddr) -> Option<Client<Stream>> {
        Some(Client::new(match &self.0 {
            None => Stream(Box::new(soon(TcpStream::connect(address)).await.ok()?)),
            Some(identity) => {
                let client = identity.try_connect(address, &[HTTP1]).await.ok()?;
                Stream(Box::new(client.stream))
            }
        }))
    }
}

/// A socket on which nothing was said.
pub struct Socket(TcpStream);

impl Socket {
    /// The kernel of a server that is flooded lets one wait.
    pub async fn connect(address: SocketAddr) -> Socket {
        let connecting = tokio::time::timeout(Duration::from_secs(60), TcpStream::connect(address));
        Socket(connecting.await.expect("the flood is let in at some time").unwrap())
    }

    pub fn client(self) -> Client<Stream> {
        Client::new(Stream(Box::new(self.0)))
    }
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Plain or not.
pub struct Stream(Box<dyn Wire>);

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl Client<Stream> {
    /// All that comes until the server closes, or resets.
    pub async fn rest_of_answers(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        let _ = soon(self.stream.read_to_end(&mut said)).await;
        said
    }
}

/// Says `start`, and then byte after byte until the server closes.
pub async fn drip(mut client: Client<Stream>, start: &[u8]) {
    if written(&mut client.stream, start).await.is_err() {
        return;
    }
    let mut answer = [0];
    loop {
        let reading = client.stream.read(&mut answer);
        if tokio::time::timeout(Duration::from_millis(200), reading).await.is_ok() {
            return;
        }
        if written(&mut client.stream, b"x").await.is_err() {
            return;
        }
    }
}

/// Sends `bytes` so many times, or until the server has closed. Whether it took them all.
pub async fn send_on(client: &mut Client<Stream>, bytes: &[u8], times: usize) -> bool {
    for _ in 0..times {
        if written(&mut client.stream, bytes).await.is_err() {
            return false;
        }
    }
    true
}

static PIECE: [u8; 1 << 16] = [b'x'; 1 << 16];

/// What the victim answers: `/large` is more than sockets hold, in pieces that are shared.
fn answer(head: Parts) -> std::future::Ready<Response<Body>> {
    std::future::ready(match head.uri.path() {
        "/large" => {
            let pieces = std::iter::repeat_n(Bytes::from_static(&PIECE), 1 << 14);
            Response::new(Body::in_pieces(1 << 30, pieces))
        }
        _ => text("well\n".repeat(20_000)),
    })
}

/// Where [`Victim::secure`] runs: no test, unless the variables say so.
#[test]
fn this_process_serves_when_it_is_told_to() {
    let (Ok(certificate), Ok(key)) = (std::env::var(CERTIFICATE), std::env::var(KEY)) else {
        return;
    };
    let tls = Identity { certificate, key }.tls();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = serve::bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
        println!("\nlistening on {}", listener.local_addr());
        let (never, drain) = (CancellationToken::new(), Duration::ZERO);
        let (limits, bell) = (Limits::default(), serve::Bell::default());
        serve::serve(vec![listener], answer, limits, tls, bell, never, drain).await.unwrap();
    });
}
