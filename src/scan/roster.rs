//! Who is to be scanned: what discovery hands to the pump.

use std::sync::Arc;

use crate::aws::{CallError, TargetClient};
use crate::config::Config;
use crate::model::{AccountId, CallCounts, Region, RoleArn};
use crate::snapshot::{Found, TargetNames};

/// What makes two targets one over a reload: the role (or the ambient identity) and the region.
/// The account follows from them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// None is the ambient identity.
    pub role: Option<RoleArn>,
    /// The scanned region.
    pub region: Region,
}

/// A target that is to be scanned.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What it is.
    pub key: Key,
    /// Its account, where that is known already.
    pub account: Option<AccountId>,
    /// What people call it.
    pub names: TargetNames,
    /// Makes its calls.
    pub client: Arc<TargetClient>,
}

/// All targets of this process, in the order of their precedence: of two that turn out to be one
/// account and region the earlier one is scanned.
#[derive(Clone, Debug)]
pub struct Roster {
    /// The configuration from which they came.
    pub config: Arc<Config>,
    /// This shard's.
    pub targets: Vec<Wanted>,
    /// How many there are before sharding.
    pub configured: usize,
    /// Whether these are all.
    pub found: Found,
    /// Whether the accounts of the organisation, if there is one, were ever read.
    pub discovered: bool,
    /// The questions whose last answer was a failure, with the account that was asked.
    pub failures: Vec<(Option<AccountId>, CallError)>,
    /// The organisation's management account, once its accounts are known.
    pub management: Option<AccountId>,
    /// The calls that it took, by the account that was asked.
    pub calls: Vec<(AccountId, CallCounts)>,
}
