//! The stages of a scan, and how each fared.

use std::time::Duration;

use crate::model::Reason;

/// A part of a scan that succeeds or fails by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The list of provisioned products.
    Products,
    /// The listings of their stack instances.
    StackInstances,
    /// Names and tags of the products, where wanted.
    NamesAndTags,
    /// The last records of products that are not AVAILABLE, where wanted.
    Records,
}

impl Stage {
    /// Every stage, in the order in which they are exported.
    pub const ALL: [Self; 4] =
        [Self::Products, Self::StackInstances, Self::NamesAndTags, Self::Records];

    /// The stages without which a scan is no success. The others add to what these found, and
    /// need permissions that not everybody gives.
    pub const REQUIRED: [Self; 2] = [Self::Products, Self::StackInstances];

    /// The label value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::StackInstances => "stack_instances",
            Self::NamesAndTags => "names_and_tags",
            Self::Records => "records",
        }
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

/// How a stage's last finished attempt ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StageResult {
    /// None has finished yet.
    #[default]
    NotYet,
    /// In full.
    Succeeded,
    /// Not in full; what is served of it, if anything, is older.
    Failed(Reason),
}

/// How a stage fared so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageState {
    /// The last finished attempt.
    pub result: StageResult,
    /// Begin of the last attempt that succeeded, Unix seconds; 0 before.
    pub last_success: f64,
    /// How long the last finished attempt took; `None` before the first.
    pub took: Option<Duration>,
    /// Attempts that failed.
    pub failures: u64,
}

impl StageState {
    pub(super) fn finish(&mut self, result: Result<(), Reason>, begun: f64, took: Duration) {
        self.took = Some(took);
        match result {
            Ok(()) => {
                self.result = StageResult::Succeeded;
                self.last_success = begun;
            }
            Err(reason) => {
                self.result = StageResult::Failed(reason);
                self.failures += 1;
            }
        }
    }
}
