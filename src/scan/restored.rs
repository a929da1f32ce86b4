//! What an earlier process knew of targets that are not found yet in this one.

use std::collections::HashMap;

use super::roster::Key;
use crate::snapshot::SavedTarget;
use crate::storage::Found;

/// Handed out once, to the target that it was known of.
#[derive(Debug, Default)]
pub(super) struct Restored {
    targets: HashMap<(Option<String>, String), SavedTarget<'static>>,
}

impl From<Found> for Restored {
    fn from(found: Found) -> Self {
        let by_place = found.targets.into_iter().map(|mut target| {
            if found.is_torn {
                target.tear();
            }
            let place = (target.role.as_deref().map(str::to_owned), target.region.to_string());
            (place, target)
        });
        Self { targets: by_place.collect() }
    }
}

impl Restored {
    /// What was known of that target.
    pub(super) fn take(&mut self, key: &Key) -> Option<SavedTarget<'static>> {
        if self.targets.is_empty() {
            return None;
        }
        let role = key.role.as_ref().map(|role| role.as_str().to_owned());
        self.targets.remove(&(role, key.region.as_str().to_owned()))
    }

    /// All targets are found: what is left are targets of yesterday, or of another shard.
    pub(super) fn forget(&mut self) {
        self.targets = HashMap::new();
    }

    /// What is still not found, as it was kept.
    pub(super) fn unclaimed(&self) -> Vec<SavedTarget<'static>> {
        self.targets.values().cloned().collect()
    }
}
