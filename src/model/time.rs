//! Time as a value. The pure middle gets moments handed in and never asks for one.

use std::sync::Arc;
use std::time::Duration;

/// One instant, told by two clocks.
///
/// Wall time is what users compare with their own; ages and deadlines are counted on the
/// monotonic clock, so that a step of the wall clock neither drops good data nor keeps old data.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Moment {
    /// Seconds since 1970-01-01 UTC.
    pub unix: f64,
    /// Time since a fixed but arbitrary start, monotonic.
    pub uptime: Duration,
}

impl Moment {
    /// The moment `later` after this one, on both clocks.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self { unix: self.unix + later.as_secs_f64(), uptime: self.uptime.saturating_add(later) }
    }
}

/// Where moments come from; made by the application, handed down to the pump.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clock {
    /// A clock that asks `now` each time.
    pub fn new(now: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
