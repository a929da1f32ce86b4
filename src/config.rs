//! The configuration: YAML as typed becomes [`Config`] as meant.
//!
//! Every setting is a flag, else an environment variable, else what the file says, else a
//! default. A value is checked where it is read, values against one another once all are merged.
//! Bad input is refused as a whole, with one line that says where and what to do.

mod document;
mod endpoint;
mod error;
mod field;
mod file;
mod section;
mod targets;

use std::cmp::max;
use std::time::Duration;

use crate::model::{PerInstance, PerProduct, Region};
use crate::serve::ListenAddress;

pub use self::endpoint::EndpointUrl;
pub use self::error::{Complaint, ConfigError, Origin};
pub use self::field::{Choice, HumanDuration};
pub use self::file::{FILE_LIMIT, load, parse};
pub use self::section::{Given, Overrides};
pub use self::targets::{Organization, Regions, TargetSpec};

use self::document::Node;
use self::field::{ListenAddresses, TelemetryPath};
use self::section::{Section, any, within};

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// When AWS is asked.
    pub scan: Scan,
    /// What is asked besides the products and their instances.
    pub enrich: Enrich,
    /// Which accounts and regions are scanned; with neither targets nor an organisation the
    /// ambient account and region.
    pub targets: Vec<TargetSpec>,
    /// The organisation whose accounts are scanned, if any.
    pub organization: Option<Organization>,
    /// Which part of the targets this process scans.
    pub shard: Shard,
    /// Which series there are.
    pub metrics: Metrics,
    /// How AWS is called.
    pub aws: Aws,
    /// What is served.
    pub web: Web,
    /// What is logged.
    pub log: Log,
    /// The first 48 bits of the SHA-256 of the file with secrets left out; without a file, of
    /// the empty text.
    pub hash: u64,
}

/// When AWS is asked, and how long an answer counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// From the begin of one scan to the begin of the next.
    pub interval: Duration,
    /// Of a whole scan.
    pub timeout: Duration,
    /// Since data was last confirmed; then it is dropped. At least three intervals.
    pub serve_stale_for: Duration,
    /// Since the start; then the exporter is ready even if a target was never tried.
    pub ready_after: Duration,
    /// Pages of one listing; more is taken for an endless list.
    pub max_pages: u32,
    /// When a stack set's instances are listed again.
    pub stack_instances: StackInstances,
}

/// When a stack set's instances are listed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackInstances {
    /// Always, or when something changed.
    pub refresh: Refresh,
    /// Since the last listing; then it is listed even if nothing changed.
    pub max_age: Duration,
}

/// What makes a listing due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// A change of its product, a problem, or its age.
    Changed,
    /// Every scan.
    Always,
}

/// What is asked besides the products and their instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrich {
    /// Names of products and versions, the account behind an Account Factory product, tags.
    pub names_and_tags: bool,
    /// Tags to export, by their key in AWS: the label name without `tag_`. Sorted by label.
    pub tags: Vec<(String, String)>,
    /// The last record of products that are not AVAILABLE.
    pub records: bool,
}

/// Which part of the targets this process scans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub ordinal: u32,
    /// At least 1; 1 is everything.
    pub total: u32,
}

/// Which series there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    /// Products with series of their own.
    pub per_product: PerProduct,
    /// Stack instances with a series of their own.
    pub per_instance: PerInstance,
    /// Per-instance series of one target.
    pub max_instance_series: usize,
    /// Series of the whole process.
    pub max_series: usize,
}

/// How AWS is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Aws {
    /// None: as the AWS environment or profile says.
    pub region: Option<Region>,
    /// None: as the AWS environment or profile says.
    pub endpoint_url: Option<EndpointUrl>,
    /// Of one connection, name lookup and TLS included.
    pub connect_timeout: Duration,
    /// Of one HTTP attempt, connecting included; waiting for the rate limit is not.
    pub attempt_timeout: Duration,
    /// Attempts of one call when AWS fails; throttled calls repeat until the scan's timeout.
    pub max_attempts: u32,
    /// Of one account, region and operation; 0 turns the limit off.
    pub max_requests_per_second: f64,
    /// Calls that may go at once after a pause, before the rate counts.
    pub burst: u32,
    /// Calls in flight of one target.
    pub concurrency: usize,
    /// Calls in flight of the process.
    pub max_in_flight: usize,
}

/// What is served, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Web {
    /// At least one.
    pub listen_addresses: Vec<ListenAddress>,
    /// Begins with `/`.
    pub telemetry_path: String,
    /// For running requests to end after a signal.
    pub drain_timeout: Duration,
    /// Whether POST may reload the configuration and start scans.
    pub enable_lifecycle: bool,
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// From which severity on.
    pub level: LogLevel,
    /// In which form.
    pub format: LogFormat,
}

/// The least severe events that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What needs somebody now.
    Error,
    /// And what failed.
    Warn,
    /// And what an operator wants to know.
    Info,
    /// And each scan.
    Debug,
    /// And everything else.
    Trace,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Choice for LogLevel {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl Choice for LogFormat {
    const CHOICES: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

/// Which defaults count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaults {
    /// As the example file says.
    Production,
    /// For a simulated AWS that moves every few seconds and throttles nobody.
    Demo,
}

impl Config {
    /// The defaults, as without file, flags and variables.
    #[expect(clippy::expect_used, reason = "constants that the tests read")]
    pub fn defaults(defaults: Defaults) -> Self {
        file::parse("", "", &Overrides::new(), defaults).expect("the defaults are valid")
    }

    /// What is valid and still worth a second thought, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let Self { scan, aws, .. } = self;
        let human = HumanDuration;
        let mut warnings = Vec::new();
        if scan.interval < Duration::from_secs(30) {
            warnings.push(format!(
                "scan.interval is {}: AWS counts these calls against the quota that Account \
                 Factory and everybody's launches need; in production choose 30s or more",
                human(scan.interval)
            ));
        }
        if scan.timeout > scan.serve_stale_for {
            warnings.push(format!(
                "scan.timeout ({}) is longer than scan.serve_stale_for ({}): data may be dropped \
                 while a slow scan that would renew it still runs",
                human(scan.timeout),
                human(scan.serve_stale_for)
            ));
        }
        if aws.max_requests_per_second == 0.0 {
            warnings.push(
                "aws.max_requests_per_second is 0: nothing keeps the exporter from using up the \
                 quota that provisioning needs"
                    .into(),
            );
        }
        if aws.endpoint_url.as_ref().is_some_and(EndpointUrl::is_insecure) {
            warnings.push(
                "aws.endpoint_url is plain http: session tokens and answers cross the network \
                 unprotected"
                    .into(),
            );
        }
        warnings
    }
}

const SECTIONS: &[&str] = &["scan", "metrics", "aws", "web", "log"];
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Merges the document with what overrides it.
fn resolve(
    file: &str,
    document: &Node,
    hash: u64,
    overrides: &Overrides,
    defaults: Defaults,
) -> Result<Config, ConfigError> {
    let root = Section::root(file, document, overrides, SECTIONS)?;
    let (scan, timeout) = scan(&root, defaults)?;
    Ok(Config {
        scan,
        enrich: Enrich { records: true, ..Enrich::default() },
        targets: Vec::new(),
        organization: None,
        shard: Shard { ordinal: 0, total: 1 },
        metrics: metrics(&root)?,
        aws: aws(&root, defaults, &timeout)?,
        web: web(&root)?,
        log: log(&root)?,
        hash,
    })
}

type DurationSetting = section::Setting<HumanDuration>;

fn between(least: Duration, most: Duration) -> impl Fn(&HumanDuration) -> Result<(), Complaint> {
    within(HumanDuration(least)..=HumanDuration(most))
}

/// The timeout is returned as a setting too, for the checks of the shorter ones.
fn scan(root: &Section<'_>, defaults: Defaults) -> Result<(Scan, DurationSetting), ConfigError> {
    const KEYS: &[&str] = &["interval", "timeout", "serve_stale_for", "ready_after", "max_pages"];
    let scan = root.section("scan", KEYS)?;
    let demo = defaults == Defaults::Demo;
    let by_use = |production, of_demo| HumanDuration(if demo { of_demo } else { production });

    let interval = by_use(5 * MINUTE, 5 * SECOND);
    let interval = scan.setting("interval", interval, between(SECOND, DAY))?;
    let timeout = HumanDuration(max(interval.value.0, by_use(15 * MINUTE, 30 * SECOND).0));
    let timeout = scan.setting("timeout", timeout, between(Duration::from_millis(1), DAY))?;

    let three_intervals = HumanDuration(3 * interval.value.0);
    // No flag sets this one, and a demo should not need a file because its interval is changed.
    let stale = by_use(HOUR, max(5 * MINUTE, three_intervals.0));
    let serve_stale_for = scan.setting("serve_stale_for", stale, between(SECOND, 30 * DAY))?;
    if serve_stale_for.value < three_intervals {
        let remedy = format!(
            "set scan.serve_stale_for to {three_intervals} or more, or shorten the interval"
        );
        return Err(serve_stale_for.conflict("at least three times", &interval, remedy));
    }
    let ready_after = by_use(2 * MINUTE, 30 * SECOND);
    let settings = Scan {
        interval: interval.value.0,
        timeout: timeout.value.0,
        serve_stale_for: serve_stale_for.value.0,
        ready_after: scan.setting("ready_after", ready_after, between(SECOND, DAY))?.value.0,
        max_pages: scan.setting("max_pages", 10_000, within(1..=1_000_000))?.value,
        stack_instances: StackInstances { refresh: Refresh::Changed, max_age: 30 * MINUTE },
    };
    Ok((settings, timeout))
}

fn metrics(root: &Section<'_>) -> Result<Metrics, ConfigError> {
    const KEYS: &[&str] = &["per_product", "per_instance", "max_instance_series", "max_series"];
    const MOST: usize = 10_000_000;
    let metrics = root.section("metrics", KEYS)?;
    Ok(Metrics {
        per_product: metrics.setting("per_product", PerProduct::All, any)?.value,
        per_instance: metrics.setting("per_instance", PerInstance::Problems, any)?.value,
        max_instance_series: metrics
            .setting("max_instance_series", 10_000, within(0..=MOST))?
            .value,
        max_series: metrics.setting("max_series", 500_000, within(0..=MOST))?.value,
    })
}

fn aws(
    root: &Section<'_>,
    defaults: Defaults,
    scan_timeout: &DurationSetting,
) -> Result<Aws, ConfigError> {
    const KEYS: &[&str] = &[
        "region",
        "endpoint_url",
        "allow_insecure_endpoint",
        "connect_timeout",
        "attempt_timeout",
        "max_attempts",
        "max_requests_per_second",
        "burst",
        "concurrency",
        "max_in_flight",
    ];
    let aws = root.section("aws", KEYS)?;

    let endpoint_url = aws.optional("endpoint_url", any::<EndpointUrl>)?;
    let allow_insecure = aws.setting("allow_insecure_endpoint", false, any)?.value;
    if let Some(endpoint) = &endpoint_url
        && endpoint.value.is_insecure()
        && !allow_insecure
    {
        return Err(endpoint.refuse(
            "plain http to a host that is not loopback shows session tokens and answers to the network",
            "use https, or set aws.allow_insecure_endpoint: true if the way there is protected",
        ));
    }

    let positive = || between(Duration::from_millis(1), DAY);
    let seconds = |seconds| HumanDuration(Duration::from_secs(seconds));
    let attempt_timeout = aws.setting("attempt_timeout", seconds(10), positive())?;
    if attempt_timeout.value > scan_timeout.value {
        let remedy = "raise scan.timeout or shorten aws.attempt_timeout";
        return Err(attempt_timeout.conflict("at most", scan_timeout, remedy));
    }
    let connect_timeout = aws.setting("connect_timeout", seconds(3), positive())?;
    if connect_timeout.value > attempt_timeout.value {
        let remedy = "raise aws.attempt_timeout or shorten aws.connect_timeout";
        return Err(connect_timeout.conflict("at most", &attempt_timeout, remedy));
    }

    let max_in_flight = aws.setting("max_in_flight", 64, within(1..=10_000))?;
    let concurrency = aws.setting("concurrency", 2, within(1..=10_000))?;
    if concurrency.value > max_in_flight.value {
        let remedy = "raise aws.max_in_flight or lower aws.concurrency";
        return Err(concurrency.conflict("at most", &max_in_flight, remedy));
    }

    let (rate, burst) = match defaults {
        Defaults::Production => (5.0, 5),
        Defaults::Demo => (0.0, 5),
    };
    Ok(Aws {
        region: aws.optional("region", any)?.map(|setting| setting.value),
        endpoint_url: endpoint_url.map(|setting| setting.value),
        connect_timeout: connect_timeout.value.0,
        attempt_timeout: attempt_timeout.value.0,
        max_attempts: aws.setting("max_attempts", 5, within(1..=100))?.value,
        max_requests_per_second: aws.setting("max_requests_per_second", rate, call_rate)?.value,
        burst: aws.setting("burst", burst, within(1..=10_000))?.value,
        concurrency: concurrency.value,
        max_in_flight: max_in_flight.value,
    })
}

/// Off, or a rate at which a scan can end: one call in a hundred seconds to 10,000 a second.
fn call_rate(rate: &f64) -> Result<(), Complaint> {
    if *rate == 0.0 || (0.01..=10_000.0).contains(rate) {
        return Ok(());
    }
    let remedy = "choose from 0.01 to 10000, or 0 to turn the limit off";
    Err(Complaint::new(format!("{rate} is out of range"), remedy))
}

fn web(root: &Section<'_>) -> Result<Web, ConfigError> {
    const KEYS: &[&str] = &["listen_addresses", "telemetry_path", "drain_timeout"];
    const DRAIN: HumanDuration = HumanDuration(Duration::from_millis(900));
    let web = root.section("web", KEYS)?;
    let listen = match web.optional("listen_addresses", any::<ListenAddresses>)? {
        Some(setting) => setting.value,
        None => ListenAddresses::standard(),
    };
    let path = TelemetryPath("/metrics".into());
    Ok(Web {
        listen_addresses: listen.0,
        telemetry_path: web.setting("telemetry_path", path, any)?.value.0,
        drain_timeout: web
            .setting("drain_timeout", DRAIN, between(Duration::ZERO, 10 * MINUTE))?
            .value
            .0,
        enable_lifecycle: false,
    })
}

fn log(root: &Section<'_>) -> Result<Log, ConfigError> {
    let log = root.section("log", &["level", "format"])?;
    Ok(Log {
        level: log.setting("level", LogLevel::Info, any)?.value,
        format: log.setting("format", LogFormat::Text, any)?.value,
    })
}

#[cfg(test)]
mod tests;
