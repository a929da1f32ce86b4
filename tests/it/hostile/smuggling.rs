//! Two requests in one, by a client that hopes for a proxy in front of the exporter which ends the
//! first at another place. What is ambiguous ends the connection, so that the second is never
//! answered as a request of its own.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::http_server::client::{NEVER, Server, echo, no_limits, soon};
use crate::http_server::secure::{HTTP1, Identity};

/// The request that nobody may have answered.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n";

/// What is sent, before [`SMUGGLED`], and the statuses of the answers.
const AMBIGUOUS: [(&str, &str, &[u16]); 26] = [
    // The body is not read: the answer is that of the head, and the connection's last one.
    (
        "a length and chunks",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\n",
        &[200],
    ),
    (
        "chunks and a length",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n\
         0\r\n\r\n",
        &[200],
    ),
    ("a body of GET", "GET / HTTP/1.1\r\nHost: t\r\nContent-Length: 35\r\n\r\n", &[200]),
    (
        "a chunk's size that is none",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n0\r\n\r\n",
        &[200],
    ),
    (
        "a chunk's size that is too large for any number",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n\
         fffffffffffffffff\r\n\r\n0\r\n\r\n",
        &[200],
    ),
    (
        "a chunk's size that ends with a bare line feed",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n",
        &[200],
    ),
    (
        "a body that waits to be asked for",
        "POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
        &[200],
    ),
    (
        "the same length twice",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        &[200],
    ),
    // No answer but that the request is bad.
    (
        "two lengths",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\nContent-Length: 35\r\n\r\n",
        &[400],
    ),
    ("two lengths in one", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0, 35\r\n\r\n", &[400]),
    ("a length with a sign", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: +0\r\n\r\n", &[400]),
    ("a length below zero", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n", &[400]),
    ("a hexadecimal length", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0x0\r\n\r\n", &[400]),
    (
        "a length that is too large for any number",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999\r\n\r\n",
        &[400],
    ),
    (
        "chunks that are no last coding",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        &[400],
    ),
    (
        "a coding that only looks like chunks",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: xchunked\r\n\r\n",
        &[400],
    ),
    (
        "no coding",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
        &[400],
    ),
    (
        "chunks after a vertical tab",
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
        &[400],
    ),
    (
        "chunks in HTTP/1.0, which has none",
        "POST / HTTP/1.0\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[400],
    ),
    (
        "a header that goes on in the next line",
        "POST / HTTP/1.1\r\nHost: t\r\nX: y\r\n Content-Length: 35\r\n\r\n",
        &[400],
    ),
    (
        "a space before the colon",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length : 35\r\n\r\n",
        &[400],
    ),
    ("a space before the name", "POST / HTTP/1.1\r\n Content-Length: 35\r\n\r\n", &[400]),
    ("a name that is none", "POST / HTTP/1.1\r\nContent\0Length: 35\r\n\r\n", &[400]),
    (
        "a bare carriage return in a value",
        "POST / HTTP/1.1\r\nHost: t\r\nX: y\rContent-Length: 35\r\n\r\n",
        &[400],
    ),
    ("a line without a colon", "POST / HTTP/1.1\r\nContent-Length 35\r\n\r\n", &[400]),
    ("a version that is none", "POST / HTTP/1.9\r\nContent-Length: 0\r\n\r\n", &[400]),
];

/// What no two readers take differently: there is nothing smuggled in the second request.
const CLEAR: [(&str, &str, &[u16]); 4] = [
    ("no body", "GET / HTTP/1.1\r\nHost: t\r\n\r\n", &[200, 200]),
    (
        "a body of length zero",
        "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n",
        &[200, 200],
    ),
    // RFC 9112 lets a server take a bare line feed for the end of a line, as every server does
    // which a proxy might be.
    ("bare line feeds", "GET / HTTP/1.1\nHost: t\n\n", &[200, 200]),
    (
        "a wish for another protocol, which is not heard",
        "GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        &[200, 200],
    ),
];

/// All that comes for these bytes.
async fn answers(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &str) -> String {
    soon(stream.write_all(bytes.as_bytes())).await.unwrap();
    soon(stream.shutdown()).await.unwrap();
    let mut said = Vec::new();
    // Some ends are abrupt; what came before them is there.
    let _ = soon(stream.read_to_end(&mut said)).await;
    String::from_utf8(said).unwrap()
}

fn statuses(answers: &str) -> Vec<u16> {
    let starts = answers.match_indices("HTTP/1.").map(|(at, _)| &answers[at + 9..at + 12]);
    starts.map(|status| status.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_second_request_behind_an_ambiguous_first_one_is_never_answered() {
    let identity = Identity::new();
    let plain = Server::echo(no_limits());
    let secure = Server::start_with_tls(no_limits(), identity.tls(), NEVER, echo);
    let mut wrong = Vec::new();
    for (name, first, expected) in AMBIGUOUS.into_iter().chain(CLEAR) {
        let bytes = format!("{first}{SMUGGLED}");
        let one = answers(plain.client().await.stream, &bytes).await;
        let other = answers(identity.connect(secure.address, HTTP1).await.stream, &bytes).await;
        for (over, answers) in [("plain", one), ("TLS", other)] {
            let is_clear = expected.len() == 2;
            if statuses(&answers) != expected || answers.contains("/smuggled") != is_clear {
                wrong.push(format!("{name}, {over}: {answers}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What ends the connection must end it for who pipelines too: nothing that came in the same
/// packet is answered after it.
#[tokio::test]
async fn garbage_behind_a_request_is_refused_once_and_ends_the_connection() {
    let plain = Server::echo(no_limits());
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "{\"json\": true}\r\n\r\n",
        "GET\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let bytes = format!("GET /first HTTP/1.1\r\nHost: t\r\n\r\n{garbage}{SMUGGLED}");
        let answers = answers(plain.client().await.stream, &bytes).await;
        assert!(answers.contains("GET /first") && !answers.contains("/smuggled"), "{answers}");
        assert!(matches!(*statuses(&answers), [200] | [200, 400]), "{answers}");
    }
}
