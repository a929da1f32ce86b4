//! What a connection is about, as far as deadlines depend on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::frames::{Frames, Underway};

/// Shared by the stream, the service and the task of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    tired: CancellationToken,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// When it was accepted or, later, its handshake was over.
    began: Instant,
    /// Held until the first request; see `Server::strangers`.
    stranger: Option<Arc<()>>,
    /// HTTP/2: where in it the client is, and since when a frame or a head is not at its end.
    frames: Option<Frames>,
    part_since: Option<Instant>,
    /// Requests that are being answered, and how many of them have no answer yet.
    running: usize,
    thinking: usize,
    /// When the connection took bytes last, and when the client took some of a response. In HTTP/2
    /// these differ: a client that takes no response may still ask for one sign of life after the
    /// other.
    wrote: Instant,
    taken: Instant,
    /// Since when it is to end as soon as nothing is being answered.
    ending: Option<Instant>,
    /// A request came with a body, which nobody reads.
    has_unread_body: bool,
    /// The client has closed its side.
    is_at_end: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has come yet.
    Silent,
    /// Something of a request's head has come.
    Head,
    /// Requests are being answered.
    Response,
    /// A response is out. In HTTP/1 the start of a next request that came in one piece with the
    /// one before is not seen here, so a head that ends there has the idle time.
    Idle,
}

/// What a connection does to make room for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Departure {
    /// It stays.
    None,
    /// It says goodbye: the client has done nothing wrong.
    Graceful,
    /// It is gone.
    AtOnce,
}

impl Activity {
    pub(super) fn new(stranger: Arc<()>) -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            phase: Phase::Silent,
            since: now,
            began: now,
            stranger: Some(stranger),
            frames: None,
            part_since: None,
            running: 0,
            thinking: 0,
            wrote: now,
            taken: now,
            ending: None,
            has_unread_body: false,
            is_at_end: false,
        };
        Arc::new(Activity { state: Mutex::new(state), tired: CancellationToken::new() })
    }

    /// When the connection was accepted or, later, its handshake was over.
    pub(super) fn began(&self) -> Instant {
        self.state().began
    }

    /// The handshake is over: the client's first byte is due.
    pub(super) fn greeted(&self, speaks_http2: bool) {
        let mut state = self.state();
        state.enter(Phase::Silent);
        state.began = state.since;
        state.frames = speaks_http2.then(Frames::default);
    }

    /// A request is being answered until the returned value is dropped.
    pub(super) fn answer(this: &Arc<Self>, has_body: bool) -> Answering {
        let mut state = this.state();
        state.stranger = None;
        state.running += 1;
        state.thinking += 1;
        state.enter(Phase::Response);
        // In HTTP/2 a body that nobody wants ends with its stream.
        state.has_unread_body |= has_body && state.frames.is_none();
        Answering { activity: Arc::clone(this), is_thinking: true }
    }

    /// The client has sent something, or nothing more, which is its end.
    pub(super) fn received(&self, bytes: &[u8]) {
        let mut state = self.state();
        let State { frames, part_since, .. } = &mut *state;
        if bytes.is_empty() {
            state.is_at_end = true;
        } else if let Some(frames) = frames {
            match frames.follow(bytes) {
                Underway::Nothing => *part_since = None,
                Underway::TheSame => {}
                Underway::Another => *part_since = Some(Instant::now()),
            }
            if state.phase == Phase::Silent {
                state.enter(Phase::Head);
            }
        } else if matches!(state.phase, Phase::Silent | Phase::Idle) {
            state.enter(Phase::Head);
        }
    }

    /// The connection has taken bytes.
    pub(super) fn wrote(&self) {
        let mut state = self.state();
        state.wrote = Instant::now();
        if state.frames.is_none() {
            state.taken = state.wrote;
        }
    }

    /// The client does not take what it asked for: it is to ask no more here.
    pub(super) fn tire(&self) {
        self.tired.cancel();
    }

    /// Returns when the connection should end.
    pub(super) async fn tired(&self) {
        self.tired.cancelled().await;
    }

    /// It ends as soon as nothing is being answered.
    pub(super) fn end(&self) {
        self.state().ending.get_or_insert_with(Instant::now);
    }

    /// What the connection does while somebody waits for room. `is_flooded` as in [`super::Server`].
    pub(super) fn departure(&self, limits: &Limits, is_flooded: bool) -> Departure {
        let state = self.state();
        let since = match state.phase {
            Phase::Idle if is_flooded => return Departure::None,
            Phase::Idle => return Departure::Graceful,
            _ if state.stranger.is_some() => state.began,
            Phase::Silent | Phase::Head => state.since,
            Phase::Response if state.is_slow(limits) => return Departure::AtOnce,
            Phase::Response => return Departure::None,
        };
        match since.elapsed() > limits.patience_when_full {
            true => Departure::AtOnce,
            false => Departure::None,
        }
    }

    /// Whether an answer holds its place for longer than others can wait for it.
    pub(super) fn is_slow(&self, limits: &Limits) -> bool {
        self.state().is_slow(limits)
    }

    /// Until when the connection may be as it is, and the message when it was too long.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<(Instant, &'static str)> {
        let state = self.state();
        let of_phase = match state.phase {
            Phase::Silent => Some((limits.first_byte, "the first byte did not come in time")),
            Phase::Head => Some((limits.header, "the head of the request did not end in time")),
            Phase::Idle => Some((limits.idle, "no further request came in time")),
            // Each answer of HTTP/2 has a deadline of its own.
            Phase::Response if state.frames.is_some() => None,
            Phase::Response => Some((limits.response, "the response was not taken in time")),
        };
        let of_phase = of_phase.map(|(limit, message)| (state.since + limit, message));
        let of_part = state.part_since.map(|since| {
            (since + limits.header, "a frame or the head of a request did not end in time")
        });
        let of_end = state.ending.filter(|_| state.phase != Phase::Response).map(|ending| {
            let since = ending.max(state.since);
            let end = since.max(state.wrote) + limits.linger;
            (end.min(since + limits.header), "the client did not close in time")
        });
        [of_phase, of_part, of_end].into_iter().flatten().min_by_key(|(deadline, _)| *deadline)
    }

    /// Whether the client may have sent something that nobody will read: a body, or a head that
    /// was refused before its end. In HTTP/2 frames may be on their way at any time.
    pub(super) fn may_have_left_something(&self) -> bool {
        let state = self.state();
        let may_have = state.has_unread_body || state.phase == Phase::Head;
        !state.is_at_end && (may_have || state.frames.is_some())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the service takes for an answer is no fault of the client.
    fn is_slow(&self, limits: &Limits) -> bool {
        self.phase == Phase::Response
            && self.thinking == 0
            && (self.taken.elapsed() > limits.patience_when_full
                || self.since.elapsed() > limits.response_when_full)
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}

/// A response that is not out yet.
#[derive(Debug)]
pub(super) struct Answering {
    activity: Arc<Activity>,
    is_thinking: bool,
}

impl Answering {
    /// The response begins, or the client has taken some of it.
    pub(super) fn goes_on(&mut self) {
        let mut state = self.activity.state();
        state.taken = Instant::now();
        if std::mem::take(&mut self.is_thinking) {
            state.thinking -= 1;
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.running -= 1;
        if self.is_thinking {
            state.thinking -= 1;
        }
        if state.running == 0 {
            state.enter(Phase::Idle);
        }
    }
}
