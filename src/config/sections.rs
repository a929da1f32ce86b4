//! What each section holds, its defaults, and what its values must be beside one another.

use std::cmp::max;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::document::Node;
use super::endpoint::EndpointUrl;
use super::enrich::enrich;
use super::error::{Complaint, ConfigError, Origin};
use super::events::events;
use super::external_url::ExternalUrl;
use super::field::{Choice, FileName, HumanDuration, ListenAddresses, TelemetryPath};
use super::organization::organization;
use super::section::{Overrides, Section, Setting, any, within};
use super::sharding::sharding;
use super::targets::{refuse_several_regions, targets};
use super::versions::versions;
use super::{
    Aws, Config, Defaults, Log, LogFormat, LogLevel, MAX_BACKOFF, Metrics, Pace, Refresh, Scan,
    StackInstances, StatusPage, Storage, Web,
};
use crate::model::{PerInstance, PerProduct};

/// The keys of the document.
pub const SECTIONS: &[&str] = &[
    "scan",
    "enrich",
    "versions",
    "targets",
    "organization",
    "sharding",
    "events",
    "metrics",
    "aws",
    "web",
    "storage",
    "log",
];

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(60 * 60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Merges the document with what overrides it.
pub fn resolve(
    file: &str,
    document: &Node,
    hash: u64,
    overrides: &Overrides,
    defaults: Defaults,
) -> Result<Config, ConfigError> {
    let root = Section::root(file, document, overrides, SECTIONS)?;
    let (scan, timeout) = scan(&root, defaults)?;
    let (aws, endpoint, allow_insecure) = aws(&root, defaults, &timeout)?;
    let targets = targets(&root, aws.region.as_ref())?;
    let organization = organization(&root)?;
    if let Some(endpoint) = endpoint {
        refuse_several_regions(&endpoint, &targets, organization.as_ref(), aws.region.as_ref())?;
    }
    let shard = sharding(&root)?;
    Ok(Config {
        scan,
        enrich: enrich(&root)?,
        versions: versions(&root)?,
        targets,
        organization,
        shard,
        events: events(&root, shard.ordinal, allow_insecure)?,
        metrics: metrics(&root)?,
        aws,
        web: web(&root)?,
        storage: storage(&root)?,
        log: log(&root)?,
        hash,
    })
}

type DurationSetting = Setting<HumanDuration>;

pub fn between(
    least: Duration,
    most: Duration,
) -> impl Fn(&HumanDuration) -> Result<(), Complaint> {
    within(HumanDuration(least)..=HumanDuration(most))
}

/// The timeout is returned as a setting too, for the checks of the shorter ones.
fn scan(root: &Section<'_>, defaults: Defaults) -> Result<(Scan, DurationSetting), ConfigError> {
    const KEYS: &[&str] = &[
        "interval",
        "pace",
        "busy_interval",
        "idle_interval",
        "timeout",
        "serve_stale_for",
        "ready_after",
        "max_pages",
        "stack_instances",
    ];
    let scan = root.section("scan", KEYS)?;
    let demo = defaults == Defaults::Demo;
    let by_use = |production, of_demo| HumanDuration(if demo { of_demo } else { production });

    let interval = by_use(5 * MINUTE, 5 * SECOND);
    let interval = scan.setting("interval", interval, between(SECOND, DAY))?;
    let timeout = HumanDuration(max(interval.value.0, by_use(15 * MINUTE, 30 * SECOND).0));
    let timeout = scan.setting("timeout", timeout, between(Duration::from_millis(1), DAY))?;

    let (pace, idle) = pace(&scan, &interval)?;
    let (stack_instances, max_age) = stack_instances(&scan)?;
    let ready_after = by_use(2 * MINUTE, 30 * SECOND);
    let settings = Scan {
        interval: interval.value.0,
        pace,
        timeout: timeout.value.0,
        serve_stale_for: serve_stale_for(&scan, defaults, &interval, &idle, &max_age)?,
        ready_after: scan.setting("ready_after", ready_after, between(SECOND, DAY))?.value.0,
        max_pages: scan.setting("max_pages", 10_000, within(1..=1_000_000))?.value,
        stack_instances,
    };
    Ok((settings, timeout))
}

/// The interval of idle targets is returned as a setting too, if it counts.
fn pace(
    scan: &Section<'_>,
    interval: &DurationSetting,
) -> Result<(Pace, Option<DurationSetting>), ConfigError> {
    let adaptive = scan.setting("pace", Word::Fixed, any)?.value == Word::Adaptive;
    let busy = HumanDuration(MINUTE.min(interval.value.0));
    let busy = scan.setting("busy_interval", busy, between(SECOND, DAY))?;
    let idle = HumanDuration(max(30 * MINUTE, interval.value.0));
    let idle = scan.setting("idle_interval", idle, between(SECOND, DAY))?;
    if !adaptive {
        return Ok((Pace::Fixed, None));
    }
    if busy.value > interval.value {
        let remedy = format!("set scan.busy_interval to {} or less", interval.value);
        return Err(busy.conflict("at most", interval, remedy));
    }
    if idle.value < interval.value {
        let remedy = format!("set scan.idle_interval to {} or more", interval.value);
        return Err(idle.conflict("at least", interval, remedy));
    }
    Ok((Pace::Adaptive { busy: busy.value.0, idle: idle.value.0 }, Some(idle)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Fixed,
    Adaptive,
}

impl Choice for Word {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("fixed", Self::Fixed), ("adaptive", Self::Adaptive)];
}

/// The age that counts is returned as a setting too, if one does.
fn stack_instances(
    scan: &Section<'_>,
) -> Result<(StackInstances, Option<DurationSetting>), ConfigError> {
    let section = scan.section("stack_instances", &["refresh", "max_age"])?;
    let refresh = section.setting("refresh", Refresh::Changed, any)?.value;
    let max_age = HumanDuration(30 * MINUTE);
    let max_age = section.setting("max_age", max_age, between(SECOND, 30 * DAY))?;
    let settings = StackInstances { refresh, max_age: max_age.value.0 };
    Ok((settings, (refresh == Refresh::Changed).then_some(max_age)))
}

fn serve_stale_for(
    scan: &Section<'_>,
    defaults: Defaults,
    interval: &DurationSetting,
    idle: &Option<DurationSetting>,
    max_age: &Option<DurationSetting>,
) -> Result<Duration, ConfigError> {
    let three_intervals = HumanDuration(3 * interval.value.0);
    let default = match defaults {
        Defaults::Production => HOUR,
        // No flag sets this one, and a demo should not need a file because its interval is changed.
        Defaults::Demo => max(MAX_BACKOFF, three_intervals.0),
    };
    let allowed = |value: &HumanDuration| {
        if value.0 < MAX_BACKOFF {
            let longest = HumanDuration(MAX_BACKOFF);
            let what = format!(
                "{value} is shorter than {longest}, the longest pause before a target that fails \
                 is tried again"
            );
            return Err(Complaint::new(what, format!("choose from {longest} to 30d")));
        }
        between(MAX_BACKOFF, 30 * DAY)(value)
    };
    let stale = scan.setting("serve_stale_for", HumanDuration(default), allowed)?;
    if stale.value < three_intervals {
        let remedy = format!(
            "set scan.serve_stale_for to {three_intervals} or more, or shorten the interval"
        );
        return Err(stale.conflict("at least three times", interval, remedy));
    }
    // An idle target whose scan fails is scanned at the interval again; two of those may fail.
    let longest = |idle: &DurationSetting| HumanDuration(idle.value.0 + 2 * interval.value.0);
    if let Some(idle) = idle.as_ref().filter(|idle| stale.value < longest(idle)) {
        let longest = longest(idle);
        let remedy =
            format!("set scan.serve_stale_for to {longest} or more, or shorten the interval");
        return Err(stale.conflict("two intervals more than", idle, remedy));
    }
    if let Some(max_age) = max_age.as_ref().filter(|max_age| stale.value < max_age.value) {
        let remedy =
            format!("set scan.serve_stale_for to {} or more, or shorten the age", max_age.value);
        return Err(stale.conflict("at least", max_age, remedy));
    }
    Ok(stale.value.0)
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

/// The endpoint is returned as a setting too, for the check of the regions; and whether plain http
/// is allowed.
fn aws(
    root: &Section<'_>,
    defaults: Defaults,
    scan_timeout: &DurationSetting,
) -> Result<(Aws, Option<Setting<EndpointUrl>>, bool), ConfigError> {
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
    let settings = Aws {
        region: aws.optional("region", any)?.map(|setting| setting.value),
        endpoint_url: endpoint_url.as_ref().map(|setting| setting.value.clone()),
        connect_timeout: connect_timeout.value.0,
        attempt_timeout: attempt_timeout.value.0,
        max_attempts: aws.setting("max_attempts", 5, within(1..=100))?.value,
        max_requests_per_second: aws.setting("max_requests_per_second", rate, call_rate)?.value,
        burst: aws.setting("burst", burst, within(1..=10_000))?.value,
        concurrency: concurrency.value,
        max_in_flight: max_in_flight.value,
    };
    Ok((settings, endpoint_url, allow_insecure))
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
    const KEYS: &[&str] = &[
        "listen_addresses",
        "telemetry_path",
        "external_url",
        "route_prefix",
        "max_connections",
        "max_requests",
        "drain_timeout",
        "enable_lifecycle",
        "config_file",
        "unauthenticated_ready",
        "status_page",
    ];
    const DRAIN: HumanDuration = HumanDuration(Duration::from_millis(900));
    let web = root.section("web", KEYS)?;
    let listen = match web.optional("listen_addresses", any::<ListenAddresses>)? {
        Some(setting) => setting.value,
        None => ListenAddresses::standard(),
    };
    let path = TelemetryPath("/metrics".into());
    let external_url = web.optional("external_url", any::<ExternalUrl>)?;
    let external_url = external_url.map(|setting| setting.value);
    let prefix = external_url.as_ref().map(|url| url.prefix().clone()).unwrap_or_default();
    Ok(Web {
        listen_addresses: listen.0,
        telemetry_path: web.setting("telemetry_path", path, any)?.value.0,
        external_url,
        route_prefix: web.setting("route_prefix", prefix, any)?.value,
        max_connections: web.setting("max_connections", 512, within(16..=100_000))?.value,
        max_requests: web.setting("max_requests", 40, within(1..=10_000))?.value,
        drain_timeout: web
            .setting("drain_timeout", DRAIN, between(Duration::ZERO, 10 * MINUTE))?
            .value
            .0,
        enable_lifecycle: web.setting("enable_lifecycle", false, any)?.value,
        config_file: web.optional("config_file", any::<FileName>)?.and_then(beside_its_file),
        unauthenticated_ready: web.setting("unauthenticated_ready", false, any)?.value,
        status_page: web.setting("status_page", StatusPage::Summary, any)?.value,
    })
}

/// A name in a file is relative to the folder of that file, one that was typed to where it was.
fn beside_its_file(setting: Setting<FileName>) -> Option<PathBuf> {
    let name = setting.value.0?;
    Some(match &setting.origin {
        Origin::File { name: file, .. } => {
            Path::new(file).parent().unwrap_or(Path::new("")).join(name)
        }
        _ => name,
    })
}

fn storage(root: &Section<'_>) -> Result<Storage, ConfigError> {
    let storage = root.section("storage", &["path"])?;
    let path = storage.optional("path", any::<FileName>)?.and_then(beside_its_file);
    Ok(Storage { path })
}

fn log(root: &Section<'_>) -> Result<Log, ConfigError> {
    let log = root.section("log", &["level", "format"])?;
    Ok(Log {
        level: log.setting("level", LogLevel::Info, any)?.value,
        format: log.setting("format", LogFormat::Text, any)?.value,
    })
}
