//! HTTP/2: its own deadlines, several answers at once, and the end of a connection.

use std::sync::atomic::Ordering;

use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use servicecatalog_exporter::serve::Drained;
use tokio::sync::mpsc;

use super::client::{NEVER, Server, no_limits, soon, text};
use super::frames::{
    ACK, CANCEL, CONTINUATION, DATA, END_HEADERS, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, NO_ERROR,
    PING, Peer, RESET, SETTINGS, field, fields, frame, ping, window_update,
};
use super::secure::{H2, HTTP1, Identity};
use super::tls::echo_over_tls;
use super::{Gated, LARGE, Limits, SHORT, gated_service, large};

/// Settings by which a client takes `bytes` of each answer, and nothing more before it says so.
fn window(bytes: u32) -> [(u16, u32); 1] {
    [(INITIAL_WINDOW_SIZE, bytes)]
}

fn gated_over_tls(identity: &Identity, limits: Limits) -> Gated {
    gated_service(|service| Server::start_with_tls(limits, identity.tls(), NEVER, service))
}

/// A server whose every answer is large but for that of `/small`, and the ends of the large ones.
fn large_over_tls(identity: &Identity, limits: Limits) -> (Server, mpsc::UnboundedReceiver<()>) {
    let (dropped, drops) = mpsc::unbounded_channel();
    let server = Server::start_with_tls(limits, identity.tls(), NEVER, move |head| {
        std::future::ready(match head.uri.path() {
            "/small" => text("small"),
            _ => large(dropped.clone()),
        })
    });
    (server, drops)
}

#[tokio::test]
async fn a_client_of_hypers_asks_again_and_again_and_several_things_at_once() {
    let identity = Identity::new();
    let (server, _drops) = large_over_tls(&identity, no_limits());
    let stream = identity.connect(server.address, H2).await.stream;
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let mut ask = |path: &str| {
        let uri = format!("https://localhost{path}");
        let request = http::Request::get(uri).body(Empty::<bytes::Bytes>::new()).unwrap();
        let answer = client.send_request(request);
        async move { answer.await.unwrap().into_body().collect().await.unwrap().to_bytes() }
    };
    assert_eq!(soon(ask("/small")).await, "small");
    let (one, other, small) = soon(async { tokio::join!(ask("/"), ask("/"), ask("/small")) }).await;
    assert_eq!((one.len(), other.len(), &*small), (LARGE, LARGE, &b"small"[..]));
    drop(client);
    soon(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_between_two_scrapes_outlives_the_other_deadlines_and_idles_till_its_own() {
    let identity = Identity::new();
    let limits = Limits { first_byte: SHORT, header: SHORT, idle: SHORT * 30, ..no_limits() };
    let server = echo_over_tls(limits, &identity);
    let mut scraper = Peer::connect(server.address, &identity, &[]).await;
    scraper.get(1, "/").await;
    assert_eq!(scraper.body(1).await, b"GET /");
    // Connections that are closed by the other deadlines tell the time.
    assert!(Peer::silent(server.address, &identity).await.rest().await.len() <= 1);
    Peer::connect(server.address, &identity, &[]).await.rest().await;
    scraper.get(3, "/again").await;
    assert_eq!(scraper.body(3).await, b"GET /again");
    scraper.rest().await;
}

#[tokio::test]
async fn signs_of_life_do_not_make_an_idle_connection_live_longer() {
    let identity = Identity::new();
    let server = echo_over_tls(Limits { idle: SHORT, ..no_limits() }, &identity);
    let mut client = Peer::connect(server.address, &identity, &[]).await;
    client.get(1, "/").await;
    client.body(1).await;
    let pinging = async {
        while client.try_send(ping()).await && client.try_send(window_update(0, 1)).await {
            if !matches!(
                tokio::time::timeout(SHORT / 10, client.next()).await,
                Ok(Some(_)) | Err(_)
            ) {
                break;
            }
        }
    };
    soon(pinging).await;
}

#[tokio::test]
async fn who_pings_without_end_is_ended_when_it_has_idled_long_enough() {
    let identity = Identity::new();
    let server = echo_over_tls(Limits { idle: SHORT * 3, ..no_limits() }, &identity);
    let mut client = Peer::connect(server.address, &identity, &[]).await;
    client.get(1, "/").await;
    client.body(1).await;
    let (mut reading, mut writing) = tokio::io::split(client.stream);
    let flood = ping().repeat(100);
    let taking = async { drop(tokio::io::copy(&mut reading, &mut tokio::io::sink()).await) };
    let flooding = async {
        use tokio::io::AsyncWriteExt as _;
        while writing.write_all(&flood).await.is_ok() {}
    };
    soon(async { tokio::join!(taking, flooding) }).await;
}

#[tokio::test]
async fn a_head_that_drips_over_many_frames_is_cut_off_at_the_deadline_of_its_first_byte() {
    let identity = Identity::new();
    let server = echo_over_tls(Limits { header: SHORT * 3, ..no_limits() }, &identity);
    let mut client = Peer::connect(server.address, &identity, &[]).await;
    client.get(1, "/").await;
    client.body(1).await;
    client.send(frame(HEADERS, 0, 3, &fields("GET", "/"))).await;
    let rest = frame(CONTINUATION, 0, 3, b"").into_iter().cycle();
    let dripping = async {
        for byte in rest {
            if !client.try_send([byte]).await {
                return;
            }
            if let Ok(None) = tokio::time::timeout(SHORT / 6, client.next()).await {
                return;
            }
        }
    };
    soon(dripping).await;
}

#[tokio::test]
async fn a_frame_that_does_not_end_is_cut_off() {
    let identity = Identity::new();
    let server = echo_over_tls(Limits { header: SHORT, ..no_limits() }, &identity);
    let mut client = Peer::connect(server.address, &identity, &[]).await;
    client.get(1, "/").await;
    client.body(1).await;
    client.send(&ping()[..12]).await;
    client.rest().await;
}

#[tokio::test]
async fn an_answer_that_its_client_does_not_take_is_reset_and_the_others_go_on_to_their_end() {
    let identity = Identity::new();
    let limits = Limits { write_stall: SHORT * 3, linger: SHORT, ..no_limits() };
    let (server, mut drops) = large_over_tls(&identity, limits);
    let mut client = Peer::connect(server.address, &identity, &window(0)).await;
    client.send(window_update(0, 0x7fff_0000)).await;
    client.get(1, "/stalled").await;
    client.get(3, "/taken").await;
    client.send(window_update(3, 1000)).await;
    let reset = loop {
        let frame = client.next().await.expect("the connection goes on");
        match (frame.stream, frame.kind, u32::try_from(frame.payload.len()).unwrap()) {
            (1, RESET, _) => break frame,
            (3, DATA, taken) => client.send(window_update(3, taken)).await,
            _ => {}
        }
    };
    assert_eq!(reset.reason(), CANCEL);
    soon(drops.recv()).await.unwrap();
    client.send(window_update(3, 0x7000_0000)).await;
    assert!(client.body(3).await.len() > LARGE / 2);
    // Whoever does not take what he asked for is to ask no more here.
    client.rest().await;
}

#[tokio::test]
async fn an_answer_that_is_taken_byte_by_byte_is_reset_at_its_deadline() {
    let identity = Identity::new();
    let (server, mut drops) =
        large_over_tls(&identity, Limits { response: SHORT * 3, ..no_limits() });
    let mut client = Peer::connect(server.address, &identity, &window(0)).await;
    client.get(1, "/").await;
    let taking = async {
        loop {
            let frame = client.next().await.expect("the connection goes on");
            match frame.kind {
                RESET => return,
                HEADERS | DATA => client.send(window_update(1, 1)).await,
                _ => {}
            }
        }
    };
    soon(taking).await;
    soon(drops.recv()).await.unwrap();
}

#[tokio::test]
async fn a_client_whose_socket_takes_nothing_is_cut_off() {
    let identity = Identity::new();
    let (server, mut drops) =
        large_over_tls(&identity, Limits { write_stall: SHORT, ..no_limits() });
    let mut client = Peer::connect(server.address, &identity, &window(0x7fff_ffff)).await;
    client.send(window_update(0, 0x7fff_0000)).await;
    client.get(1, "/").await;
    soon(drops.recv()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_takes_its_time_is_not_cut_off_before_it_begins() {
    let identity = Identity::new();
    let limits =
        Limits { write_stall: SHORT, response: SHORT, first_byte: SHORT * 4, ..no_limits() };
    let Gated { server, gate, mut requests, .. } = gated_over_tls(&identity, limits);
    let mut patient = Peer::connect(server.address, &identity, &[]).await;
    patient.get(1, "/").await;
    soon(requests.recv()).await.unwrap();
    // One that begins later and says nothing tells the time.
    Peer::silent(server.address, &identity).await.rest().await;
    gate.add_permits(1);
    assert_eq!(patient.body(1).await, b"through the gate");
}

#[tokio::test]
async fn no_more_answers_run_at_once_than_are_allowed() {
    let identity = Identity::new();
    let Gated { server, gate, mut requests, most_at_once } = gated_over_tls(&identity, no_limits());
    let mut client = Peer::connect(server.address, &identity, &[]).await;
    // The settings come first; who knows them and asks for more is refused.
    client.find(|frame| frame.kind == SETTINGS).await;
    for stream in 0..40 {
        client.get(2 * stream + 1, "/").await;
    }
    let mut refused = 0;
    while refused < 32 {
        client.find(|frame| frame.kind == RESET).await;
        refused += 1;
    }
    for _ in 0..8 {
        soon(requests.recv()).await.unwrap();
    }
    gate.add_permits(8);
    for _ in 0..8 {
        client.find(|frame| frame.ends_stream()).await;
    }
    assert_eq!(most_at_once.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn a_body_is_not_read_and_its_connection_lives_on() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = Peer::connect(server.address, &identity, &[]).await;
    client.send(frame(HEADERS, END_HEADERS, 1, &fields("POST", "/body"))).await;
    client.send(frame(DATA, 0, 1, &[b'x'; 10_000])).await;
    assert_eq!(client.body(1).await, b"POST /body");
    let stopped = client.find(|frame| frame.stream == 1 && frame.kind == RESET).await;
    assert_eq!(stopped.reason(), NO_ERROR);
    client.get(3, "/next").await;
    assert_eq!(client.body(3).await, b"GET /next");
}

#[tokio::test]
async fn a_panic_in_one_answer_ends_that_answer_only() {
    let identity = Identity::new();
    let server = Server::start_with_tls(no_limits(), identity.tls(), NEVER, |head| {
        assert_ne!(head.uri.path(), "/panic", "asked for");
        std::future::ready(text("well"))
    });
    let mut client = Peer::connect(server.address, &identity, &[]).await;
    client.get(1, "/panic").await;
    client.find(|frame| frame.stream == 1 && frame.kind == RESET).await;
    client.get(3, "/").await;
    assert_eq!(client.body(3).await, b"well");
}

#[tokio::test]
async fn a_drain_lets_running_answers_end_and_takes_no_more() {
    let identity = Identity::new();
    let Gated { server, gate, mut requests, .. } = gated_over_tls(&identity, no_limits());
    let mut running = Peer::connect(server.address, &identity, &[]).await;
    running.get(1, "/").await;
    soon(requests.recv()).await.unwrap();
    server.shutdown.cancel();
    running.find(|frame| frame.kind == GOAWAY).await;
    let shutdown_ping = running.find(|frame| frame.kind == PING && frame.flags & ACK == 0).await;
    running.send(frame(PING, ACK, 0, &shutdown_ping.payload)).await;
    gate.add_permits(1);
    assert_eq!(running.body(1).await, b"through the gate");
    running.rest().await;
    assert_eq!(server.end().await, Drained { cut: 0 });
}

#[tokio::test]
async fn a_drain_does_not_wait_for_who_neither_asks_nor_answers() {
    let identity = Identity::new();
    let limits = Limits { linger: SHORT, ..no_limits() };
    let server = echo_over_tls(limits, &identity);
    let mut idle = Peer::connect(server.address, &identity, &[]).await;
    idle.get(1, "/").await;
    idle.body(1).await;
    let silent = Peer::silent(server.address, &identity).await;
    // Neither is heard of again, and both keep their sockets.
    assert_eq!(server.end().await, Drained { cut: 0 });
    drop((idle, silent));
}

#[tokio::test]
async fn nothing_of_a_connection_outlives_the_server() {
    let identity = Identity::new();
    let (server, mut drops) = large_over_tls(&identity, no_limits());
    let mut client = Peer::connect(server.address, &identity, &window(0)).await;
    client.get(1, "/").await;
    client.find(|frame| frame.kind == HEADERS).await;
    // Dropping the server's future, as its owner does in a hurry.
    server.abort().await;
    soon(drops.recv()).await.unwrap();
}

#[tokio::test]
async fn an_answer_ends_with_its_connection() {
    let identity = Identity::new();
    let (server, mut drops) = large_over_tls(&identity, no_limits());
    let mut client = Peer::connect(server.address, &identity, &window(0)).await;
    client.get(1, "/").await;
    client.find(|frame| frame.kind == HEADERS).await;
    drop(client);
    soon(drops.recv()).await.unwrap();
}

#[tokio::test]
async fn who_gives_no_sign_of_life_is_closed() {
    let identity = Identity::new();
    let server = echo_over_tls(Limits { ping: SHORT, linger: SHORT, ..no_limits() }, &identity);
    let mut gone = Peer::connect(server.address, &identity, &[]).await;
    gone.get(1, "/").await;
    gone.body(1).await;
    gone.find(|frame| frame.kind == PING && frame.flags & ACK == 0).await;
    gone.rest().await;
}

#[tokio::test]
async fn at_the_cap_an_idle_connection_makes_room() {
    let identity = Identity::new();
    let server =
        echo_over_tls(Limits { max_connections: 1, linger: SHORT, ..no_limits() }, &identity);
    let mut idle = Peer::connect(server.address, &identity, &[]).await;
    idle.get(1, "/").await;
    idle.body(1).await;
    let mut newcomer = identity.connect(server.address, HTTP1).await;
    assert_eq!(newcomer.get("/new").await.text(), "GET /new");
    idle.find(|frame| frame.kind == GOAWAY).await;
}

#[tokio::test]
async fn at_the_cap_answers_that_are_not_taken_make_room_whatever_else_the_client_sends() {
    let identity = Identity::new();
    let limits = Limits { max_connections: 1, patience_when_full: SHORT, ..no_limits() };
    let (server, mut drops) = large_over_tls(&identity, limits);
    let mut stalled = Peer::connect(server.address, &identity, &window(0)).await;
    stalled.get(1, "/").await;
    stalled.find(|frame| frame.kind == HEADERS).await;
    let newcomer = identity.connect(server.address, HTTP1);
    let pinging = async {
        while stalled.try_send(ping()).await {
            if let Ok(None) = tokio::time::timeout(SHORT / 6, stalled.next()).await {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _newcomer = newcomer => {}
        () = pinging => {}
    }
    soon(drops.recv()).await.unwrap();
}

#[tokio::test]
async fn a_head_that_is_too_large_is_told_so() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = Peer::connect(server.address, &identity, &[]).await;
    let mut head = fields("GET", "/");
    for number in 0..200 {
        head.extend(field(&format!("x-{number}"), &"x".repeat(100)));
    }
    let (first, rest) = head.split_at(16_000);
    client.send(frame(HEADERS, 1, 1, first)).await;
    client.send(frame(CONTINUATION, END_HEADERS, 1, rest)).await;
    // 431 is no status of HPACK's table, so it is a text.
    let answer = client.find(|frame| frame.stream == 1).await;
    assert_eq!(answer.kind, HEADERS);
    client.get(3, "/next").await;
    assert_eq!(client.body(3).await, b"GET /next");
}
