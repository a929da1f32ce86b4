//! The server over TLS: the handshake, who fails at it, and a change of certificates.

use std::process::{Command, Stdio};

use rustls::ClientConnection;
use servicecatalog_exporter::serve::{Drained, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use super::client::{NEVER, Server, echo, no_limits, soon};
use super::secure::{H2, HTTP1, Identity, name};
use super::{Limits, SHORT};
use crate::support::foreign;

/// What a TLS record that tells why it is over begins with.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// A server of [`echo`] over TLS, whose certificate is that of `identity`.
pub fn echo_over_tls(limits: Limits, identity: &Identity) -> Server {
    Server::start_with_tls(limits, identity.tls(), NEVER, echo)
}

/// What a client says first.
fn client_hello(identity: &Identity) -> Vec<u8> {
    let mut client = ClientConnection::new(identity.client(&[HTTP1]), name()).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

#[tokio::test]
async fn http_1_is_spoken_over_tls_as_without() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = identity.connect(server.address, HTTP1).await;
    for path in ["/one", "/two"] {
        assert_eq!(client.get(path).await.text(), format!("GET {path}"));
    }
}

/// tokio lets a task wait that has done much at once, and rustls keeps what it wrote until it is
/// asked to write on.
#[tokio::test]
async fn these_tests_send_all_that_they_write_however_much_they_did_before() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = identity.connect(server.address, HTTP1).await;
    let (sender, mut much) = tokio::sync::mpsc::unbounded_channel();
    (0..10_000).for_each(|_| sender.send(()).unwrap());
    while tokio::task::coop::has_budget_remaining() {
        much.recv().await;
    }
    assert_eq!(client.get("/").await.status, 200);
}

#[tokio::test]
async fn a_client_without_alpn_gets_http_1() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = identity.try_connect(server.address, &[]).await.unwrap();
    assert_eq!(client.get("/plain").await.text(), "GET /plain");
}

#[tokio::test]
async fn who_says_nothing_is_closed_at_the_deadline_of_the_handshake() {
    let identity = Identity::new();
    let server = echo_over_tls(Limits { handshake: SHORT, ..no_limits() }, &identity);
    assert_eq!(server.client().await.rest().await, b"");
}

#[tokio::test]
async fn a_handshake_that_drips_is_cut_off_at_the_deadline_of_its_beginning() {
    let identity = Identity::new();
    let server = echo_over_tls(Limits { handshake: SHORT * 3, ..no_limits() }, &identity);
    let mut client = server.client().await;
    let mut hello = client_hello(&identity);
    hello.truncate(hello.len() - 1);
    let mut end = [0];
    let dripping = async {
        let mut hello = hello.chunks(1);
        loop {
            match tokio::time::timeout(SHORT / 6, client.stream.read(&mut end)).await {
                Err(_still_open) => {
                    let byte = hello.next().expect("not cut off before the end");
                    let _ = client.stream.write_all(byte).await;
                }
                Ok(ended) => return ended.unwrap_or(0),
            }
        }
    };
    assert_eq!(soon(dripping).await, 0);
}

#[tokio::test]
async fn who_says_nothing_after_the_handshake_is_closed() {
    let identity = Identity::new();
    let server = echo_over_tls(Limits { first_byte: SHORT, ..no_limits() }, &identity);
    for protocol in [HTTP1, H2] {
        let mut client = identity.connect(server.address, protocol).await;
        // There was nothing that could have been cut short, so a goodbye is not needed.
        let _ = soon(client.stream.read_to_end(&mut Vec::new())).await;
    }
}

#[tokio::test]
async fn a_client_hello_in_pieces_is_answered() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = server.client().await;
    let hello = client_hello(&identity);
    for piece in [&hello[..1], &hello[1..7], &hello[7..]] {
        client.send(piece).await;
        client.stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut first = [0];
    soon(client.stream.read_exact(&mut first)).await.unwrap();
    assert_eq!(first[0], HANDSHAKE);
}

#[tokio::test]
async fn who_does_not_speak_tls_is_told_so_in_tls() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    for garbage in [&b"\x00\x00\x00\x00\x00\x00"[..], b"\x16\x03\x01\x00\x05\x01\x00\x00\x01x"] {
        let mut client = server.client().await;
        client.send(garbage.repeat(1000)).await;
        let said = client.rest().await;
        assert_eq!(said.first(), Some(&ALERT), "{said:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_cannot_succeed_is_told_why() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let refused = identity.try_connect(server.address, &[b"spdy/1"]).await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("NoApplicationProtocol"), "{refused}");
}

#[tokio::test]
async fn who_asks_in_plain_http_is_told_to_use_https() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = server.client().await;
    client.send("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n").await;
    let answer = String::from_utf8(client.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.0 400 "), "{answer}");
    assert!(answer.contains("https://"), "{answer}");
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections_and_old_ones_live_on() {
    let (old, new) = (Identity::new(), Identity::new());
    let (sender, tls) = watch::channel(Some(old.server(&[HTTP1])));
    let server = Server::start_with_tls(no_limits(), tls, NEVER, echo);
    let mut before = old.connect(server.address, HTTP1).await;
    before.get("/").await;

    sender.send(Some(new.server(&[HTTP1]))).unwrap();
    let mut after = new.connect(server.address, HTTP1).await;
    assert_eq!(after.get("/after").await.text(), "GET /after");
    assert!(old.try_connect(server.address, &[HTTP1]).await.is_err());
    assert_eq!(before.get("/before").await.text(), "GET /before");

    // Who would change it is gone: it stays.
    drop(sender);
    let mut later = new.connect(server.address, HTTP1).await;
    assert_eq!(later.get("/later").await.text(), "GET /later");
}

#[tokio::test]
async fn tls_can_be_turned_off_and_on() {
    let identity = Identity::new();
    let (sender, tls): (_, Tls) = watch::channel(None);
    let server = Server::start_with_tls(no_limits(), tls, NEVER, echo);
    assert_eq!(server.client().await.get("/plain").await.text(), "GET /plain");
    sender.send(Some(identity.server(&[HTTP1]))).unwrap();
    let mut secure = identity.connect(server.address, HTTP1).await;
    assert_eq!(secure.get("/secure").await.text(), "GET /secure");
    sender.send(None).unwrap();
    assert_eq!(server.client().await.get("/plain").await.text(), "GET /plain");
}

#[tokio::test]
async fn a_drain_says_goodbye_and_does_not_wait_for_handshakes() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = identity.connect(server.address, HTTP1).await;
    client.get("/").await;
    let mut in_handshake = server.client().await;
    in_handshake.send(&client_hello(&identity)[..10]).await;
    server.shutdown.cancel();
    // An end without a goodbye would be an error here.
    assert_eq!(client.rest().await, b"");
    let _ = soon(in_handshake.stream.read(&mut [0])).await;
    assert_eq!(server.end().await, Drained { cut: 0 });
}

#[tokio::test]
async fn at_the_cap_a_handshake_that_takes_long_makes_room() {
    let identity = Identity::new();
    let limits = Limits { max_connections: 1, patience_when_full: SHORT, ..no_limits() };
    let server = echo_over_tls(limits, &identity);
    let mut slow = server.client().await;
    slow.send(&client_hello(&identity)[..10]).await;
    let mut newcomer = identity.connect(server.address, HTTP1).await;
    assert_eq!(newcomer.get("/new").await.text(), "GET /new");
    let _ = soon(slow.stream.read(&mut [0])).await;
}

/// `R` asks for a renegotiation, which TLS 1.2 has and no server needs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs openssl"]
async fn a_renegotiation_is_refused_and_nobody_else_notices() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut beside = identity.connect(server.address, HTTP1).await;
    let mut command = Command::new("openssl");
    command.args(["s_client", "-tls1_2", "-quiet", "-no_ign_eof", "-connect"]);
    command.arg(server.address.to_string()).stderr(Stdio::piped());
    let ran = foreign::run(command, b"R\n".to_vec()).await;
    assert!(ran.stderr.contains("no renegotiation"), "{ran:?}");
    assert_eq!(beside.get("/beside").await.text(), "GET /beside");
}

#[tokio::test]
async fn http_2_is_not_spoken_with_who_has_not_agreed_on_it() {
    let identity = Identity::new();
    let server = echo_over_tls(no_limits(), &identity);
    let mut client = identity.connect(server.address, HTTP1).await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let mut answer = Vec::new();
    let _ = soon(client.stream.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
}
