//! One connection, until it ends or has to.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Buf;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Response;
use http::request::Parts;
use http_body::Body;
use hyper_util::server::graceful::GracefulConnection;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout_at;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use super::activity::{Activity, Departure};
use super::deadlines::Timed;
use super::{Server, http1, http2, tls};

/// The protocol of ALPN that is HTTP/2.
const H2: &[u8] = b"h2";

/// Serves one connection to its end, over TLS if there is a configuration.
pub(super) async fn run<S, F, B>(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    server: Arc<Server<S>>,
) where
    S: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Buf + Send, Error = Infallible> + Send + Unpin + 'static,
{
    let activity = Activity::new(Arc::clone(&server.strangers));
    let ended = match tls {
        None => serve(stream, false, activity, &server).await,
        Some(config) => match shake_hands(stream, config, &activity, &server).await {
            Some(Ok(stream)) => {
                let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(H2);
                serve(stream, speaks_http2, activity, &server).await
            }
            Some(Err(error)) => {
                // Who cannot shake hands could fill a log that is read.
                debug!(%error, "no TLS handshake");
                return;
            }
            None => return,
        },
    };
    if let Err(error) = ended {
        debug!(error = &error as &dyn std::error::Error, "connection ended early");
    }
}

/// The stream after its handshake, or `None` when the server has no more time or room for it.
async fn shake_hands<S>(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    activity: &Activity,
    server: &Server<S>,
) -> Option<io::Result<TlsStream<TcpStream>>> {
    let deadline = activity.began() + server.limits.handshake;
    let handshake = timeout_at(deadline, tls::accept(stream, config, &server.limits));
    let mut handshake = pin!(handshake);
    loop {
        tokio::select! {
            biased;
            done = handshake.as_mut() => return Some(done.unwrap_or_else(|_elapsed| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "it did not end in time"))
            })),
            () = server.shutdown.cancelled() => return None,
            () = server.cut.cancelled() => return None,
            () = server.room_wanted.notified() => {
                if departure(activity, server) != Departure::None {
                    return None;
                }
            }
        }
    }
}

async fn serve<I, S, F, B>(
    stream: I,
    speaks_http2: bool,
    activity: Arc<Activity>,
    server: &Arc<Server<S>>,
) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
    S: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Buf + Send, Error = Infallible> + Send + Unpin + 'static,
{
    activity.greeted(speaks_http2);
    let io = Timed::new(stream, Arc::clone(&activity), Arc::clone(&server.limits));
    match speaks_http2 {
        true => http2::run(io, activity, server).await,
        false => http1::run(io, activity, server).await,
    }
}

/// Runs a connection until it ends, and ends it when it has to.
pub(super) async fn steer<C, S>(
    connection: C,
    activity: &Activity,
    server: &Server<S>,
) -> hyper::Result<()>
where
    C: GracefulConnection<Error = hyper::Error>,
{
    let mut connection = pin!(connection);
    // Once told to end after the running response, a connection is not told again.
    let mut ending = false;
    loop {
        // What the connections share is looked at when it stirs, and not with each step of each of
        // them: they would wait for one another.
        let mut words = FuturesUnordered::from_iter([word(activity, server, ending)]);
        let word = tokio::select! {
            // The connection first: a request that has arrived already is read before the
            // connection is taken for idle.
            biased;
            ended = connection.as_mut() => return ended,
            Some(word) = words.next() => word,
        };
        match word {
            Word::Cut => return Ok(()),
            Word::End => {}
            Word::RoomWanted => match departure(activity, server) {
                Departure::AtOnce => return Ok(()),
                Departure::Graceful if !ending => {}
                Departure::Graceful | Departure::None => continue,
            },
            Word::PlaceWanted => match activity.is_slow(&server.limits) {
                true => return Ok(()),
                false => continue,
            },
        }
        ending = true;
        activity.end();
        connection.as_mut().graceful_shutdown();
    }
}

/// What a connection is told while it runs.
enum Word {
    /// It ends now.
    Cut,
    /// It ends behind the running response.
    End,
    /// Another connection waits for room.
    RoomWanted,
    /// A request waits for its answer to begin.
    PlaceWanted,
}

/// The next word for a connection, of all that come from now on.
fn word<'a, S>(
    activity: &'a Activity,
    server: &'a Server<S>,
    ending: bool,
) -> impl Future<Output = Word> + use<'a, S> {
    let (room_wanted, place_wanted) = (server.room_wanted.notified(), server.bell.0.notified());
    async move {
        tokio::select! {
            biased;
            () = server.cut.cancelled() => Word::Cut,
            () = server.shutdown.cancelled(), if !ending => Word::End,
            () = activity.tired(), if !ending => Word::End,
            () = room_wanted => Word::RoomWanted,
            () = place_wanted => Word::PlaceWanted,
        }
    }
}

fn departure<S>(activity: &Activity, server: &Server<S>) -> Departure {
    let is_flooded = server.is_flooded.load(Ordering::Relaxed);
    activity.departure(&server.limits, is_flooded)
}
