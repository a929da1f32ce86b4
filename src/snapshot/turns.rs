//! Whose turn it is: which listings are renewed for nothing but their age.
//!
//! A listing against which nothing speaks is renewed when it is `max_age` old, counted in scans:
//! N = max_age / interval, rounded, but at least 1. If all were renewed at that age, those that
//! began together (all, after a start) would stay together, and every Nth scan would renew
//! everything. So a scan renews some before their time: as few as leave the others time at an even
//! pace of S/N a scan, where S is how many settled listings there are. In numbers: with the oldest
//! first, and k scans since the listing at place j (from 0), the first
//!
//! > max over j of ⌊((j + 1) · N − S · (N − k)) / N⌋
//!
//! are renewed. From this follow
//! - S/N a scan in a still world, exactly so when N divides S, from the first scan after a start;
//! - no listing is passed over in its Nth scan (N − k is 0 then), so none is found older than
//!   `max_age` and one interval, as long as scans succeed;
//! - scans that come late or were left out renew more, since more time has passed; further ones in
//!   between renew nothing.
//!
//! A target with few stack sets has its first turn in its Nth scan, and so would every other target
//! of a fleet that was started with it. Therefore a listing that was made for another reason than
//! its turn has a phase, a number below N by its id, that is added above the fraction line: it
//! brings one turn forward, by less than a whole one.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

/// A settled listing.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) id: Arc<str>,
    /// Since the attempt began in which it was listed.
    pub(super) age: Duration,
    /// Whether it was listed because it was its turn.
    pub(super) by_turn: bool,
}

/// Divides the settled listings into those whose turn it is and the others.
pub(super) fn divide(
    mut settled: Vec<Settled>,
    interval: Duration,
    max_age: Duration,
) -> (Vec<Settled>, Vec<Settled>) {
    let scans = rounded(max_age, interval).max(1);
    settled.sort_unstable_by(|a, b| b.age.cmp(&a.age).then_with(|| a.id.cmp(&b.id)));
    let many = settled.len() as u64;
    let due = settled.iter().zip(1_u64..).map(|(listing, place)| {
        let left = scans.saturating_sub(rounded(listing.age, interval));
        let phase = if listing.by_turn { 0 } else { phase(&listing.id, scans) };
        (place * scans + phase).saturating_sub(many * left) / scans
    });
    let due = due.max().unwrap_or(0).min(many);
    let others = settled.split_off(usize::try_from(due).unwrap_or(usize::MAX));
    (settled, others)
}

/// How many intervals that is, to the nearest: a scan that begins a moment early or late counts
/// like one that is on time.
fn rounded(time: Duration, interval: Duration) -> u64 {
    let interval = interval.as_nanos().max(1);
    u64::from(u32::try_from((time.as_nanos() + interval / 2) / interval).unwrap_or(u32::MAX))
}

/// Below `scans`, and the same for an id in all runs of one build.
fn phase(id: &str, scans: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish() % scans
}

#[cfg(test)]
mod tests;
