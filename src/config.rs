//! The configuration: YAML as typed becomes [`Config`] as meant.
//!
//! Every setting is a flag, else an environment variable, else what the file says, else a
//! default. A value is checked where it is read, values against one another once all are merged.
//! Bad input is refused as a whole, with one line that says where and what to do.

mod document;
mod endpoint;
mod enrich;
mod error;
mod events;
mod external_url;
mod field;
mod file;
mod identity;
mod organization;
mod section;
mod sections;
mod sharding;
mod targets;
mod versions;
mod web_file;

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{PerInstance, PerProduct, Region};
use crate::serve::ListenAddress;

pub use self::endpoint::EndpointUrl;
pub use self::error::{Complaint, ConfigError, Origin};
pub use self::events::Events;
pub use self::external_url::{ExternalUrl, RoutePrefix};
pub use self::field::{Choice, HumanDuration};
pub use self::file::{FILE_LIMIT, Loader, load, parse};
pub use self::organization::Organization;
pub use self::section::{Given, HOST_NAME, Overrides};
pub use self::targets::{MOST_TARGETS, Regions, TargetSpec};
pub use self::web_file::{Contents, Loaded, RateLimit, Users, WebFile, WebLoader, check_web_text};

/// The longest pause of a target that is denied again and again. Data is served at least as long,
/// or every such pause would be a gap.
pub const MAX_BACKOFF: Duration = Duration::from_secs(30 * 60);

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// When AWS is asked.
    pub scan: Scan,
    /// What is asked besides the products and their instances.
    pub enrich: Enrich,
    /// Whether, and how often, the versions of products are asked for.
    pub versions: Option<Versions>,
    /// Which accounts and regions are scanned; with neither targets nor an organisation the
    /// ambient account and region.
    pub targets: Vec<TargetSpec>,
    /// The organisation whose accounts are scanned, if any.
    pub organization: Option<Organization>,
    /// Which part of the targets this process scans.
    pub shard: Shard,
    /// The queue that says what changed, if any.
    pub events: Option<Events>,
    /// Which series there are.
    pub metrics: Metrics,
    /// How AWS is called.
    pub aws: Aws,
    /// What is served.
    pub web: Web,
    /// Where what is known is kept over restarts.
    pub storage: Storage,
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
    /// Whether the next scan follows sooner or later than that by what the last one found.
    pub pace: Pace,
    /// Of a whole scan.
    pub timeout: Duration,
    /// Since data was last confirmed; then it is dropped. At least three intervals,
    /// [`MAX_BACKOFF`], and `max_age` where listings are reused that long.
    pub serve_stale_for: Duration,
    /// Since the start; then the exporter is ready even if a target was never tried.
    pub ready_after: Duration,
    /// Pages of one listing; more is taken for an endless list.
    pub max_pages: u32,
    /// When a stack set's instances are listed again.
    pub stack_instances: StackInstances,
}

/// How the time between two scans follows from what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Not at all.
    Fixed,
    /// Where something moves, soon; where there has been nothing for a day, late.
    Adaptive {
        /// While a product is UNDER_CHANGE or PLAN_IN_PROGRESS; no longer than the interval.
        busy: Duration,
        /// Where there is no product; no shorter than the interval.
        idle: Duration,
    },
}

/// When a stack set's instances are listed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackInstances {
    /// Always, or when something changed.
    pub refresh: Refresh,
    /// Since the last listing; then it is listed even if nothing changed. Without meaning where
    /// every scan lists.
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

/// What is asked about the versions of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// From one question about a product to the next.
    pub refresh: Duration,
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
    /// Begins with `/`; below [`Web::route_prefix`].
    pub telemetry_path: String,
    /// The URL under which people find it, if somebody says so.
    pub external_url: Option<ExternalUrl>,
    /// Before every path; that of [`Web::external_url`] if nothing else is said.
    pub route_prefix: RoutePrefix,
    /// Connections that are open at the same time.
    pub max_connections: usize,
    /// Scrapes that are answered at the same time.
    pub max_requests: usize,
    /// For running requests to end after a signal.
    pub drain_timeout: Duration,
    /// Whether POST may reload the configuration and start scans.
    pub enable_lifecycle: bool,
    /// TLS, headers, users and rate limit; none is plain HTTP for everybody.
    pub config_file: Option<PathBuf>,
    /// Whether `/-/ready` needs no login.
    pub unauthenticated_ready: bool,
    /// How much the page at `/` tells.
    pub status_page: StatusPage,
}

/// How much the page at `/` and its JSON tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPage {
    /// Links only; there is no JSON.
    Off,
    /// Everything but what AWS says of single products, which may quote parameters of a launch.
    Summary,
    /// Everything.
    Full,
}

/// Where what is known is kept over restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Storage {
    /// A directory of this process alone; none keeps nothing.
    pub path: Option<PathBuf>,
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

impl Choice for Refresh {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("changed", Self::Changed), ("always", Self::Always)];
}

impl Choice for StatusPage {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("summary", Self::Summary), ("full", Self::Full)];
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
        if let Some(refresh) = self.organization.as_ref().map(|organization| organization.refresh)
            && refresh < Duration::from_secs(60)
        {
            warnings.push(format!(
                "organization.refresh is {}: AWS Organizations throttles early, and everybody who \
                 asks it; in production choose 1m or more",
                human(refresh)
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
        if self.shard.total > 1 && self.events.as_ref().is_some_and(|events| !events.of_shard) {
            warnings.push(
                "each shard needs a queue of events of its own, since a message is given to one \
                 reader only; write {shard} into the name in events.queue_url, which becomes the \
                 shard's number, or give each process a file of its own"
                    .into(),
            );
        }
        if self.events.as_ref().is_some_and(|events| events.insecure) {
            warnings.push(
                "events.queue_url is plain http: session tokens cross the network unprotected"
                    .into(),
            );
        }
        warnings
    }
}

#[cfg(test)]
mod tests;
