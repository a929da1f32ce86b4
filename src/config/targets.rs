//! Which accounts and regions are scanned.

use std::time::Duration;

use crate::model::{AccountId, AssumeRole, ExternalId, Region, RoleName, SessionName};

/// One entry of `targets`: an identity and the regions in which its account is scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    /// For people; empty if not given.
    pub name: String,
    /// Where.
    pub regions: Regions,
    /// The role to assume; none is the ambient identity.
    pub role: Option<AssumeRole>,
    /// The account's name; empty if not given.
    pub account_name: String,
}

/// In which regions an account is scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// The one region of the AWS environment: where nothing is configured.
    Ambient,
    /// These, none twice, none that is excluded.
    Listed(Vec<Region>),
    /// All that are enabled in the account but these.
    Auto {
        /// Left out.
        exclude: Vec<Region>,
    },
}

/// The organisation whose ACTIVE accounts are scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The role to assume in each account.
    pub role_name: RoleName,
    /// What their trust policies ask for, if they do.
    pub external_id: Option<ExternalId>,
    /// How the sessions are called.
    pub session_name: SessionName,
    /// Where each account is scanned.
    pub regions: Regions,
    /// Only accounts below these (`r-…` or `ou-…`), at any depth; empty is all.
    pub include_ous: Vec<String>,
    /// No account below these, at any depth.
    pub exclude_ous: Vec<String>,
    /// Only these; empty is all. With `include_ous`: these besides.
    pub include_accounts: Vec<AccountId>,
    /// None of these.
    pub exclude_accounts: Vec<AccountId>,
    /// How often the list is read again.
    pub refresh: Duration,
    /// The role with which the list is read; none is the ambient identity.
    pub management_role: Option<AssumeRole>,
}
