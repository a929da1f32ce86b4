//! Logs and self metrics.
