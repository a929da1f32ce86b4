//! The mechanism of the HTTP server: sockets, connections, deadlines and the end of them all.
//!
//! It knows nothing of metrics. [`serve`] takes bound [`Listener`]s and a function from the head of
//! a request to a response, and keeps every connection within [`Limits`], so that a client that is
//! slow, silent or hostile costs a bounded amount of memory for a bounded time.
//!
//! Only HTTP/1 is spoken. hyper's own `http1` connection is used rather than hyper-util's
//! automatic one, which waits without a deadline for the first bytes that tell the versions apart.

mod accept;
mod address;
mod bind;
mod connection;
mod deadlines;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use http_body::Body;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use address::{AddressError, ListenAddress};
pub use bind::{BindError, Listener, bind};

/// What a connection may cost. The defaults suit a server that is asked by a few Prometheus
/// servers, probes and people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are open at the same time, over all listeners. What comes above it waits:
    /// see [`serve`].
    pub max_connections: usize,
    /// From the accept of a connection to its first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head, however steadily it drips.
    pub header: Duration,
    /// The size of a request's head in bytes; above it the answer is 431.
    pub header_bytes: usize,
    /// From the end of a response to the first byte of the next request.
    pub idle: Duration,
    /// How long a client may take nothing of a response.
    pub write_stall: Duration,
    /// From the head of a request to the last byte of the response. A client that takes a few
    /// bytes now and then keeps the whole body in memory, and is cut off here. It strikes while
    /// the response is written: the time until it begins is the service's to bound.
    pub response: Duration,
    /// How long what a client still sends is read and thrown away after an answer that did not
    /// wait for it (a request's body, a head that is too large). Without it the kernel resets the
    /// connection and the client may never see the answer.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_connections: 512,
            first_byte: Duration::from_secs(10),
            header: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            // Prometheus drops a connection that was idle for five minutes. Half a minute more
            // leaves the closing to the client, which alone knows that no request is on its way.
            idle: Duration::from_secs(330),
            write_stall: Duration::from_secs(30),
            response: Duration::from_secs(300),
            linger: Duration::from_secs(1),
        }
    }
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were still answering when the time to drain was over, and were cut off.
    pub cut: usize,
}

/// Serves every listener until `shutdown`, then drains.
///
/// `service` answers one request from its head alone. Bodies are not read: a request that has one
/// is answered, and its connection closed. The service sets `Content-Length` itself where a
/// response to `HEAD` needs it.
///
/// **At the cap** ([`Limits::max_connections`]) a new connection is not refused but waits, first
/// in the server's hand, then in the kernel's backlog, and connections that idle between two
/// requests are closed to make room. A scrape during a burst is then late by milliseconds; a 503
/// would be a gap in somebody's graph.
///
/// **Draining**: the listeners are closed, connections without a running request are closed at
/// once, and the others when their response is out. After `drain` the rest is cut off.
///
/// Dropping the future ends everything at once.
///
/// # Errors
///
/// When a listener cannot be registered with the runtime. A failing `accept` is no such error:
/// it is logged, and tried again.
///
/// # Panics
///
/// Outside a tokio runtime whose I/O and time are enabled.
pub async fn serve<S, F, B>(
    listeners: Vec<Listener>,
    service: S,
    limits: Limits,
    shutdown: CancellationToken,
    drain: Duration,
) -> io::Result<Drained>
where
    S: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let listeners = listeners
        .into_iter()
        .map(|listener| TcpListener::from_std(listener.into_std()))
        .collect::<io::Result<Vec<_>>>()?;

    let server = Arc::new(Server {
        service,
        room: Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS))),
        room_wanted: Notify::new(),
        limits: Arc::new(limits),
        shutdown: shutdown.clone(),
        cut: CancellationToken::new(),
        connections: TaskTracker::new(),
    });
    // Holds for an early return as well as for a caller that drops this future.
    let _end_with_this_future = server.cut.clone().drop_guard();

    let accepting = TaskTracker::new();
    for listener in listeners {
        accepting.spawn(accept::run(listener, Arc::clone(&server)));
    }
    accepting.close();
    accepting.wait().await;

    server.connections.close();
    if tokio::time::timeout(drain, server.connections.wait()).await.is_ok() {
        return Ok(Drained { cut: 0 });
    }
    let cut = server.connections.len();
    server.cut.cancel();
    server.connections.wait().await;
    Ok(Drained { cut })
}

/// What the accept loops and the connections of one server share.
struct Server<S> {
    service: S,
    limits: Arc<Limits>,
    /// One permit for each open connection.
    room: Arc<Semaphore>,
    /// Rung while a connection waits for a permit: who idles leaves.
    room_wanted: Notify,
    /// No new connection, no further request.
    shutdown: CancellationToken,
    /// Not even the end of a running response.
    cut: CancellationToken,
    connections: TaskTracker,
}
