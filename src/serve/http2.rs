//! HTTP/2 on one connection.
//!
//! Each answer is a task with deadlines of its own, so that one which the client does not take is
//! ended and the others are not; the connection ends with them, since h2 keeps the last piece of an
//! answer that is not taken as long as it lives. What floods a connection is bounded by h2: resets
//! of requests that are not answered yet, frames of one head, acknowledgements that are not out.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Buf;
use http::Response;
use http::request::Parts;
use http_body::Body;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

use super::activity::Activity;
use super::answer::answer;
use super::connection::steer;
use super::deadlines::Timed;
use super::in_pieces::InPieces;
use super::pace::Pace;
use super::{Limits, Server};

/// Requests that one client may ask at the same time. A Prometheus asks one, a browser a few; each
/// may hold a piece of a body in memory, and there are many connections.
const STREAMS: u32 = 8;
/// What hyper takes of a body at once, and keeps for a client that takes nothing.
const PIECE: usize = 16 * 1024;
/// What a client may send of bodies before it is answered. They are thrown away.
const WINDOW: u32 = 64 * 1024;

pub(super) async fn run<I, S, F, B>(
    io: Timed<I>,
    activity: Arc<Activity>,
    server: &Arc<Server<S>>,
) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
    S: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Buf + Send, Error = Infallible> + Send + Unpin + 'static,
{
    let limits = &server.limits;
    let streams = Streams {
        activity: Arc::clone(&activity),
        tracker: server.streams.clone(),
        limits: Arc::clone(limits),
        connection_ended: server.cut.child_token(),
    };
    let _end_with_connection = streams.connection_ended.clone().drop_guard();
    let in_pieces = |body| InPieces::new(body, PIECE);
    let service = service_fn(|request| answer(server, &activity, request, in_pieces));
    let connection = http2::Builder::new(streams)
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.ping)
        .keep_alive_timeout(limits.ping)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(PIECE)
        .serve_connection(TokioIo::new(io), service);
    steer(connection, &activity, server).await
}

/// Runs the answers of one connection, none of which outlives it.
#[derive(Clone)]
struct Streams {
    activity: Arc<Activity>,
    tracker: TaskTracker,
    limits: Arc<Limits>,
    connection_ended: CancellationToken,
}

impl<T> hyper::rt::Executor<T> for Streams
where
    T: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, answer: T) {
        let Streams { activity, limits, connection_ended, .. } = self.clone();
        self.tracker.spawn(async move {
            // An answer that is dropped before its end is reset.
            let taken = tokio::select! {
                taken = Pace::watch(answer, &limits) => taken,
                () = connection_ended.cancelled() => true,
            };
            if !taken {
                debug!("an answer was not taken in time");
                activity.tire();
            }
        });
    }
}
