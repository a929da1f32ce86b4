//! Families of the daemon as a whole, in a registry of our own: the only home of that crate.

mod events;
mod storage;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{
    Encoder as _, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts,
    Registry, TextEncoder,
};

pub use self::events::EventMetrics;
pub use self::storage::StorageMetrics;
use crate::exposition::{Describe, Kind, Tail};
use crate::model::Operation;
use crate::version;

/// The text is rendered at most once in this time and shared by all scrapes meanwhile.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// Bounds of the duration of one AWS request, in seconds; fixed by the contract.
const DURATION_BUCKETS: [f64; 8] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A daemon that is scraped.
    Daemon,
    /// One scan into a file: families of the process and of HTTP would say nothing.
    OneScan,
}

macro_rules! families {
    ($($name:ident = $text:literal $kind:ident [$($label:literal),*], $help:literal, $notes:literal;)+) => {
        $(const $name: Describe = Describe {
            name: $text, kind: Kind::$kind, labels: &[$($label),*], help: $help, notes: $notes,
        };)+

        /// Every family of this registry, for the reference.
        #[must_use]
        pub fn describe() -> Vec<Describe> {
            vec![$($name),+]
        }
    };
}

families! {
    DURATION = "servicecatalog_aws_request_duration_seconds" Histogram ["operation"],
        "Duration of one HTTP request to AWS, waits for the rate limit and before retries excluded.",
        "From the first request on; buckets 0.05 0.1 0.25 0.5 1 2.5 5 10. Those of the event queue, which wait for messages, are not timed.";
    IN_FLIGHT = "servicecatalog_aws_requests_in_flight" Gauge [],
        "HTTP requests to AWS that are under way.", "Always; without those of the event queue, one of which always waits.";
    BUILD_INFO = "servicecatalog_exporter_build_info" Gauge ["version", "revision", "rustc", "target"],
        "What this exporter was built from; always 1.", "Always.";
    READY = "servicecatalog_exporter_ready" Gauge [],
        "Whether every initial target was tried once, or scan.ready_after has passed; never falls back.",
        "Always; what `/-/ready` answers.";
    TARGETS = "servicecatalog_exporter_targets" Gauge [],
        "Targets (account and region) that this process scans.", "Always.";
    TARGETS_CONFIGURED = "servicecatalog_exporter_targets_configured" Gauge [],
        "Targets (account and region) that are configured.",
        "Always; before sharding. Those that were found, in an organisation or by `regions: auto`, are counted too.";
    SHARD = "servicecatalog_exporter_shard_ordinal" Gauge [],
        "Which part of the targets this process scans, from 0.", "Always; 0 without sharding.";
    SHARDS = "servicecatalog_exporter_total_shards" Gauge [],
        "Into how many parts the targets are divided.", "Always; 1 without sharding.";
    DISCOVERY_SUCCESS = "servicecatalog_organization_discovery_success" Gauge [],
        "Whether the last attempt to read the accounts of the organisation succeeded.",
        "With `organization` only; 0 before the first. While it fails, the last list goes on.";
    DISCOVERY_TIMESTAMP = "servicecatalog_organization_discovery_last_success_timestamp_seconds" Gauge [],
        "Unix time at which the accounts of the organisation were last read with success.",
        "With `organization` only; 0 before the first success.";
    ACCOUNTS = "servicecatalog_organization_accounts" Gauge [],
        "ACTIVE accounts of the organisation that the configuration includes.",
        "With `organization` only, from the first success on.";
    RELOAD_SUCCESSFUL = "servicecatalog_exporter_config_last_reload_successful" Gauge [],
        "Whether the last attempt to load the configuration succeeded.",
        "Always. The web file counts too, if there is one: both must be good.";
    RELOAD_TIMESTAMP = "servicecatalog_exporter_config_last_reload_success_timestamp_seconds" Gauge [],
        "Unix time of the last successful load of the configuration.", "Always.";
    CONFIG_HASH = "servicecatalog_exporter_config_hash" Gauge [],
        "First 48 bits of the SHA-256 of the configuration file, secrets blanked.",
        "Always; without a file, of the empty text.";
    SIZE = "servicecatalog_exporter_exposition_size_bytes" Gauge [],
        "Uncompressed size of the published families of all targets.",
        "Always; the daemon's own families are not counted.";
    STORAGE_WRITTEN = "servicecatalog_exporter_storage_last_write_success_timestamp_seconds" Gauge [],
        "Unix time at which what is known was last kept on the disk.",
        "With `storage.path` only; 0 before the first time.";
    STORAGE_FAILURES = "servicecatalog_exporter_storage_write_failures_total" Counter [],
        "Attempts to keep what is known on the disk that failed.",
        "With `storage.path` only; 0 from the start. What was kept before stays.";
    STORAGE_SIZE = "servicecatalog_exporter_storage_size_bytes" Gauge [],
        "Size of what is kept on the disk.",
        "With `storage.path` only, from the first time on that it was kept.";
    EVENTS_RECEIVED = "servicecatalog_exporter_events_received_total" Counter [],
        "Messages that were read from the queue of events, whatever they say.",
        "With `events` only. One that is delivered twice is counted twice.";
    EVENTS_IGNORED = "servicecatalog_exporter_events_ignored_total" Counter ["reason"],
        "Messages from the queue of events that let no target be scanned.",
        "With `events` only. A message that several would fit has the first of the reasons below.";
    EVENTS_LAG = "servicecatalog_exporter_events_lag_seconds" Gauge [],
        "How long the newest message of the last ones that came had been in the queue.",
        "With `events` only, from the first message on. By the time at which the queue got it, not by what it says.";
    EVENTS_SUCCESS = "servicecatalog_exporter_events_last_receive_success_timestamp_seconds" Gauge [],
        "Unix time at which the queue of events last answered, with messages or without.",
        "With `events` only; 0 before the first answer. At most about 20 seconds ago while all is well.";
    EVENTS_FAILURES = "servicecatalog_exporter_events_receive_failures_total" Counter ["reason"],
        "Attempts to read the queue of events, or to take messages from it, that failed.",
        "With `events` only, from the first such failure on. Scans go on by their interval.";
    HTTP_REQUESTS = "servicecatalog_exporter_http_requests_total" Counter ["handler", "code"],
        "HTTP requests that were answered.",
        "From the first such answer on. Handlers: metrics, landing, status, docs, healthy, ready, reload, scan, other. Not in the output of `scan`.";
}

/// The daemon's own figures.
#[derive(Debug)]
pub struct SelfMetrics {
    registry: Registry,
    durations: Vec<(Operation, Histogram)>,
    in_flight: IntGauge,
    ready: IntGauge,
    targets: IntGauge,
    targets_configured: IntGauge,
    shard: IntGauge,
    shards: IntGauge,
    organization: Organization,
    storage: StorageMetrics,
    events: EventMetrics,
    reload_successful: IntGauge,
    reload_timestamp: Gauge,
    config_hash: IntGauge,
    size: IntGauge,
    http_requests: Option<IntCounterVec>,
    tail: Mutex<Option<(Instant, Arc<Tail>)>>,
}

/// What discovery says of the organisation.
#[derive(Debug)]
struct Organization {
    configured: AtomicBool,
    known: AtomicBool,
    success: IntGauge,
    timestamp: Gauge,
    accounts: IntGauge,
}

impl Organization {
    /// Whether a family is there at all.
    fn shows(&self, family: &str) -> bool {
        let configured = self.configured.load(Ordering::Relaxed);
        match family {
            _ if family == ACCOUNTS.name => configured && self.known.load(Ordering::Relaxed),
            _ if family == DISCOVERY_SUCCESS.name || family == DISCOVERY_TIMESTAMP.name => {
                configured
            }
            _ => true,
        }
    }
}

fn opts(family: &Describe) -> Opts {
    Opts::new(family.name, family.help)
}

impl SelfMetrics {
    /// The figures, all at their beginning.
    ///
    /// # Panics
    /// Never: the names are constants, valid and different; a test makes one of each scope.
    #[must_use]
    #[allow(clippy::expect_used, reason = "constants that a test registers")]
    pub fn new(scope: Scope) -> Self {
        Self::try_new(scope).expect("the constants name valid, different families")
    }

    fn try_new(scope: Scope) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let gauge = |family: &Describe| {
            let gauge = IntGauge::with_opts(opts(family))?;
            registry.register(Box::new(gauge.clone()))?;
            prometheus::Result::Ok(gauge)
        };
        let build = opts(&BUILD_INFO)
            .const_label("version", version::VERSION)
            .const_label("revision", version::REVISION)
            .const_label("rustc", version::RUSTC)
            .const_label("target", version::TARGET);
        let build = IntGauge::with_opts(build)?;
        build.set(1);
        registry.register(Box::new(build))?;
        let reload_timestamp = Gauge::with_opts(opts(&RELOAD_TIMESTAMP))?;
        registry.register(Box::new(reload_timestamp.clone()))?;
        let discovered = Gauge::with_opts(opts(&DISCOVERY_TIMESTAMP))?;
        registry.register(Box::new(discovered.clone()))?;
        let shards = gauge(&SHARDS)?;
        shards.set(1);
        let durations = HistogramOpts::new(DURATION.name, DURATION.help);
        let durations = durations.buckets(DURATION_BUCKETS.to_vec());
        let durations = HistogramVec::new(durations, DURATION.labels)?;
        registry.register(Box::new(durations.clone()))?;
        let http_requests = match scope {
            Scope::OneScan => None,
            Scope::Daemon => {
                #[cfg(target_os = "linux")]
                registry.register(Box::new(
                    prometheus::process_collector::ProcessCollector::for_self(),
                ))?;
                let requests = IntCounterVec::new(opts(&HTTP_REQUESTS), HTTP_REQUESTS.labels)?;
                registry.register(Box::new(requests.clone()))?;
                Some(requests)
            }
        };
        // Looked up once: a scrape would wait for whoever adds a series meanwhile.
        let by_operation = Operation::ALL
            .iter()
            .map(|&operation| (operation, durations.with_label_values(&[operation.as_str()])))
            .collect();
        Ok(Self {
            in_flight: gauge(&IN_FLIGHT)?,
            ready: gauge(&READY)?,
            targets: gauge(&TARGETS)?,
            targets_configured: gauge(&TARGETS_CONFIGURED)?,
            shard: gauge(&SHARD)?,
            shards,
            organization: Organization {
                configured: AtomicBool::new(false),
                known: AtomicBool::new(false),
                success: gauge(&DISCOVERY_SUCCESS)?,
                timestamp: discovered,
                accounts: gauge(&ACCOUNTS)?,
            },
            storage: StorageMetrics::new(&registry)?,
            events: EventMetrics::new(&registry)?,
            reload_successful: gauge(&RELOAD_SUCCESSFUL)?,
            config_hash: gauge(&CONFIG_HASH)?,
            size: gauge(&SIZE)?,
            reload_timestamp,
            durations: by_operation,
            http_requests,
            registry,
            tail: Mutex::new(None),
        })
    }

    /// The text of these families, at most a second old.
    #[must_use]
    pub fn tail(&self) -> Arc<Tail> {
        let mut tail = self.lock();
        match &*tail {
            Some((rendered, tail)) if rendered.elapsed() < FRESH_FOR => Arc::clone(tail),
            _ => {
                let fresh = Arc::new(Tail::new(self.render()));
                *tail = Some((Instant::now(), Arc::clone(&fresh)));
                fresh
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Arc<Tail>)>> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text of these families as of now.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let mut families = self.registry.gather();
        // A histogram that observed nothing is not there yet.
        for family in &mut families {
            if family.name() == DURATION.name {
                family.mut_metric().retain(|metric| metric.get_histogram().get_sample_count() > 0);
            }
        }
        families.retain(|family| {
            let shown = self.organization.shows(family.name())
                && self.storage.shows(family.name())
                && self.events.shows(family.name());
            shown && !family.get_metric().is_empty()
        });
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&families, &mut text) {
            tracing::error!(%error, "the daemon's own families cannot be written");
            text.clear();
        }
        text
    }

    /// A request was answered.
    pub fn count_http(&self, handler: &'static str, code: u16) {
        if let Some(requests) = &self.http_requests {
            requests.with_label_values(&[handler, code.to_string().as_str()]).inc();
        }
    }

    /// Times one request to AWS until the timer is dropped.
    #[must_use]
    pub fn attempt(self: &Arc<Self>, operation: Operation) -> AttemptTimer {
        self.in_flight.inc();
        AttemptTimer { metrics: Arc::clone(self), operation, begun: Instant::now(), sent: true }
    }

    /// The process became ready.
    pub fn set_ready(&self) {
        self.ready.set(1);
    }

    /// So many targets are scanned, of so many that are configured.
    pub fn set_targets(&self, scanned: usize, configured: usize) {
        self.targets.set(i64::try_from(scanned).unwrap_or(i64::MAX));
        self.targets_configured.set(i64::try_from(configured).unwrap_or(i64::MAX));
    }

    /// This process scans that part of so many.
    pub fn set_shard(&self, ordinal: u32, total: u32) {
        self.shard.set(ordinal.into());
        self.shards.set(total.into());
    }

    /// Whether there is an organisation to discover; where there is none, what was known of one
    /// before is forgotten.
    pub fn set_organization(&self, configured: bool) {
        self.organization.configured.store(configured, Ordering::Relaxed);
        if !configured {
            self.organization.known.store(false, Ordering::Relaxed);
            self.organization.success.set(0);
            self.organization.timestamp.set(0.0);
        }
    }

    /// The accounts of the organisation were read at that Unix time.
    pub fn organization_discovered(&self, unix: f64) {
        self.organization.known.store(true, Ordering::Relaxed);
        self.organization.success.set(1);
        self.organization.timestamp.set(unix);
    }

    /// So many of them are included.
    pub fn set_organization_accounts(&self, accounts: usize) {
        self.organization.accounts.set(i64::try_from(accounts).unwrap_or(i64::MAX));
    }

    /// They could not be read.
    pub fn organization_failed(&self) {
        self.organization.success.set(0);
    }

    /// Whether the last attempts to read the configuration and the web file all succeeded; while
    /// one is refused, the one before stays.
    pub fn set_reload_successful(&self, successful: bool) {
        self.reload_successful.set(successful.into());
    }

    /// A configuration was loaded at that Unix time.
    pub fn config_loaded(&self, unix: f64, hash: u64) {
        self.reload_timestamp.set(unix);
        self.config_hash.set(i64::try_from(hash).unwrap_or(i64::MAX));
    }

    /// How keeping what is known on the disk fares.
    #[must_use]
    pub fn storage(&self) -> &StorageMetrics {
        &self.storage
    }

    /// What the queue of events brings.
    #[must_use]
    pub fn events(&self) -> &EventMetrics {
        &self.events
    }

    /// A body of that plain size was published.
    pub fn set_exposition_size(&self, bytes: u64) {
        self.size.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

/// One request to AWS under way; dropped when it ended, however it did.
#[derive(Debug)]
pub struct AttemptTimer {
    metrics: Arc<SelfMetrics>,
    operation: Operation,
    begun: Instant,
    sent: bool,
}

impl AttemptTimer {
    /// It failed before a request left the process: there is no duration.
    pub fn never_sent(&mut self) {
        self.sent = false;
    }
}

impl Drop for AttemptTimer {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
        if !self.sent {
            return;
        }
        let histogram = self.metrics.durations.iter().find(|(known, _)| *known == self.operation);
        if let Some((_, histogram)) = histogram {
            histogram.observe(self.begun.elapsed().as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests;
