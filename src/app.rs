//! Wiring and lifetime: what each command does, from the parts below.

mod daemon;
mod demo;
mod explain;
mod iam_policy;
mod live_check;
mod one_scan;
mod reference;
mod reload;
mod systemd;
mod web;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

pub use daemon::{App, Source, serve};
pub use demo::demo;
pub use explain::explain;
pub use iam_policy::iam_policy;
pub use live_check::{LiveCheck, LiveCheckFailed, check_live};
pub use one_scan::{ScanFailed, scan_to};
pub use reference::reference;

use crate::aws::{Limits, Session};
use crate::config::{self, Config};
use crate::http::{HEALTHY_PATH, Scheme, probe};
use crate::model::{Clock, Moment};
use crate::telemetry::{self, LogFormat};

/// Uptimes begin here, so that what an earlier process learnt has one too.
const BEFORE: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The clock of this machine.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this is where time comes in")]
pub fn system_clock() -> Clock {
    let start = Instant::now();
    Clock::new(move || Moment {
        unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        uptime: BEFORE + start.elapsed(),
    })
}

/// Sets up logging as configured, and the log of panics.
///
/// # Errors
/// When the process logs already.
pub fn init_logs(log: &config::Log) -> anyhow::Result<()> {
    let level = match log.level {
        config::LogLevel::Error => tracing::Level::ERROR,
        config::LogLevel::Warn => tracing::Level::WARN,
        config::LogLevel::Info => tracing::Level::INFO,
        config::LogLevel::Debug => tracing::Level::DEBUG,
        config::LogLevel::Trace => tracing::Level::TRACE,
    };
    let format = match log.format {
        config::LogFormat::Text => LogFormat::Text,
        config::LogFormat::Json => LogFormat::Json,
    };
    telemetry::init_logs(level, format)?;
    telemetry::install_panic_hook();
    Ok(())
}

/// Asks the exporter of this configuration whether it is healthy.
///
/// # Errors
/// When it does not answer in time, or not with 200.
pub fn healthcheck(config: &Config, timeout: Duration) -> anyhow::Result<()> {
    let address = config.web.listen_addresses.first().context("no address is configured")?;
    let (host, port) = address.loopback_for_probe();
    let scheme = match config.web.config_file {
        Some(_) => Scheme::MaybeTls,
        None => Scheme::Plain,
    };
    Ok(probe(scheme, &host, port, &config.web.route_prefix.path(HEALTHY_PATH), timeout)?)
}

/// Whether the web file, if one is configured, is valid; its warnings.
///
/// # Errors
/// When it is refused.
pub fn check_web_file(config: &Config) -> Result<Vec<String>, config::ConfigError> {
    let file = config.web.config_file.clone();
    let loaded = file.map(|file| config::WebLoader::new(file).load()).transpose()?;
    Ok(loaded.map_or(Vec::new(), |loaded| loaded.warnings))
}

/// The limits of AWS calls, as configured.
#[must_use]
pub fn limits(config: &config::Aws) -> Limits {
    Limits {
        connect_timeout: config.connect_timeout,
        attempt_timeout: config.attempt_timeout,
        max_attempts: config.max_attempts,
        max_requests_per_second: config.max_requests_per_second,
        burst: config.burst,
        max_in_flight: config.max_in_flight,
        first_pause: Duration::from_millis(500),
        max_pause: Duration::from_secs(20),
    }
}

/// An error with its causes, each said once.
#[must_use]
pub fn one_line(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |line, cause| match cause.to_string() {
        cause if line.is_empty() => cause,
        cause if line.contains(&cause) => line,
        cause => format!("{line}: {cause}"),
    })
}

async fn session(config: &Config, source: &Source) -> anyhow::Result<Arc<Session>> {
    Ok(Arc::new(match source {
        Source::Ambient => {
            let endpoint = config.aws.endpoint_url.as_ref().map(|url| url.as_str());
            Session::ambient(config.aws.region.as_ref(), endpoint, limits(&config.aws)).await?
        }
        Source::Fixed(session) => return Ok(Arc::clone(session)),
    }))
}
