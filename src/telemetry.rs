//! What the daemon says about itself: logs, and the families that are not labelled by a target.

mod logs;
mod metrics;

pub use logs::{LogError, LogFormat, init_logs, install_panic_hook};
pub use metrics::{AttemptTimer, EventMetrics, Scope, SelfMetrics, StorageMetrics, describe};
