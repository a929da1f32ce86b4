//! A stream that never waits without a deadline.
//!
//! hyper reads and writes through [`Timed`]; the service tells [`Activity`] when a request is
//! being answered. Whatever the connection waits for, one deadline of [`Limits`] applies, and when
//! it has passed the read or write fails with [`io::ErrorKind::TimedOut`], which ends the
//! connection.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Limits;

/// What a connection is about. The stream and the service of one connection share it.
#[derive(Debug)]
pub(super) struct Activity(Mutex<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// A request came with a body, which nobody reads.
    has_unread_body: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has come yet.
    Silent,
    /// Something of a request's head has come.
    Head,
    /// A request is being answered.
    Response,
    /// A response is out. The start of a next request that came in one piece with the one before
    /// is not seen here, so a head that ends there has the idle time.
    Idle,
}

impl Activity {
    pub(super) fn new() -> Self {
        let (phase, since) = (Phase::Silent, Instant::now());
        Activity(Mutex::new(State { phase, since, has_unread_body: false }))
    }

    /// A request is being answered until the returned value is dropped.
    pub(super) fn answer(this: &Arc<Self>, has_body: bool) -> Answering {
        this.enter(Phase::Response);
        this.state().has_unread_body |= has_body;
        Answering(Arc::clone(this))
    }

    /// Whether the last response is out and nothing of a next request has come.
    pub(super) fn is_idle(&self) -> bool {
        self.state().phase == Phase::Idle
    }

    fn received(&self) {
        if matches!(self.state().phase, Phase::Silent | Phase::Idle) {
            self.enter(Phase::Head);
        }
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = phase;
        state.since = Instant::now();
    }

    /// Whether the client may have sent something that nobody will read: a body, or a head that
    /// was refused before its end.
    fn may_have_left_something(&self) -> bool {
        let state = self.state();
        state.has_unread_body || state.phase == Phase::Head
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A response that is not out yet.
#[derive(Debug)]
pub(super) struct Answering(Arc<Activity>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

/// A stream whose waiting is bounded.
#[derive(Debug)]
pub(super) struct Timed<I> {
    stream: I,
    activity: Arc<Activity>,
    limits: Arc<Limits>,
    /// Runs to the end of the current phase.
    phase_end: Pin<Box<Sleep>>,
    /// Runs while the client takes nothing.
    stall_end: Pin<Box<Sleep>>,
    is_stalled: bool,
    /// Runs after our side is closed, while what the client still sends is thrown away.
    linger_end: Option<Pin<Box<Sleep>>>,
}

impl<I> Timed<I> {
    pub(super) fn new(stream: I, activity: Arc<Activity>, limits: Arc<Limits>) -> Self {
        let now = Instant::now();
        Timed {
            stream,
            activity,
            limits,
            phase_end: Box::pin(sleep_until(now)),
            stall_end: Box::pin(sleep_until(now)),
            is_stalled: false,
            linger_end: None,
        }
    }

    /// Ready with the error when the current phase has lasted too long.
    fn poll_phase_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let State { phase, since, .. } = *self.activity.state();
        let (limit, waited_for) = match phase {
            Phase::Silent => (self.limits.first_byte, "the first byte did not come in time"),
            Phase::Head => (self.limits.header, "the head of the request did not end in time"),
            Phase::Response => (self.limits.response, "the response was not taken in time"),
            Phase::Idle => (self.limits.idle, "no further request came in time"),
        };
        let deadline = since + limit;
        if self.phase_end.deadline() != deadline {
            self.phase_end.as_mut().reset(deadline);
        }
        self.phase_end.as_mut().poll(cx).map(|()| timed_out(waited_for))
    }
}

impl<I: AsyncWrite + Unpin> Timed<I> {
    /// Runs one step of writing and bounds how long it may make no progress.
    fn poll_out<T>(
        &mut self,
        cx: &mut Context<'_>,
        step: impl FnOnce(Pin<&mut I>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(progress) = step(Pin::new(&mut self.stream), cx) {
            self.is_stalled = false;
            return Poll::Ready(progress);
        }
        if !self.is_stalled {
            self.is_stalled = true;
            self.stall_end.as_mut().reset(Instant::now() + self.limits.write_stall);
        }
        if self.stall_end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(timed_out("the client took nothing of the response")));
        }
        self.poll_phase_end(cx).map(Err)
    }
}

impl<I: AsyncRead + Unpin> Timed<I> {
    /// Throws away what comes until the client closes too, or the time for it is over.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(end) = &mut self.linger_end else { return Poll::Ready(()) };
        // The time first: a client that sends without end never makes the reads wait.
        if end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut waste = [0; 4096];
        loop {
            let mut waste = ReadBuf::new(&mut waste);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut waste));
            if read.is_err() || waste.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Timed<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(read) => {
                if buf.filled().len() > before {
                    self.activity.received();
                }
                Poll::Ready(read)
            }
            Poll::Pending => self.poll_phase_end(cx).map(Err),
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Timed<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_out(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_out(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_out(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger_end.is_none() {
            ready!(self.poll_out(cx, |stream, cx| stream.poll_shutdown(cx)))?;
            if !self.activity.may_have_left_something() {
                return Poll::Ready(Ok(()));
            }
            self.linger_end = Some(Box::pin(sleep_until(Instant::now() + self.limits.linger)));
        }
        self.poll_linger(cx).map(Ok)
    }
}

fn timed_out(waited_for: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, waited_for)
}
