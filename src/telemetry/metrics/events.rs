//! What the queue of events brings, and whether it can be read.

use std::sync::atomic::{AtomicBool, Ordering};

use prometheus::{Gauge, IntCounter, IntCounterVec, Registry};

use super::{EVENTS_FAILURES, EVENTS_IGNORED, EVENTS_LAG, EVENTS_RECEIVED, EVENTS_SUCCESS, opts};
use crate::model::{Ignored, Reason};

/// The figures of the queue of events.
#[derive(Debug)]
pub struct EventMetrics {
    configured: AtomicBool,
    known: AtomicBool,
    received: IntCounter,
    ignored: Vec<IntCounter>,
    lag: Gauge,
    success: Gauge,
    failures: IntCounterVec,
}

impl EventMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let received = IntCounter::with_opts(opts(&EVENTS_RECEIVED))?;
        registry.register(Box::new(received.clone()))?;
        let ignored = IntCounterVec::new(opts(&EVENTS_IGNORED), EVENTS_IGNORED.labels)?;
        registry.register(Box::new(ignored.clone()))?;
        let lag = Gauge::with_opts(opts(&EVENTS_LAG))?;
        registry.register(Box::new(lag.clone()))?;
        let success = Gauge::with_opts(opts(&EVENTS_SUCCESS))?;
        registry.register(Box::new(success.clone()))?;
        let failures = IntCounterVec::new(opts(&EVENTS_FAILURES), EVENTS_FAILURES.labels)?;
        registry.register(Box::new(failures.clone()))?;
        let of = |reason: &Ignored| ignored.with_label_values(&[reason.as_str()]);
        Ok(Self {
            configured: AtomicBool::new(false),
            known: AtomicBool::new(false),
            received,
            ignored: Ignored::ALL.iter().map(of).collect(),
            lag,
            success,
            failures,
        })
    }

    /// Whether a family is there at all.
    pub(super) fn shows(&self, family: &str) -> bool {
        let configured = self.configured.load(Ordering::Relaxed);
        match family {
            _ if family == EVENTS_LAG.name => configured && self.known.load(Ordering::Relaxed),
            _ if family.starts_with("servicecatalog_exporter_events_") => configured,
            _ => true,
        }
    }

    /// There is a queue to read.
    pub fn configured(&self) {
        self.configured.store(true, Ordering::Relaxed);
    }

    /// The queue answered at that Unix time with so many messages, of which the newest had been in
    /// it for so many seconds.
    pub fn received(&self, messages: usize, unix: f64, lag: Option<f64>) {
        self.success.set(unix);
        self.received.inc_by(u64::try_from(messages).unwrap_or(u64::MAX));
        if let Some(lag) = lag {
            self.lag.set(lag);
            self.known.store(true, Ordering::Relaxed);
        }
    }

    /// A message lets no target be scanned.
    pub fn ignored(&self, reason: Ignored) {
        if let Some(counter) = self.ignored.get(reason.index()) {
            counter.inc();
        }
    }

    /// The queue could not be read, or messages not be taken from it.
    pub fn failed(&self, reason: Reason) {
        self.failures.with_label_values(&[reason.as_str()]).inc();
    }
}
