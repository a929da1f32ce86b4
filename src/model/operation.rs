//! The AWS operations that are called, and the count of those calls.

use std::collections::BTreeMap;

use super::reason::Reason;

/// An AWS operation: a label value, and the IAM action that allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Which account and identity the credentials belong to.
    GetCallerIdentity,
    /// The instances of one stack set.
    ListStackInstancesForProvisionedProduct,
    /// Every provisioned product of an account and region.
    ScanProvisionedProducts,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 3] = [
        Self::GetCallerIdentity,
        Self::ListStackInstancesForProvisionedProduct,
        Self::ScanProvisionedProducts,
    ];

    /// The label value: AWS's name of the operation.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::ListStackInstancesForProvisionedProduct => {
                "ListStackInstancesForProvisionedProduct"
            }
            Self::ScanProvisionedProducts => "ScanProvisionedProducts",
        }
    }

    /// The IAM action that a policy must allow.
    #[must_use]
    pub fn iam_action(self) -> &'static str {
        match self {
            Self::GetCallerIdentity => "sts:GetCallerIdentity",
            Self::ListStackInstancesForProvisionedProduct => {
                "servicecatalog:ListStackInstancesForProvisionedProduct"
            }
            Self::ScanProvisionedProducts => "servicecatalog:ScanProvisionedProducts",
        }
    }
}

/// Calls of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationCounts {
    /// HTTP attempts, retries included.
    pub requests: u64,
    /// Attempts that were not the first of their call.
    pub retries: u64,
    /// Attempts that failed.
    pub failures: BTreeMap<Reason, u64>,
}

/// Calls made on behalf of one target since the process began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallCounts {
    /// Per operation, present from its first attempt on.
    pub operations: BTreeMap<Operation, OperationCounts>,
    /// Seconds spent waiting for our own rate limiter; `None` before the first wait.
    pub limiter_wait: Option<f64>,
}
