//! HTTP/1 on one connection.

use std::convert::{Infallible, identity};
use std::sync::Arc;

use bytes::Buf;
use http::Response;
use http::request::Parts;
use http_body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Server;
use super::activity::Activity;
use super::answer::answer;
use super::connection::steer;
use super::deadlines::Timed;

/// What hyper may collect before it writes. One piece of a body is at most as large, and hyper
/// takes no further piece while this much waits, so this bounds the memory of a slow client.
const WRITE_BUFFER: usize = 64 * 1024;
/// hyper's lower bound of the size above.
const SMALLEST_BUFFER: usize = 8 * 1024;

pub(super) async fn run<I, S, F, B>(
    io: Timed<I>,
    activity: Arc<Activity>,
    server: &Arc<Server<S>>,
) -> hyper::Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
    S: Fn(Parts) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data: Buf + Send, Error = Infallible> + Unpin + 'static,
{
    let header_bytes = server.limits.header_bytes;
    let service = service_fn(|request| answer(server, &activity, request, identity));
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
    steer(connection, &activity, server).await
}
