//! Logs on standard error.

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Logs were set up already.
#[derive(Debug, thiserror::Error)]
#[error("logging is set up already in this process")]
pub struct LogError;

/// Logs events of `level` and above to standard error.
///
/// Libraries are heard from `warn` up only: below that, the AWS SDK describes requests and
/// credentials in detail that belongs in no log.
///
/// # Errors
/// When called twice in one process.
pub fn init_logs(level: Level, format: LogFormat) -> Result<(), LogError> {
    let filter = Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), level)
        // That a machine outside EC2 has no metadata is no warning; the missing region is an error
        // of ours, which says what to do.
        .with_target("aws_config::imds::region", Level::ERROR)
        // It repeats AWS's words, which may repeat an external id; what failed is said by us.
        .with_target("aws_config::sts", Level::ERROR)
        .with_default(level.min(Level::WARN));
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Text => {
            layer.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).boxed()
        }
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init().map_err(|_| LogError)
}

/// Logs the place of a panic, never its message: that may hold what somebody sent.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked; please report this as a bug");
    }));
}
