//! How a client of HTTP/2 takes one answer of several.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::{Instant, sleep_until};

use super::Limits;

tokio::task_local! {
    /// hyper starts the task of an answer; so the body in it finds the one who watches.
    static PACE: Arc<Pace>;
}

/// What the body of an answer tells who watches its task.
pub(super) struct Pace {
    head: Instant,
    /// When the client took some of it last; `None` is before it begins.
    taken: Mutex<Option<Instant>>,
}

impl Pace {
    /// Runs the task of an answer. False when the client has taken nothing, or not everything, for
    /// too long; then it is dropped.
    pub(super) async fn watch(answer: impl Future<Output = ()>, limits: &Limits) -> bool {
        let pace = Arc::new(Pace { head: Instant::now(), taken: Mutex::new(None) });
        tokio::select! {
            () = PACE.scope(Arc::clone(&pace), answer) => true,
            () = pace.too_slow(limits) => false,
        }
    }

    /// That of the task in which this is called, unless it is a connection of HTTP/1.
    pub(super) fn of_this_task() -> Option<Arc<Pace>> {
        PACE.try_with(Arc::clone).ok()
    }

    /// The response begins, or the client has taken some of it.
    pub(super) fn goes_on(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    async fn too_slow(&self, limits: &Limits) {
        let a_while = limits.write_stall.min(limits.response);
        let mut deadline = self.head + a_while;
        loop {
            sleep_until(deadline).await;
            let (now, taken) =
                (Instant::now(), *self.taken.lock().unwrap_or_else(PoisonError::into_inner));
            deadline = match taken {
                // The time until it begins is the service's to bound.
                None => now + a_while,
                Some(taken) => (taken + limits.write_stall).min(self.head + limits.response),
            };
            if deadline <= now {
                return;
            }
        }
    }
}
