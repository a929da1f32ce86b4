//! The mechanism of the HTTP server: sockets, connections, deadlines and the end of them all.
//!
//! It knows nothing of metrics. [`serve`] takes bound [`Listener`]s and a function from the head of
//! a request to a response, and keeps every connection within [`Limits`], so that a client that is
//! slow, silent or hostile costs a bounded amount of memory for a bounded time.
//!
//! In plain text only HTTP/1 is spoken, over TLS what ALPN agrees on. hyper's own connections are
//! used rather than hyper-util's automatic one, which waits without a deadline for the first bytes
//! that tell the versions apart.

mod accept;
mod activity;
mod address;
mod answer;
mod bind;
mod connection;
mod deadlines;
mod descriptors;
mod frames;
mod http1;
mod http2;
mod in_pieces;
mod pace;
mod tls;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Buf;
use http::Response;
use http::request::Parts;
use http_body::Body;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use address::{AddressError, ListenAddress};
pub use bind::{BindError, Listener, bind};
pub use descriptors::descriptor_limit;

/// How new connections are encrypted; `None` is not at all.
///
/// Each takes what is there when it is accepted and keeps it to its end, so a change breaks none.
/// When the sender is gone, the last value stays. HTTP/2 is spoken with those who choose `h2` among
/// the configuration's ALPN protocols, HTTP/1 with all others.
pub type Tls = watch::Receiver<Option<Arc<rustls::ServerConfig>>>;

/// Never encrypted.
pub fn plain() -> Tls {
    watch::channel(None).1
}

/// What a connection may cost. The defaults suit a server that is asked by a few Prometheus
/// servers, probes and people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are open at the same time, over all listeners. What comes above it waits:
    /// see [`serve`].
    pub max_connections: usize,
    /// From the accept of a connection to the end of its TLS handshake, however steadily it drips.
    pub handshake: Duration,
    /// From the accept of a connection, or the end of its handshake, to its first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head, however steadily it drips. In
    /// HTTP/2 also from the first byte to the last of any other frame.
    pub header: Duration,
    /// The size of a request's head in bytes; above it the answer is 431.
    pub header_bytes: usize,
    /// From the end of a response to the first byte of the next request; in HTTP/2, where other
    /// things come too, to its whole head.
    pub idle: Duration,
    /// How long an HTTP/2 client may send no request before it is asked for a sign of life, and how
    /// long it may take to give one. A machine that is gone is noticed after twice this time.
    pub ping: Duration,
    /// How long a client may take nothing of a response.
    pub write_stall: Duration,
    /// From the head of a request to the last byte of the response. A client that takes a few
    /// bytes now and then keeps the whole body in memory, and is cut off here. It strikes while
    /// the response is written: the time until it begins is the service's to bound.
    pub response: Duration,
    /// While somebody waits for room: from the head of a request to the last byte of the response.
    /// It is the default scrape timeout of Prometheus, after which nobody wants the rest.
    pub response_when_full: Duration,
    /// While somebody waits for room: how long a new connection may take for its handshake and then
    /// for its first request, an older one for the head of its next, and how long a client may take
    /// nothing of a response.
    pub patience_when_full: Duration,
    /// How long what a client still sends is read and thrown away after an answer that did not
    /// wait for it (a request's body, a head that is too large). Without it the kernel resets the
    /// connection and the client may never see the answer. As long waits a connection that is to
    /// end, and answers nothing any more, for a client that neither reads nor closes.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_connections: 512,
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            header: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            // Prometheus drops a connection that was idle for five minutes. Half a minute more
            // leaves the closing to the client, which alone knows that no request is on its way.
            idle: Duration::from_secs(330),
            ping: Duration::from_secs(60),
            write_stall: Duration::from_secs(30),
            response: Duration::from_secs(300),
            response_when_full: Duration::from_secs(10),
            patience_when_full: Duration::from_secs(1),
            linger: Duration::from_secs(1),
        }
    }
}

/// For a service whose places for answers are all taken: who takes nothing of an answer, or takes it
/// too slowly, gives its place up.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Somebody waits for a place. Who is slow by now leaves; ring again for those who will be.
    pub fn ring(&self) {
        self.0.notify_waiters();
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
/// in the server's hand, then in the kernel's backlog, and others make room for it: at once those
/// that idle between two requests, and after [`Limits::patience_when_full`] those that are still in
/// their handshake, have sent no whole request, or take nothing of their response; one that takes it
/// ever so slowly has [`Limits::response_when_full`]. A scrape during a burst is then late by milliseconds; a 503 would be a gap in somebody's graph. While more than
/// half of the places are taken by connections that have never asked for anything, those that idle
/// stay: they are the scrapers that a flood of silent sockets is meant to drive out, and that flood
/// makes room by itself. It delays a newcomer by about a patience for every `max_connections` sockets
/// before it in the queue. What does not fit into the backlog is dropped by the kernel, and tried
/// again by that of the client after one second, then three, then seven.
///
/// **Draining**: the listeners are closed, connections without a running request are closed at
/// once (in HTTP/2 when the client has seen that no request of its own is lost), and the others when
/// their responses are out. After `drain` the rest is cut off.
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
    tls: Tls,
    bell: Bell,
    shutdown: CancellationToken,
    drain: Duration,
) -> io::Result<Drained>
where
    S: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Buf + Send, Error = Infallible> + Send + Unpin + 'static,
{
    let listeners = listeners
        .into_iter()
        .map(|listener| TcpListener::from_std(listener.into_std()))
        .collect::<io::Result<Vec<_>>>()?;

    let server = Arc::new(Server {
        service,
        room: Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS))),
        room_wanted: Notify::new(),
        bell,
        strangers: Arc::new(()),
        is_flooded: AtomicBool::new(false),
        limits: Arc::new(limits),
        tls,
        shutdown: shutdown.clone(),
        cut: CancellationToken::new(),
        connections: TaskTracker::new(),
        streams: TaskTracker::new(),
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
    let in_time = tokio::time::timeout(drain, server.connections.wait()).await.is_ok();
    let cut = if in_time { 0 } else { server.connections.len() };
    server.cut.cancel();
    server.connections.wait().await;
    server.streams.close();
    server.streams.wait().await;
    Ok(Drained { cut })
}

/// What the accept loops and the connections of one server share.
struct Server<S> {
    service: S,
    limits: Arc<Limits>,
    tls: Tls,
    /// One permit for each open connection.
    room: Arc<Semaphore>,
    /// Rung while a connection waits for a permit: who can leave does.
    room_wanted: Notify,
    /// Rung while a request waits for its answer to begin.
    bell: Bell,
    /// Every connection that has not asked for anything yet holds one.
    strangers: Arc<()>,
    /// Whether they had most places when room was wanted last.
    is_flooded: AtomicBool,
    /// No new connection, no further request.
    shutdown: CancellationToken,
    /// Not even the end of a running response.
    cut: CancellationToken,
    connections: TaskTracker,
    /// The answers of HTTP/2, which are tasks of their own and end with their connection.
    streams: TaskTracker,
}

impl<S> Server<S> {
    /// Asks those to leave who can.
    fn want_room(&self) {
        // Before the first of them leaves: they must not make it look like peace to the others.
        let strangers = Arc::strong_count(&self.strangers) - 1;
        let is_flooded = strangers > self.limits.max_connections / 2;
        self.is_flooded.store(is_flooded, Ordering::Relaxed);
        self.room_wanted.notify_waiters();
    }
}
