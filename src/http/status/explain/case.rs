//! What an answer is made of, and how it speaks of time.

use std::time::Duration;

use crate::http::status::time::{between, span, utc};
use crate::model::{Kept, Moment};
use crate::snapshot::Snapshot;

/// What an answer is made of.
pub(super) struct Case<'s> {
    pub(super) snapshot: &'s Snapshot,
    /// What the limits left of each target.
    pub(super) kept: &'s [Option<Kept>],
    pub(super) now: Moment,
    /// Whether it tells what AWS says of single products.
    pub(super) full: bool,
}

impl Case<'_> {
    /// A time and how far it is: `2026-11-28T00:05:12Z (3 min ago)`.
    pub(super) fn when(&self, unix: f64) -> String {
        let Some(time) = utc(unix) else { return "a time that is none".to_owned() };
        let now = self.now.unix;
        match unix > now {
            true => format!("{time} (in {})", span(between(now, unix))),
            false => format!("{time} ({} ago)", span(between(unix, now))),
        }
    }

    /// The same of a time on the monotonic clock.
    pub(super) fn when_up(&self, uptime: Duration) -> String {
        self.when(self.unix_of(uptime))
    }

    pub(super) fn unix_of(&self, uptime: Duration) -> f64 {
        self.now.unix + uptime.as_secs_f64() - self.now.uptime.as_secs_f64()
    }
}

/// `1 product`, `2 products`.
pub(super) fn many(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
