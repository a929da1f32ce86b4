//! Which of several processes scans a target.
//!
//! Rendezvous hashing: every shard draws a number for the target, and the highest draw owns it.
//! All shards know the result without talking to one another, and when a shard is added a target
//! either stays or moves to the new one.
//!
//! The draw is part of what users rely on: if it changed between two releases, every target would
//! move during an upgrade. So it is spelled out, and tests hold its values. It is the first 8
//! bytes, most significant first, of the SHA-256 of `<account>/<region>/<shard>`, as in
//!
//! ```text
//! printf '123456789012/eu-central-1/0' | sha256sum | cut -c 1-16
//! ```

use sha2::{Digest, Sha256};

use crate::model::{AccountId, Region};

/// The shard, from 0, to which the target belongs when there are `total` of them; 0 if `total` is
/// 0 or 1. Costs `total` hashes.
///
/// A target whose account is not known yet has no owner by this law; shard 0 takes it.
#[must_use]
pub fn owner(account: &AccountId, region: &Region, total: u32) -> u32 {
    if total <= 1 {
        return 0;
    }
    let mut target = Sha256::new();
    target.update(format!("{account}/{region}/"));
    let draw = |shard: &u32| {
        let hash = target.clone().chain_update(shard.to_string()).finalize();
        hash.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte))
    };
    // Of equal draws, which nobody will see, the last would win: the order is part of the law.
    (0..total).max_by_key(draw).unwrap_or(0)
}

#[cfg(test)]
mod tests;
