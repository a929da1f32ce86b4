//! One connection: hyper's HTTP/1 over a stream with deadlines, until it ends or has to.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::request::Parts;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::debug;

use super::Server;
use super::deadlines::{Activity, Answering, Timed};

/// What hyper may collect before it writes. One piece of a body is at most as large, and hyper
/// takes no further piece while this much waits, so this bounds the memory of a slow client.
const WRITE_BUFFER: usize = 64 * 1024;
/// hyper's lower bound of the size above.
const SMALLEST_BUFFER: usize = 8 * 1024;

/// Serves one connection to its end. `stream` is whatever carries the bytes: a TCP stream, or
/// TLS on top of one.
pub(super) async fn run<I, S, F, B>(stream: I, server: Arc<Server<S>>)
where
    I: AsyncRead + AsyncWrite + Unpin,
    S: Fn(Parts) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes, Error = Infallible> + Unpin + 'static,
{
    let activity = Arc::new(Activity::new());
    let io = Timed::new(stream, Arc::clone(&activity), Arc::clone(&server.limits));
    let service = service_fn(|request| answer(&server.service, &activity, request));
    let header_bytes = server.limits.header_bytes;
    let connection = http1::Builder::new()
        // hyper's header timeout runs from the moment that it waits for a request, so it would
        // also end every connection that idles. `Timed` tells the two apart.
        .header_read_timeout(None)
        // A client may close its side when it has asked, and is still answered. It also keeps
        // hyper from reading during a response: a read that waited since then would not be tried
        // again when the response is out, and so would miss that now the idle time runs.
        .half_close(true)
        .max_header_size(header_bytes)
        .max_buf_size(WRITE_BUFFER.max(header_bytes).max(SMALLEST_BUFFER))
        .serve_connection(TokioIo::new(io), service);
    let mut connection = pin!(connection);

    // Once told to end after the running response, a connection is not told again.
    let mut ending = false;
    loop {
        tokio::select! {
            // The connection first: a request that has arrived already is read before the
            // connection is taken for idle.
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!(error = &error as &dyn std::error::Error, "connection ended early");
                }
                return;
            }
            () = server.cut.cancelled() => return,
            () = server.shutdown.cancelled(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = server.room_wanted.notified(), if !ending => {
                if activity.is_idle() {
                    ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

fn answer<S, F, B>(
    service: &S,
    activity: &Arc<Activity>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Tracked<B>>, Infallible>>
where
    S: Fn(Parts) -> F,
    F: Future<Output = Response<B>>,
{
    let (head, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    let answering = Activity::answer(activity, has_body);
    let response = service(head);
    async move {
        let mut response = response.await;
        if has_body {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| Tracked { body, _answering: answering }))
    }
}

/// A body that, when hyper is done with it, tells the connection that its response is out.
struct Tracked<B> {
    body: B,
    _answering: Answering,
}

impl<B: Body + Unpin> Body for Tracked<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
