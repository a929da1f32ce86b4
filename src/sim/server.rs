//! The socket before the world: HTTP/1.1 on loopback, one task a connection.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Sleep;

use super::Shared;
use super::wire::{Delivery, Request, Response};

/// Accepts until it is dropped; the connections end with it.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared)));
                }
                // Out of descriptors, or the client is gone already. A pause, so as not to spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            // Takes finished ones out.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Small answers, many of them: waiting to fill a segment would be the latency of a scan. A
    // socket that refuses is slower, no more.
    let _ = stream.set_nodelay(true);
    let reset = AtomicBool::new(false);
    let service = service_fn(|request| Box::pin(serve(request, &shared, &reset)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // Not the connection itself as a future: that shuts the stream down before a reset can be sent.
    // An error is the client's going away, or a reset.
    let _ = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let stream = connection.into_parts().io.into_inner();
    if reset.load(Ordering::Relaxed) {
        // Without lingering, closing discards what is unsent and sends RST.
        let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    }
}

async fn serve(
    request: hyper::Request<Incoming>,
    shared: &Shared,
    reset: &AtomicBool,
) -> io::Result<hyper::Response<Delivered>> {
    let request = read(request).await?;
    let (response, _under_way) = shared.take(&request);
    let latency = shared.latency();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match response.delivery {
        Delivery::Never => pending().await,
        Delivery::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Delivery::Whole | Delivery::Drip => deliver(response),
    }
}

async fn read(request: hyper::Request<Incoming>) -> io::Result<Request> {
    let (head, body) = request.into_parts();
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let (target, authorization) = (header("x-amz-target"), header("authorization"));
    let security_token = header("x-amz-security-token");
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    Ok(Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        target,
        authorization,
        security_token,
        body,
    })
}

fn deliver(response: Response) -> io::Result<hyper::Response<Delivered>> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name.as_ref(), value.as_ref());
    }
    let pause =
        (response.delivery == Delivery::Drip).then(|| Box::pin(tokio::time::sleep(Duration::ZERO)));
    // Only a scripted answer can hold a header that is none; it ends the connection.
    builder.body(Delivered { rest: response.body, pause }).map_err(io::Error::other)
}

/// A body at once, or in drops.
struct Delivered {
    rest: Bytes,
    /// The time until the next drop, if it drips.
    pause: Option<Pin<Box<Sleep>>>,
}

const DROP_BYTES: usize = 2;
const DROP_PAUSE: Duration = Duration::from_secs(1);

impl Body for Delivered {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let size = match &mut self.pause {
            None => self.rest.len(),
            Some(pause) => {
                ready!(pause.as_mut().poll(context));
                *pause = Box::pin(tokio::time::sleep(DROP_PAUSE));
                DROP_BYTES.min(self.rest.len())
            }
        };
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
