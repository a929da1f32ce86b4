//! What is known of a target as values that can be kept over a restart, and how it is taken up again.
//!
//! Kept is what AWS said and when it was asked, with which nothing is lost of what is served; not
//! the counters, which begin at zero with each process, and none of the texts that may quote
//! parameters of a launch. Times are kept on the wall clock, and ages are counted on from there: a
//! time that lies in the future, or so far back that no age can be made of it, is believed by
//! nobody.

mod restore;
mod versions;

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::versions::SavedVersions;
use super::stack_set::Known;
use super::{Cause, Stage, StageResult, TargetState};
use crate::model::{InstanceStatus, Moment, Product, Provisioning, Record, StatusName as _};

type Text<'s> = Cow<'s, str>;

/// All that is kept of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedTarget<'s> {
    /// The role that is assumed; none is the ambient identity.
    pub role: Option<Text<'s>>,
    /// The scanned region.
    pub region: Text<'s>,
    /// Whose products these are.
    pub account: Text<'s>,
    /// The process that kept it may have seen and counted more than is kept.
    is_torn: bool,
    last_attempt: f64,
    stages: Vec<SavedStage<'s>>,
    products: Option<SavedList<'s>>,
    stack_sets: Vec<SavedStackSet<'s>>,
    /// By product: when it was first seen in its status.
    since: Vec<(Text<'s>, f64)>,
    empty_since: Option<f64>,
    names: Vec<SavedNames<'s>>,
    records: Vec<SavedRecord<'s>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    versions: Option<SavedVersions<'s>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedStage<'s> {
    stage: Text<'s>,
    /// `succeeded`, or the reason of the failure.
    result: Text<'s>,
    last_success: f64,
    /// Seconds.
    took: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedList<'s> {
    asked: f64,
    duplicates: u32,
    items: Vec<SavedProduct<'s>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedProduct<'s> {
    id: Text<'s>,
    name: Text<'s>,
    kind: Text<'s>,
    status: Text<'s>,
    product_id: Text<'s>,
    artifact_id: Text<'s>,
    created: Option<f64>,
    provisioning: Provisioning,
    last_record: Text<'s>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedStackSet<'s> {
    id: Text<'s>,
    failed: bool,
    refused: bool,
    known: Option<SavedListing<'s>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedListing<'s> {
    asked: f64,
    confirmed: f64,
    begun: f64,
    cause: Cause,
    record: Text<'s>,
    status: Text<'s>,
    counts: Vec<(Text<'s>, u32)>,
    /// Account, region, status.
    shown: Vec<(Text<'s>, Text<'s>, Text<'s>)>,
    left_out: u32,
    duplicates: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedNames<'s> {
    id: Text<'s>,
    product: Text<'s>,
    artifact: Text<'s>,
    vended_account: Text<'s>,
    tags: Vec<(Text<'s>, Text<'s>)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedRecord<'s> {
    product: Text<'s>,
    id: Text<'s>,
    asked: f64,
    status: Text<'s>,
    kind: Text<'s>,
    created: Option<f64>,
    updated: Option<f64>,
    /// AWS's error code; what AWS says beside it may quote anything.
    error: Option<Text<'s>>,
}

impl SavedTarget<'_> {
    /// The process that kept it ended at an unknown time after that.
    pub fn tear(&mut self) {
        self.is_torn = true;
    }
}

/// Where the wall clock stood at an uptime of this process.
#[derive(Clone, Copy)]
struct Wall(Moment);

impl Wall {
    fn at(self, uptime: Duration) -> f64 {
        self.0.unix - self.0.uptime.saturating_sub(uptime).as_secs_f64()
    }

    /// As it was told then, unless the wall clock was set meanwhile.
    fn of(self, moment: Moment) -> f64 {
        let at = self.at(moment.uptime);
        if (moment.unix - at).abs() < 1.0 { moment.unix } else { at }
    }
}

impl TargetState {
    /// What is kept of this target, read through `role`; `None` while its account is unknown or no
    /// attempt has finished.
    #[must_use]
    pub fn save<'s>(&'s self, role: Option<&'s str>, now: Moment) -> Option<SavedTarget<'s>> {
        let wall = Wall(now);
        let account = self.account.as_ref()?.as_str();
        let products = self.products.as_ref().map(|dated| SavedList {
            asked: wall.of(dated.asked),
            duplicates: small(dated.value.duplicates()),
            items: dated.value.items().map(saved_product).collect(),
        });
        if products.is_none() && self.last_attempt == 0.0 {
            return None;
        }
        Some(SavedTarget {
            role: role.map(Text::from),
            region: self.region.as_str().into(),
            account: account.into(),
            is_torn: self.history.is_torn,
            last_attempt: self.last_attempt,
            stages: Stage::ALL.iter().filter_map(|stage| self.saved_stage(*stage)).collect(),
            products,
            stack_sets: self.saved_stack_sets(wall),
            since: self.history.since.iter().map(|(id, since)| ((&**id).into(), *since)).collect(),
            empty_since: self.history.empty_since.map(|since| wall.of(since)),
            names: self.saved_names(),
            records: self.saved_records(wall),
            versions: versions::saved(&self.versions, wall),
        })
    }

    fn saved_stage(&self, stage: Stage) -> Option<SavedStage<'_>> {
        let state = self.stage(stage);
        let result = match state.result {
            StageResult::NotYet => return None,
            StageResult::Succeeded => SUCCEEDED,
            StageResult::Failed(reason) => reason.as_str(),
        };
        Some(SavedStage {
            stage: stage.as_str().into(),
            result: result.into(),
            last_success: state.last_success,
            took: state.took.map(|took| took.as_secs_f64()),
        })
    }

    fn saved_stack_sets(&self, wall: Wall) -> Vec<SavedStackSet<'_>> {
        self.stack_sets
            .iter()
            .map(|(id, set)| SavedStackSet {
                id: (&**id).into(),
                failed: set.failed,
                refused: set.refused,
                known: set.known.as_ref().map(|known| saved_listing(known, wall)),
            })
            .collect()
    }

    fn saved_names(&self) -> Vec<SavedNames<'_>> {
        let names = self.enrichment.names.iter();
        names
            .map(|(id, names)| SavedNames {
                id: id.into(),
                product: (&*names.product).into(),
                artifact: (&*names.artifact).into(),
                vended_account: (&*names.vended_account).into(),
                tags: names.tags().map(|(key, value)| (key.into(), value.into())).collect(),
            })
            .collect()
    }

    fn saved_records(&self, wall: Wall) -> Vec<SavedRecord<'_>> {
        let known = self.enrichment.records.iter();
        known
            .filter_map(|(product, known)| {
                let record: &Record = known.record.as_deref()?;
                Some(SavedRecord {
                    product: (&**product).into(),
                    id: (&*known.id).into(),
                    asked: wall.at(known.asked),
                    status: record.status.as_str().into(),
                    kind: (&*record.kind).into(),
                    created: record.created,
                    updated: record.updated,
                    error: record.error.as_ref().map(|error| (&*error.code).into()),
                })
            })
            .collect()
    }
}

/// Numbers of things are kept in half of their bits, so that no sum of what a file says overflows.
fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

const SUCCEEDED: &str = "succeeded";

fn saved_product(product: &Product) -> SavedProduct<'_> {
    SavedProduct {
        id: (&*product.id).into(),
        name: (&*product.name).into(),
        kind: (&*product.kind).into(),
        status: product.status.as_str().into(),
        product_id: (&*product.product_id).into(),
        artifact_id: (&*product.artifact_id).into(),
        created: product.created,
        provisioning: product.provisioning,
        last_record: (&*product.last_record).into(),
    }
}

fn saved_listing(known: &Known, wall: Wall) -> SavedListing<'_> {
    let Known { listing, basis, confirmed } = known;
    let counts = listing.value.counts().counts::<InstanceStatus>();
    let shown = listing.value.shown().iter();
    SavedListing {
        asked: wall.of(listing.asked),
        confirmed: wall.at(*confirmed),
        begun: wall.at(basis.begun),
        cause: basis.cause,
        record: (&*basis.record).into(),
        status: basis.status.as_str().into(),
        counts: counts.map(|(status, many)| (status.into(), small(many))).collect(),
        shown: shown
            .map(|one| ((&*one.account).into(), (&*one.region).into(), one.status.as_str().into()))
            .collect(),
        left_out: small(listing.value.left_out()),
        duplicates: small(listing.value.duplicates()),
    }
}

#[cfg(test)]
mod tests;
