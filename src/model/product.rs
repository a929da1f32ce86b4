//! A provisioned product, reduced to what is exported.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::status::ProductStatus;

/// The one type of provisioned product that has stack instances.
pub const STACK_SET_TYPE: &str = "CFN_STACKSET";

/// Which products have series of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PerProduct {
    /// Every one.
    #[default]
    All,
    /// Those not AVAILABLE, and stack sets with instances not CURRENT.
    Problems,
}

/// What a product's two provisioning records say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provisioning {
    /// No LastProvisioningRecordId: an old product; nothing can be said.
    Unrecorded,
    /// Tried, and never with success.
    NeverSucceeded,
    /// Succeeded once, but not the last time.
    LastFailed,
    /// The last one succeeded.
    LastSucceeded,
}

impl Provisioning {
    /// From LastProvisioningRecordId and LastSuccessfulProvisioningRecordId.
    #[must_use]
    pub fn of_records(last: Option<&str>, last_successful: Option<&str>) -> Self {
        match (last, last_successful) {
            (None, _) => Self::Unrecorded,
            (Some(_), None) => Self::NeverSucceeded,
            (Some(last), Some(good)) if last == good => Self::LastSucceeded,
            (Some(_), Some(_)) => Self::LastFailed,
        }
    }
}

/// A provisioned product as listed. Texts that AWS left out are empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// `pp-…`; empty when the item had neither an id nor an ARN to read it from.
    pub id: Arc<str>,
    /// Chosen by the one who launched it: any text.
    pub name: Box<str>,
    /// CFN_STACK, CFN_STACKSET, CONTROL_TOWER_ACCOUNT, …: an open set.
    pub kind: Arc<str>,
    /// Present status.
    pub status: ProductStatus,
    /// `prod-…`: what it was launched from.
    pub product_id: Arc<str>,
    /// `pa-…`: the version of it.
    pub artifact_id: Arc<str>,
    /// Seconds since 1970-01-01 UTC.
    pub created: Option<f64>,
    /// What its provisioning records say.
    pub provisioning: Provisioning,
    /// `rec-…` (LastRecordId): the last operation of any kind; another one means that the product
    /// changed. Empty when absent.
    pub last_record: Arc<str>,
    /// What AWS says of the status (StatusMessage), one line of bounded length; kept only while it
    /// is not AVAILABLE. It may quote parameters of the launch: never a metric.
    pub status_message: Option<Box<str>>,
}

impl Product {
    /// Whether it has stack instances to list.
    #[must_use]
    pub fn is_stack_set(&self) -> bool {
        &*self.kind == STACK_SET_TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_records_together_tell_how_provisioning_went() {
        let of = Provisioning::of_records;
        assert_eq!(of(None, Some("rec-1")), Provisioning::Unrecorded);
        assert_eq!(of(Some("rec-1"), None), Provisioning::NeverSucceeded);
        assert_eq!(of(Some("rec-2"), Some("rec-1")), Provisioning::LastFailed);
        assert_eq!(of(Some("rec-2"), Some("rec-2")), Provisioning::LastSucceeded);
    }
}
