//! A stream that never waits without a deadline.
//!
//! hyper reads and writes through [`Timed`]; the service tells [`Activity`] when a request is
//! being answered. Whatever the connection waits for, one deadline of [`Limits`] applies, and when
//! it has passed the read or write fails with [`io::ErrorKind::TimedOut`], which ends the
//! connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Limits;
use super::activity::Activity;

/// A stream whose waiting is bounded.
#[derive(Debug)]
pub(super) struct Timed<I> {
    stream: I,
    activity: Arc<Activity>,
    limits: Arc<Limits>,
    /// Wakes the connection when its deadline has passed.
    deadline: Timer,
    /// Wakes it when the client has taken nothing for too long.
    stall_end: Timer,
    /// Since when it takes nothing.
    stalled: Option<Instant>,
    /// Runs after our side is closed, while what the client still sends is thrown away.
    linger_end: Option<Pin<Box<Sleep>>>,
}

/// A timer whose deadline moves away with each request, and with each write that must wait. To set it
/// each time would be most of what it costs, so it is set anew when it rings too early.
#[derive(Debug)]
struct Timer(Pin<Box<Sleep>>);

impl Timer {
    fn new() -> Self {
        Timer(Box::pin(sleep_until(Instant::now())))
    }

    /// Ready when `deadline` has passed.
    fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.0.deadline() > deadline {
                self.0.as_mut().reset(deadline);
            }
            ready!(self.0.as_mut().poll(cx));
            if self.0.deadline() >= deadline {
                return Poll::Ready(());
            }
            self.0.as_mut().reset(deadline);
        }
    }
}

impl<I> Timed<I> {
    pub(super) fn new(stream: I, activity: Arc<Activity>, limits: Arc<Limits>) -> Self {
        Timed {
            stream,
            activity,
            limits,
            deadline: Timer::new(),
            stall_end: Timer::new(),
            stalled: None,
            linger_end: None,
        }
    }

    /// Ready with the error when what the connection is about has lasted too long.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some((deadline, message)) = self.activity.deadline(&self.limits) else {
            return Poll::Pending;
        };
        // By the clock, since tokio's timers rest when a task has done much at once: a client that
        // sends without end would never be late.
        if deadline <= Instant::now() {
            return Poll::Ready(timed_out(message));
        }
        self.deadline.poll(deadline, cx).map(|()| timed_out(message))
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
            if self.stalled.take().is_some() {
                self.activity.wrote();
            }
            return Poll::Ready(progress);
        }
        let stalled = *self.stalled.get_or_insert_with(Instant::now);
        if self.stall_end.poll(stalled + self.limits.write_stall, cx).is_ready() {
            return Poll::Ready(Err(timed_out("the client took nothing of the response")));
        }
        self.poll_deadline(cx).map(Err)
    }

    fn note(&self, written: io::Result<usize>) -> io::Result<usize> {
        if matches!(written, Ok(1..)) {
            self.activity.wrote();
        }
        written
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
        let (before, is_room) = (buf.filled().len(), buf.remaining() > 0);
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                if let Some(bytes) = buf.filled().get(before..).filter(|_| is_room) {
                    self.activity.received(bytes);
                }
                match self.poll_deadline(cx) {
                    Poll::Ready(late) => Poll::Ready(Err(late)),
                    Poll::Pending => Poll::Ready(Ok(())),
                }
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.poll_deadline(cx).map(Err),
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Timed<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.poll_out(cx, |stream, cx| stream.poll_write(cx, buf)));
        Poll::Ready(self.note(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.poll_out(cx, |stream, cx| stream.poll_write_vectored(cx, bufs)));
        Poll::Ready(self.note(written))
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
