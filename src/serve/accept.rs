//! The accept loop: it ends with the shutdown and with nothing else.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use http::Response;
use http::request::Parts;
use http_body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tracing::warn;

use super::{Server, connection};

/// How long to wait when the process or the machine has run out of something.
const EXHAUSTED: Duration = Duration::from_millis(100);
/// How often connections are asked to leave while somebody waits for room.
const ROOM: Duration = Duration::from_millis(50);

/// Accepts until the shutdown, and gives each connection a task of its own.
pub(super) async fn run<S, F, B>(listener: TcpListener, server: Arc<Server<S>>)
where
    S: Fn(Parts) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data: Buf + Send, Error = Infallible> + Send + Unpin + 'static,
{
    let ended = async {
        tokio::select! {
            () = server.shutdown.cancelled() => {}
            () = server.cut.cancelled() => {}
        }
    };
    let accepting = async {
        let mut failures = Seldom::new(Duration::from_secs(1));
        let mut full = Seldom::new(Duration::from_secs(60));
        loop {
            let stream = accept(&listener, &mut failures).await;
            let permit = room_for_one(&server, &mut full).await;
            let tls = server.tls.borrow().clone();
            let server_of_connection = Arc::clone(&server);
            server.connections.spawn(async move {
                connection::run(stream, tls, server_of_connection).await;
                drop(permit);
            });
        }
    };
    tokio::select! {
        biased;
        () = ended => {}
        () = accepting => {}
    }
}

async fn accept(listener: &TcpListener, failures: &mut Seldom) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                // Responses are written in few large pieces: waiting to fill a packet only delays
                // the last one. It is a matter of speed, so a failure is none of ours.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                if failures.may_speak(Instant::now()) {
                    let local_addr = listener.local_addr().ok();
                    warn!(%error, ?local_addr, "cannot accept a connection; will try again");
                }
                if !concerns_one_connection(&error) {
                    tokio::time::sleep(EXHAUSTED).await;
                }
            }
        }
    }
}

/// Whether the connection that failed is gone with its error, so that the next can be tried at
/// once. Everything else (no file descriptor, no memory) would come again at once, and the loop
/// would turn without end.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
        // Linux hands errors of the network that are pending on the new socket to accept(2).
        || matches!(
            error.raw_os_error(),
            Some(
                libc::EPROTO
                    | libc::ENOPROTOOPT
                    | libc::ENETDOWN
                    | libc::ENETUNREACH
                    | libc::EHOSTDOWN
                    | libc::EHOSTUNREACH
            )
        )
}

async fn room_for_one<S>(server: &Server<S>, full: &mut Seldom) -> OwnedSemaphorePermit {
    loop {
        let permit = Arc::clone(&server.room).acquire_owned();
        match tokio::time::timeout(ROOM, permit).await {
            Ok(Ok(permit)) => return permit,
            // The semaphore is never closed.
            Ok(Err(_closed)) => std::future::pending().await,
            Err(_elapsed) => {
                if full.may_speak(Instant::now()) {
                    let max_connections = server.limits.max_connections;
                    warn!(max_connections, "all connections are taken; new ones have to wait");
                }
                server.want_room();
            }
        }
    }
}

/// Keeps a message that could come at every turn of a loop to one in a while.
struct Seldom {
    every: Duration,
    last: Option<Instant>,
}

impl Seldom {
    fn new(every: Duration) -> Self {
        Seldom { every, last: None }
    }

    fn may_speak(&mut self, now: Instant) -> bool {
        let due = self.last.is_none_or(|last| now.duration_since(last) >= self.every);
        if due {
            self.last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_out_of_descriptors_or_memory_waits_and_a_lost_connection_does_not() {
        let at_once = |code| concerns_one_connection(&io::Error::from_raw_os_error(code));
        for exhausted in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM, libc::EPERM] {
            assert!(!at_once(exhausted), "{exhausted}");
        }
        for lost in [libc::ECONNABORTED, libc::EPROTO, libc::EINTR, libc::ENETDOWN] {
            assert!(at_once(lost), "{lost}");
        }
    }

    #[test]
    fn a_message_comes_at_most_once_in_its_time() {
        let start = Instant::now();
        let mut seldom = Seldom::new(Duration::from_secs(1));
        let spoken = [0, 1, 999, 1000, 1001, 2500]
            .map(|millis| seldom.may_speak(start + Duration::from_millis(millis)));
        assert_eq!(spoken, [true, false, false, true, false, true]);
    }
}
