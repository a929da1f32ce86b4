//! What the limits on series leave of one target.

use super::instance::Rank;

/// How many of a target's series of products and instances stay. Which these are follows from the
/// order that is fixed: the smallest ids, and the first products, accounts, regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Products: with a problem, and healthy.
    pub products: [u64; 2],
    /// Instances of each rank.
    pub instances: [u64; Rank::ALL.len()],
    /// Series left out.
    pub dropped: u64,
}
