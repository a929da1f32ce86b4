//! At the cap: who makes room for whom.

use tokio::io::AsyncReadExt as _;

use super::client::{NEVER, Server, no_limits, soon};
use super::{Gated, Limits, SHORT, gated_server, large_server};

fn room_for(max_connections: usize) -> Limits {
    Limits { max_connections, patience_when_full: SHORT, ..no_limits() }
}

#[tokio::test]
async fn who_says_nothing_makes_room_for_a_newcomer() {
    let server = Server::echo(room_for(1));
    let mut silent = server.client().await;
    let mut newcomer = server.client().await;
    assert_eq!(newcomer.get("/new").await.text(), "GET /new");
    assert_eq!(silent.rest().await, b"");
}

#[tokio::test]
async fn who_stops_in_the_middle_of_a_head_makes_room_for_a_newcomer() {
    let server = Server::echo(room_for(1));
    let mut slow = server.client().await;
    slow.get("/first").await;
    slow.send("GET /second").await;
    let mut newcomer = server.client().await;
    assert_eq!(newcomer.get("/new").await.text(), "GET /new");
    assert_eq!(slow.rest().await, b"");
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_makes_room_for_a_newcomer() {
    let (server, mut drops) = large_server(room_for(1));
    let mut stalled = server.client().await;
    stalled.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    let _newcomer = server.client().await;
    soon(drops.recv()).await.unwrap();
}

#[tokio::test]
async fn who_waits_for_an_answer_that_takes_its_time_keeps_its_place() {
    let Gated { server, gate, mut requests, .. } = gated_server(room_for(2), NEVER);
    let mut waiting = server.client().await;
    waiting.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    soon(requests.recv()).await.unwrap();
    // One that began later and has to go tells that the time is over.
    let mut silent = server.client().await;
    let mut newcomer = server.client().await;
    newcomer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    soon(requests.recv()).await.unwrap();
    assert_eq!(silent.rest().await, b"");
    gate.add_permits(2);
    assert_eq!(waiting.answer().await.text(), "through the gate");
    assert_eq!(newcomer.answer().await.text(), "through the gate");
}

#[tokio::test]
async fn a_flood_of_silent_sockets_does_not_drive_out_who_has_asked_before() {
    let server = Server::echo(room_for(4));
    let mut scraper = server.client().await;
    scraper.get("/").await;
    let mut flood = Vec::new();
    for _ in 0..12 {
        flood.push(server.client().await);
    }
    let mut newcomer = server.client().await;
    assert_eq!(newcomer.get("/new").await.text(), "GET /new");
    assert_eq!(scraper.get("/again").await.text(), "GET /again");
    for mut silent in flood {
        assert_eq!(silent.rest().await, b"");
    }
}

/// Rings until the event comes.
async fn ringing_until<F: Future>(server: &Server, event: F) -> F::Output {
    let mut event = std::pin::pin!(event);
    soon(async {
        loop {
            server.bell.ring();
            if let Ok(came) = tokio::time::timeout(SHORT / 4, event.as_mut()).await {
                return came;
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_bell_drives_out_who_takes_nothing_of_an_answer_and_nobody_else() {
    let (server, mut drops) = large_server(room_for(9));
    let mut silent = server.client().await;
    let mut stalled = server.client().await;
    stalled.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    ringing_until(&server, drops.recv()).await.unwrap();
    // It is answered, so it was still there.
    silent.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    silent.head().await;
}

#[tokio::test]
async fn the_bell_drives_out_who_takes_an_answer_ever_so_slowly() {
    let limits = Limits { response_when_full: SHORT, ..no_limits() };
    let (server, mut drops) = large_server(limits);
    let mut slow = server.client().await;
    slow.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n").await;
    let sipping = async {
        let mut sip = vec![0; 64 * 1024];
        // poll: a client that takes a little now and then, for ever
        let mut sips = tokio::time::interval(SHORT / 6);
        loop {
            sips.tick().await;
            if !matches!(slow.stream.read(&mut sip).await, Ok(1..)) {
                break;
            }
        }
    };
    let dropped = ringing_until(&server, async { tokio::join!(drops.recv(), sipping).0 });
    dropped.await.unwrap();
}
