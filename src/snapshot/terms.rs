//! The settings that decide what is kept and shown, as they were when a snapshot was taken.

use std::time::Duration;

use crate::model::{PerInstance, PerProduct};

/// The settings of a snapshot: for who asks why something is there, old or missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// How long is served what nothing confirms.
    pub serve_stale_for: Duration,
    /// At which age a listing against which nothing speaks has its turn; `None` if every scan
    /// lists every stack set.
    pub max_age: Option<Duration>,
    /// Which of the processes this is, from 0.
    pub shard: u32,
    /// How many processes share the targets; 0 and 1 are one.
    pub shards: u32,
    /// Products with series of their own.
    pub per_product: PerProduct,
    /// Instances with series of their own.
    pub per_instance: PerInstance,
    /// Per-instance series of one target, at most.
    pub max_instance_series: usize,
    /// Series of all targets together, at most.
    pub max_series: usize,
}
