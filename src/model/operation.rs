//! The AWS operations that are called, and the count of those calls.

use std::collections::BTreeMap;

use super::reason::Reason;

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $action:literal),+ $(,)?) => {
        /// An AWS operation: a label value, and the IAM action that allows it. Every call goes
        /// through this table, and the policies that are printed come from it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation { $($(#[$doc])* $variant),+ }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The label value: AWS's name of the operation.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }

            /// The IAM action that a policy must allow.
            #[must_use]
            pub fn iam_action(self) -> &'static str {
                match self { $(Self::$variant => $action),+ }
            }
        }
    };
}

operations! {
    /// Credentials of a role; made by the credentials provider of the SDK.
    AssumeRole = "sts:AssumeRole",
    /// Takes messages that were read from the queue of events.
    DeleteMessageBatch = "sqs:DeleteMessage",
    /// The active versions of a product, for an end user of it.
    DescribeProduct = "servicecatalog:DescribeProduct",
    /// The versions of a product, without what is recommended of them, for an administrator.
    DescribeProductAsAdmin = "servicecatalog:DescribeProductAsAdmin",
    /// How a product's last operation went.
    DescribeRecord = "servicecatalog:DescribeRecord",
    /// Which account and identity the credentials belong to; needs no permission.
    GetCallerIdentity = "sts:GetCallerIdentity",
    /// The accounts of the organisation.
    ListAccounts = "organizations:ListAccounts",
    /// The accounts directly in a root or organisational unit.
    ListAccountsForParent = "organizations:ListAccountsForParent",
    /// The organisational units directly in a root or organisational unit.
    ListChildren = "organizations:ListChildren",
    /// Every version of a product, for an administrator of it.
    ListProvisioningArtifacts = "servicecatalog:ListProvisioningArtifacts",
    /// The regions that are enabled in an account.
    ListRegions = "account:ListRegions",
    /// The instances of one stack set.
    ListStackInstancesForProvisionedProduct = "servicecatalog:ListStackInstancesForProvisionedProduct",
    /// The next messages of the queue of events.
    ReceiveMessage = "sqs:ReceiveMessage",
    /// Every provisioned product of an account and region.
    ScanProvisionedProducts = "servicecatalog:ScanProvisionedProducts",
    /// Names and tags of provisioned products.
    SearchProvisionedProducts = "servicecatalog:SearchProvisionedProducts",
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

impl CallCounts {
    /// Adds the calls of somebody else.
    pub fn add(&mut self, other: &Self) {
        for (operation, counts) in &other.operations {
            let sum = self.operations.entry(*operation).or_default();
            sum.requests += counts.requests;
            sum.retries += counts.retries;
            for (reason, failures) in &counts.failures {
                *sum.failures.entry(*reason).or_default() += failures;
            }
        }
        self.limiter_wait =
            [self.limiter_wait, other.limiter_wait].into_iter().flatten().reduce(|a, b| a + b);
    }
}
