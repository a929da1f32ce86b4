//! The stages of a scan, and how each fared.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Operation, Reason};

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
    /// The versions of the products that they were launched from, where wanted.
    Versions,
}

impl Stage {
    /// Every stage, in the order in which they are exported.
    pub const ALL: [Self; 5] =
        [Self::Products, Self::StackInstances, Self::NamesAndTags, Self::Records, Self::Versions];

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
            Self::Versions => "versions",
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

/// Why the last finished attempt of a stage failed, in the words of whoever refused it. Each text
/// is one line of bounded length, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageError {
    /// What was called.
    pub operation: Operation,
    /// The reason that is exported.
    pub reason: Reason,
    /// AWS's error code; empty where the failure is not AWS's.
    pub code: Box<str>,
    /// AWS's message, or what failed here.
    pub message: Box<str>,
    /// AWS's id of the request; empty where there was no answer.
    pub request_id: Box<str>,
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
    /// The last one's error while the stage fails, if one is known; a success forgets it.
    pub error: Option<Arc<StageError>>,
}

impl StageState {
    pub(super) fn finish(&mut self, result: Result<(), Reason>, begun: f64, took: Duration) {
        self.took = Some(took);
        match result {
            Ok(()) => {
                self.result = StageResult::Succeeded;
                self.last_success = begun;
                self.error = None;
            }
            Err(reason) => {
                self.result = StageResult::Failed(reason);
                self.failures += 1;
                // What was denied lately is not asked again, and fails for what was said then.
                self.error.take_if(|error| error.reason != reason);
            }
        }
    }

    /// The words behind the failure, unless they speak of another one.
    pub(super) fn explain(&mut self, error: StageError) {
        if self.result == StageResult::Failed(error.reason) {
            self.error = Some(Arc::new(error));
        }
    }
}
