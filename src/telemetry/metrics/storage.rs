//! What is kept on the disk, where that is wanted.

use std::sync::atomic::{AtomicBool, Ordering};

use prometheus::{Gauge, IntCounter, IntGauge, Registry};

use super::{STORAGE_FAILURES, STORAGE_SIZE, STORAGE_WRITTEN, opts};

/// How keeping what is known on the disk fares.
#[derive(Debug)]
pub struct StorageMetrics {
    configured: AtomicBool,
    written: Gauge,
    failures: IntCounter,
    size: IntGauge,
}

impl StorageMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Self {
            configured: AtomicBool::new(false),
            written: Gauge::with_opts(opts(&STORAGE_WRITTEN))?,
            failures: IntCounter::with_opts(opts(&STORAGE_FAILURES))?,
            size: IntGauge::with_opts(opts(&STORAGE_SIZE))?,
        };
        registry.register(Box::new(metrics.written.clone()))?;
        registry.register(Box::new(metrics.failures.clone()))?;
        registry.register(Box::new(metrics.size.clone()))?;
        Ok(metrics)
    }

    /// Whether a family is there at all.
    pub(super) fn shows(&self, family: &str) -> bool {
        let configured = self.configured.load(Ordering::Relaxed);
        match family {
            _ if family == STORAGE_SIZE.name => configured && self.size.get() > 0,
            _ if family == STORAGE_WRITTEN.name || family == STORAGE_FAILURES.name => configured,
            _ => true,
        }
    }

    /// There is a directory to keep it in.
    pub fn configured(&self) {
        self.configured.store(true, Ordering::Relaxed);
    }

    /// It was kept at that Unix time, and takes so many bytes.
    pub fn kept(&self, unix: f64, bytes: u64) {
        self.written.set(unix);
        self.size.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// It could not be kept.
    pub fn failed(&self) {
        self.failures.inc();
    }
}
