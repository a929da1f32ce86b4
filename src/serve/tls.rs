//! The TLS handshake, and those who do not mean to make one.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Limits;

/// What a browser or curl shows who forgot the `s` of `https`.
const PLAIN: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\
    \r\n\
    This port speaks HTTPS: ask with https:// in place of http://\n";

/// Shakes hands. The time for it is the caller's to bound; rustls takes 64 kB of messages at most,
/// and a few of those that mean nothing.
///
/// # Errors
///
/// When it fails, and the client knows: by a TLS alert, or by an answer in plain HTTP where it
/// asked in that.
pub(super) async fn accept(
    mut stream: TcpStream,
    config: Arc<ServerConfig>,
    limits: &Limits,
) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    // A handshake begins with 22, a method of HTTP with a letter.
    if first[0].is_ascii_uppercase() {
        stream.write_all(PLAIN).await?;
        hang_up(stream, limits).await;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "plain HTTP on a port for TLS"));
    }
    match TlsAcceptor::from(config).accept(stream).into_fallible().await {
        Ok(stream) => Ok(stream),
        Err((error, stream)) => {
            hang_up(stream, limits).await;
            Err(error)
        }
    }
}

/// Closes our side and reads what comes for a while, since the kernel resets a connection that is
/// closed with bytes unread, and the client may then never see the last word.
async fn hang_up(mut stream: TcpStream, limits: &Limits) {
    let reading = async {
        stream.shutdown().await?;
        let mut waste = [0; 4096];
        while stream.read(&mut waste).await? > 0 {}
        io::Result::Ok(())
    };
    // However it ends, the connection has.
    let _ = timeout(limits.linger, reading).await;
}
