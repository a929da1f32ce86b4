//! The server on real sockets: deadlines, the cap, the drain, and clients that misbehave.

mod client;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use client::{NEVER, Server, no_limits, soon, text};
use http::Response;
use servicecatalog_exporter::http::{Body, ProbeError, Scheme, probe};
use servicecatalog_exporter::serve::{Drained, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

/// A deadline that a test waits for.
const SHORT: Duration = Duration::from_millis(60);
/// More than the buffers of both sockets hold.
const LARGE: usize = 64 * 1024 * 1024;

/// A large body of shared pieces, which tells when it is dropped.
fn large(dropped: mpsc::UnboundedSender<()>) -> Response<Body> {
    struct Telling(Bytes, usize, mpsc::UnboundedSender<()>);
    impl Iterator for Telling {
        type Item = Bytes;
        fn next(&mut self) -> Option<Bytes> {
            self.1 = self.1.checked_sub(self.0.len())?;
            Some(self.0.clone())
        }
    }
    impl Drop for Telling {
        fn drop(&mut self) {
            let _ = self.2.send(());
        }
    }
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    Response::new(Body::in_pieces(LARGE as u64, Telling(piece, LARGE, dropped)))
}

/// A server whose every answer is [`large`], and the ends of its bodies.
fn large_server(limits: Limits) -> (Server, mpsc::UnboundedReceiver<()>) {
    let (dropped, drops) = mpsc::unbounded_channel();
    (Server::start(limits, move |_| std::future::ready(large(dropped.clone()))), drops)
}

/// A server whose answers wait for a permit of `gate`, and which tells when a request came.
struct Gated {
    server: Server,
    gate: Arc<Semaphore>,
    requests: mpsc::UnboundedReceiver<()>,
    most_at_once: Arc<AtomicUsize>,
}

fn gated_server(limits: Limits, drain: Duration) -> Gated {
    let gate = Arc::new(Semaphore::new(0));
    let most_at_once = Arc::new(AtomicUsize::new(0));
    let running = Arc::new(AtomicUsize::new(0));
    let (came, requests) = mpsc::unbounded_channel();
    let (the_gate, most) = (Arc::clone(&gate), Arc::clone(&most_at_once));
    let server = Server::start_with_drain(limits, drain, move |_| {
        let (gate, running, most) = (the_gate.clone(), running.clone(), most.clone());
        came.send(()).unwrap();
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
            running.fetch_sub(1, Ordering::SeqCst);
            text("through the gate")
        }
    });
    Gated { server, gate, requests, most_at_once }
}

#[tokio::test]
async fn one_connection_serves_request_after_request() {
    let server = Server::echo(no_limits());
    let mut client = server.client().await;
    for path in ["/one", "/two", "/three"] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.text()), (200, &*format!("GET {path}")));
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::echo(no_limits());
    let mut client = server.client().await;
    client.send("GET /a HTTP/1.1\r\nHost: t\r\n\r\n".repeat(3)).await;
    client.send("GET /b HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").await;
    for expected in ["GET /a", "GET /a", "GET /a", "GET /b"] {
        assert_eq!(client.answer().await.text(), expected);
    }
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn head_tells_the_length_and_sends_nothing_of_it() {
    let server = Server::start(no_limits(), |head| {
        let body = if head.method == "HEAD" { Body::empty() } else { Body::from(Bytes::new()) };
        let mut response = Response::new(body);
        response.headers_mut().insert("content-length", 12345.into());
        if head.method == "GET" {
            response = text("the next answer");
        }
        std::future::ready(response)
    });
    let mut client = server.client().await;
    client.send("HEAD / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    assert_eq!(client.head().await.headers["content-length"], "12345");
    assert_eq!(client.get("/").await.text(), "the next answer");
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = Server::echo(Limits { first_byte: SHORT, ..no_limits() });
    assert_eq!(server.client().await.rest().await, b"");
}

#[tokio::test]
async fn a_head_that_drips_is_cut_off_at_the_deadline_of_its_first_byte() {
    let server = Server::echo(Limits { header: SHORT * 3, ..no_limits() });
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nX: ").await;
    let mut end = [0];
    // A byte at every turn: were the deadline counted from the last one, this would not end.
    let dripping = async {
        loop {
            match tokio::time::timeout(SHORT / 6, client.stream.read(&mut end)).await {
                Err(_still_open) => drop(client.stream.write_all(b"x").await),
                Ok(ended) => return ended.unwrap_or(0),
            }
        }
    };
    assert_eq!(soon(dripping).await, 0);
}

#[tokio::test]
async fn a_second_head_has_the_same_deadline_as_the_first() {
    let server = Server::echo(Limits { header: SHORT, ..no_limits() });
    let mut client = server.client().await;
    client.get("/").await;
    client.send("GET / HT").await;
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn a_connection_that_idles_too_long_is_closed() {
    let server = Server::echo(Limits { idle: SHORT, ..no_limits() });
    let mut client = server.client().await;
    assert_eq!(client.get("/").await.status, 200);
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn a_connection_that_idles_after_a_large_answer_is_closed_too() {
    let (server, _drops) = large_server(Limits { idle: SHORT, ..no_limits() });
    let mut client = server.client().await;
    assert_eq!(client.get("/").await.body.len(), LARGE);
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_deadlines_of_first_byte_and_head() {
    let server = Server::echo(Limits { first_byte: SHORT, header: SHORT, ..no_limits() });
    let mut scraper = server.client().await;
    scraper.get("/").await;
    // Two connections that begin later and are closed by the other deadlines tell the time.
    server.client().await.rest().await;
    let mut slow = server.client().await;
    slow.send("G").await;
    slow.rest().await;
    assert_eq!(scraper.get("/again").await.text(), "GET /again");
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let (server, mut drops) = large_server(Limits { write_stall: SHORT, ..no_limits() });
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    soon(drops.recv()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_takes_too_long_over_a_response_is_cut_off() {
    let (server, mut drops) = large_server(Limits { response: SHORT, ..no_limits() });
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    soon(drops.recv()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_closed_its_side_still_gets_the_whole_answer() {
    let (server, _drops) = large_server(no_limits());
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.answer().await.body.len(), LARGE);
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn a_body_that_is_shorter_than_its_length_is_a_failure_to_the_client() {
    let server = Server::start(no_limits(), |_| {
        let piece = std::iter::once(Bytes::from_static(b"half of "));
        std::future::ready(Response::new(Body::in_pieces(16, piece)))
    });
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    let came = String::from_utf8(client.rest().await).unwrap();
    let body = came.split_once("\r\n\r\n").map_or("", |(_head, body)| body);
    assert!(body.len() < 16, "{came}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_told_so_even_to_who_sends_on() {
    let server = Server::echo(no_limits());
    let mut client = server.client().await;
    client.send(format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(100_000))).await;
    assert_eq!(client.answer().await.status, 431);
    // A server that hung up with bytes unread would reset the connection under these, and a
    // client that reads its answer after it has sent all would not see it.
    client.send(vec![b'x'; LARGE]).await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn too_many_headers_are_told_so() {
    let server = Server::echo(no_limits());
    let mut client = server.client().await;
    client.send(format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(200))).await;
    assert_eq!(client.answer().await.status, 431);
}

#[tokio::test]
async fn what_is_no_http_is_a_bad_request() {
    let server = Server::echo(no_limits());
    let mut client = server.client().await;
    client.send("\x16\x03\x01 a TLS greeting, say\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 400);
}

#[tokio::test]
async fn a_request_with_a_body_is_answered_without_it_and_its_connection_closed() {
    let server = Server::echo(no_limits());
    let mut client = server.client().await;
    client.send(format!("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: {LARGE}\r\n\r\n")).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (200, "POST /"));
    assert_eq!(answer.headers["connection"], "close");
    client.send(vec![b'x'; LARGE]).await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn who_sends_without_end_is_not_listened_to_for_ever() {
    let server = Server::echo(Limits { linger: SHORT, ..no_limits() });
    let mut client = server.client().await;
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999\r\n\r\n").await;
    let sending = async { while client.stream.write_all(&[b'x'; 4096]).await.is_ok() {} };
    soon(sending).await;
}

#[tokio::test]
async fn at_the_cap_an_idle_connection_makes_room_and_one_that_is_about_to_ask_does_not() {
    let server = Server::echo(Limits { max_connections: 2, ..no_limits() });
    let mut about_to_ask = server.client().await;
    let mut idle = server.client().await;
    idle.get("/").await;
    let mut newcomer = server.client().await;
    assert_eq!(newcomer.get("/new").await.text(), "GET /new");
    assert_eq!(idle.rest().await, b"");
    assert_eq!(about_to_ask.get("/first").await.text(), "GET /first");
}

#[tokio::test]
async fn at_the_cap_a_newcomer_waits_for_the_end_of_a_running_response() {
    let limits = Limits { max_connections: 1, ..no_limits() };
    let Gated { server, gate, mut requests, most_at_once } = gated_server(limits, NEVER);
    let mut first = server.client().await;
    let mut second = server.client().await;
    first.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    soon(requests.recv()).await.unwrap();
    second.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    gate.add_permits(2);
    assert_eq!(first.answer().await.text(), "through the gate");
    assert_eq!(second.answer().await.text(), "through the gate");
    assert_eq!(most_at_once.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_drain_closes_what_idles_and_finishes_what_runs() {
    let Gated { server, gate, mut requests, .. } = gated_server(no_limits(), NEVER);
    let address = server.address;
    gate.add_permits(1);
    let mut idle = server.client().await;
    idle.get("/").await;
    let mut silent = server.client().await;
    let mut running = server.client().await;
    running.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    for _ in 0..2 {
        soon(requests.recv()).await.unwrap();
    }

    server.shutdown.cancel();
    assert_eq!(idle.rest().await, b"");
    assert_eq!(silent.rest().await, b"");
    assert!(TcpStream::connect(address).await.is_err(), "nobody may be let in any more");

    gate.add_permits(1);
    let answer = running.answer().await;
    assert_eq!(answer.text(), "through the gate");
    assert_eq!(running.rest().await, b"");
    assert_eq!(server.end().await, Drained { cut: 0 });
}

#[tokio::test]
async fn a_drain_that_takes_too_long_is_cut_and_told() {
    let Gated { server, gate: _gate, mut requests, .. } = gated_server(no_limits(), SHORT);
    let mut hanging = server.client().await;
    hanging.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    soon(requests.recv()).await.unwrap();
    assert_eq!(server.end().await, Drained { cut: 1 });
    assert_eq!(hanging.rest().await, b"");
}

#[tokio::test]
async fn a_panic_in_one_answer_ends_its_connection_only() {
    let server = Server::start(no_limits(), |head| {
        assert_ne!(head.uri.path(), "/panic", "asked for");
        std::future::ready(text("well"))
    });
    let mut unlucky = server.client().await;
    unlucky.send("GET /panic HTTP/1.1\r\nHost: t\r\n\r\n").await;
    assert_eq!(unlucky.rest().await, b"");
    assert_eq!(server.client().await.get("/").await.text(), "well");
}

#[tokio::test]
async fn the_probe_and_the_server_understand_each_other() {
    let server = Server::start(no_limits(), |head| {
        let mut response = text("Not ready: says the test\n");
        if head.uri.path() == "/-/ready" {
            *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        }
        std::future::ready(response)
    });
    let port = server.address.port();
    let ask = move |path| probe(Scheme::Plain, "127.0.0.1", port, path, NEVER);
    soon(tokio::task::spawn_blocking(move || ask("/-/healthy"))).await.unwrap().unwrap();
    let refused = soon(tokio::task::spawn_blocking(move || ask("/-/ready"))).await.unwrap();
    assert!(matches!(refused, Err(ProbeError::Status { status: 503, .. })), "{refused:?}");
}

/// Runs itself again as a process with few file descriptors, so that no other test suffers.
#[test]
fn running_out_of_descriptors_delays_connections_and_loses_none() {
    const CHILD: &str = "SERVICECATALOG_EXPORTER_TEST_FEW_DESCRIPTORS";
    if std::env::var_os(CHILD).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(run_out_of_descriptors());
    }
    let name = "http_server::running_out_of_descriptors_delays_connections_and_loses_none";
    let child = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg(name)
        .env(CHILD, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    let errors = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && output.contains("1 passed"), "{output}\n{errors}");
}

async fn run_out_of_descriptors() {
    let (lines, mut log) = mpsc::unbounded_channel();
    tracing_subscriber::fmt().with_writer(move || Lines(lines.clone())).init();

    let server = Server::echo(no_limits());
    let mut before = server.client().await;
    before.get("/").await;

    let mut hoard = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        hoard.push(file);
    }
    // The one descriptor that is free is taken by the client: the server has none to accept with.
    hoard.pop();
    let mut late = server.client().await;
    late.send("GET /late HTTP/1.1\r\nHost: t\r\n\r\n").await;
    let line = soon(log.recv()).await.unwrap();
    assert!(line.contains("cannot accept a connection"), "{line}");

    assert_eq!(before.get("/before").await.text(), "GET /before");
    hoard.clear();
    assert_eq!(late.answer().await.text(), "GET /late");
}

struct Lines(mpsc::UnboundedSender<String>);

impl std::io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(line).into_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
