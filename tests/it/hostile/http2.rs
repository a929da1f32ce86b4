//! Floods that only HTTP/2 has.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::many;
use super::victim::{A_WHILE, Victim};
use crate::http_server::client::soon;
use crate::http_server::frames::{
    CONTINUATION, ENHANCE_YOUR_CALM, Frame, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, Peer, SETTINGS,
    fields, frame, get, ping, reset, window_update,
};

/// Sends for a while, or until the server closes, and reads nothing.
async fn flood(peer: &mut Peer, bytes: impl FnMut(u32) -> Vec<u8>) {
    let mut pieces = (0..).map(bytes);
    let sending = async { while peer.stream.write_all(&pieces.next().unwrap()).await.is_ok() {} };
    let _ = tokio::time::timeout(A_WHILE, sending).await;
}

/// Why the server ended the connection.
fn reasons(frames: &[Frame]) -> Vec<u32> {
    frames.iter().filter(|frame| frame.kind == GOAWAY).map(Frame::reason).collect()
}

/// CVE-2023-44487.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_and_resets_without_end_is_told_to_calm_down() {
    let victim = Victim::secure().await;
    let before = victim.peak();
    let mut peer = Peer::connect(victim.address, victim.identity(), &[]).await;
    // As many as fit into a packet: the server sees them before it has begun with the first.
    let pairs = |packet: u32| {
        let streams = (0..200).map(|number| 2 * (200 * packet + number) + 1);
        streams.flat_map(|stream| [get(stream, "/"), reset(stream)].concat()).collect()
    };
    flood(&mut peer, pairs).await;
    assert_eq!(reasons(&peer.rest().await), [ENHANCE_YOUR_CALM]);
    victim.scrapes_promptly().await;
    victim.has_grown_by_less_than(32, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_what_wants_an_acknowledgement_wait_in_the_client() {
    let victim = Victim::secure().await;
    let before = victim.peak();
    for flooding in [frame(SETTINGS, 0, 0, &[]).repeat(1000), ping().repeat(1000)] {
        let (address, identity) = (victim.address, victim.identity().clone());
        let peers = many(16, 16, move |_| {
            let (identity, flooding) = (identity.clone(), flooding.clone());
            async move {
                let mut peer = Peer::connect(address, &identity, &[]).await;
                flood(&mut peer, |_| flooding.clone()).await;
                peer
            }
        });
        let peers = peers.await;
        victim.scrapes_promptly().await;
        victim.has_grown_by_less_than(48, before);
        drop(peers);
    }
}

/// CVE-2024-27316 and its like.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_frames_without_end_ends_its_connection() {
    let victim = Victim::secure().await;
    let before = victim.peak();
    for rest in [&b""[..], &[0; 1], &vec![0; 16_000]] {
        let mut peer = Peer::connect(victim.address, victim.identity(), &[]).await;
        peer.send(frame(HEADERS, 0, 1, &fields("GET", "/"))).await;
        flood(&mut peer, |_| frame(CONTINUATION, 0, 1, rest)).await;
        let frames = peer.rest().await;
        assert_eq!(reasons(&frames).len(), 1, "{frames:?}");
        victim.scrapes_promptly().await;
    }
    victim.has_grown_by_less_than(32, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_into_windows_that_never_open_are_not_kept_in_memory() {
    let victim = Victim::secure().await;
    let before = victim.peak();
    for window in [0, 1] {
        let (address, identity) = (victim.address, victim.identity().clone());
        let stuck = many(200, 32, move |_| {
            let identity = identity.clone();
            async move {
                let settings = [(INITIAL_WINDOW_SIZE, window)];
                let mut peer = Peer::connect(address, &identity, &settings).await;
                for stream in 0..8 {
                    peer.get(2 * stream + 1, "/large").await;
                    peer.find(|frame| frame.kind == HEADERS).await;
                }
                peer
            }
        });
        let stuck = stuck.await;
        victim.scrapes_promptly().await;
        victim.has_grown_by_less_than(96, before);
        drop(stuck);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_is_too_large_ends_its_connection_only() {
    let victim = Victim::secure().await;
    let mut peer = Peer::connect(victim.address, victim.identity(), &[]).await;
    peer.send(window_update(0, 0x7fff_ffff)).await;
    assert_eq!(reasons(&peer.rest().await).len(), 1);
    victim.scrapes_promptly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_after_the_agreement_on_http_2_ends_its_connection() {
    let victim = Victim::secure().await;
    for garbage in ["GET / HTTP/1.1\r\nHost: t\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore"] {
        let mut peer = Peer::silent(victim.address, victim.identity()).await;
        peer.send(garbage.repeat(10)).await;
        let mut said = Vec::new();
        let _ = soon(peer.stream.read_to_end(&mut said)).await;
        assert!(!said.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&said));
    }
    victim.scrapes_promptly().await;
}
