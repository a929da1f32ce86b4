//! A client that says on the wire exactly what a test wants, and a server to say it to.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response};
use servicecatalog_exporter::http::Body;
use servicecatalog_exporter::serve::{self, Drained, Limits, Tls};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longer than anything here takes, and short enough that a test that hangs fails.
const PATIENCE: Duration = Duration::from_secs(20);
/// A time that no test waits for.
pub const NEVER: Duration = Duration::from_secs(3600);

/// Limits that never strike; a test shortens the one that it is about.
pub fn no_limits() -> Limits {
    Limits {
        handshake: NEVER,
        first_byte: NEVER,
        header: NEVER,
        idle: NEVER,
        ping: NEVER,
        write_stall: NEVER,
        response: NEVER,
        patience_when_full: NEVER,
        response_when_full: NEVER,
        linger: Duration::from_secs(10),
        ..Limits::default()
    }
}

/// Waits for an event, and fails when it does not come.
pub async fn soon<F: Future>(event: F) -> F::Output {
    tokio::time::timeout(PATIENCE, event).await.expect("what the test waits for does not happen")
}

/// Writes until all is out: over TLS `write_all` alone may leave it with rustls.
pub async fn written(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// A running server on a loopback port. Dropping it ends it.
pub struct Server {
    pub address: SocketAddr,
    pub shutdown: CancellationToken,
    pub bell: serve::Bell,
    serving: JoinHandle<Drained>,
    _end: DropGuard,
}

impl Server {
    pub fn start<S, F>(limits: Limits, service: S) -> Server
    where
        S: Fn(Parts) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        Server::start_with_drain(limits, Duration::from_secs(10), service)
    }

    pub fn start_with_drain<S, F>(limits: Limits, drain: Duration, service: S) -> Server
    where
        S: Fn(Parts) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        Server::start_with_tls(limits, serve::plain(), drain, service)
    }

    pub fn start_with_tls<S, F>(limits: Limits, tls: Tls, drain: Duration, service: S) -> Server
    where
        S: Fn(Parts) -> F + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = serve::bind(&"127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr();
        let shutdown = CancellationToken::new();
        let bell = serve::Bell::default();
        let (rung, stop) = (bell.clone(), shutdown.clone());
        let serving = serve::serve(vec![listener], service, limits, tls, rung, stop, drain);
        let serving = tokio::spawn(async { serving.await.unwrap() });
        Server { address, bell, _end: shutdown.clone().drop_guard(), shutdown, serving }
    }

    /// A server that answers every request with its own method and path.
    pub fn echo(limits: Limits) -> Server {
        Server::start(limits, echo)
    }

    pub async fn client(&self) -> Client {
        Client::new(soon(TcpStream::connect(self.address)).await.unwrap())
    }

    /// Drops the future that serves.
    pub async fn abort(self) {
        self.serving.abort();
        assert!(soon(self.serving).await.unwrap_err().is_cancelled());
    }

    /// Shuts down and waits for the end.
    pub async fn end(self) -> Drained {
        self.shutdown.cancel();
        soon(self.serving).await.unwrap()
    }
}

/// Answers with the method and the path.
pub fn echo(head: Parts) -> std::future::Ready<Response<Body>> {
    std::future::ready(text(format!("{} {}", head.method, head.uri.path())))
}

pub fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(Body::from(text.into()))
}

pub struct Client<S = TcpStream> {
    pub stream: S,
    /// What was read and not yet returned.
    read: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub fn new(stream: S) -> Self {
        Client { stream, read: Vec::new() }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        soon(written(&mut self.stream, bytes.as_ref())).await.unwrap();
    }

    /// Sends a request without a body, and returns its answer.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
        self.answer().await
    }

    /// Reads one answer.
    pub async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        let length = answer.headers.get("content-length").unwrap().to_str().unwrap();
        let length = length.parse().unwrap();
        while self.read.len() < length {
            assert_ne!(self.read_some().await, 0, "the body ended before its length");
        }
        answer.body = self.read.drain(..length).collect();
        answer
    }

    /// Reads the head of one answer only: all of an answer to HEAD.
    pub async fn head(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert_ne!(self.read_some().await, 0, "the connection ended before an answer");
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect::<Vec<(http::HeaderName, http::HeaderValue)>>();
        Answer { status, headers: headers.into_iter().collect(), body: Vec::new() }
    }

    /// Waits until the server closes, and returns what came before. Over TLS it has to say so.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.read_some().await != 0 {}
        std::mem::take(&mut self.read)
    }

    async fn read_some(&mut self) -> usize {
        soon(self.stream.read_buf(&mut self.read)).await.unwrap()
    }
}
