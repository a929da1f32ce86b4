//! Taking up what was kept: all of a target or nothing of it.

use std::sync::Arc;
use std::time::Duration;

use super::versions::{SavedArtifact, SavedArtifacts, SavedOrigin, SavedVersions};
use super::{
    SUCCEEDED, SavedList, SavedListing, SavedNames, SavedProduct, SavedRecord, SavedStage,
    SavedTarget,
};
use crate::model::{
    AccountId, Artifact, Artifacts, Catalog, CatalogBuilder, FoundProduct, InstanceStatus, Listing,
    Moment, Names, NamesBuilder, Product, ProductStatus, Reason, Record, RecordError, RecordStatus,
    StackInstance, Tally, VENDED_ACCOUNT_TYPE,
};
use crate::snapshot::enrichment::{Enrichment, KnownRecord};
use crate::snapshot::history::History;
use crate::snapshot::stack_set::{Known, StackSet};
use crate::snapshot::versions::Closed;
use crate::snapshot::{
    Basis, Dated, KnownProduct, Stage, StageResult, StageState, TargetState, Versions,
};

/// So far may a kept time lie in the future: what two looks at one clock differ by.
const SLACK: f64 = 5.0;

/// The present moment, from which kept times are counted back.
#[derive(Clone, Copy)]
struct Now(Moment);

impl Now {
    fn moment(self, unix: f64) -> Option<Moment> {
        let age = self.0.unix - unix;
        if age < -SLACK {
            return None;
        }
        let age = Duration::try_from_secs_f64(age.max(0.0)).ok()?;
        Some(Moment { unix, uptime: self.0.uptime.checked_sub(age)? })
    }

    fn uptime(self, unix: f64) -> Option<Duration> {
        Some(self.moment(unix)?.uptime)
    }

    /// A time that is told as it is, and of which no age is made.
    fn past(self, unix: f64) -> Option<f64> {
        (0.0..=self.0.unix + SLACK).contains(&unix).then_some(unix)
    }
}

impl TargetState {
    /// Takes up what an earlier process knew, as of its own times. Whether it could be taken up; if
    /// not, nothing is.
    pub fn restore(&mut self, saved: &SavedTarget<'_>, now: Moment) -> bool {
        match self.restored(saved, Now(now)) {
            Some(restored) => {
                *self = restored;
                true
            }
            None => false,
        }
    }

    fn restored(&self, saved: &SavedTarget<'_>, now: Now) -> Option<Self> {
        let mut state = self.clone();
        state.account = Some(AccountId::parse(&saved.account).ok()?);
        state.last_attempt = now.past(saved.last_attempt)?;
        for stage in &saved.stages {
            let (stage, known) = restored_stage(stage, now)?;
            state.stages[stage.index()] = known;
        }
        if let Some(list) = &saved.products {
            let asked = now.moment(list.asked)?;
            state.products = Some(Dated { value: Arc::new(catalog(list)), asked });
        }
        for set in &saved.stack_sets {
            let known = match &set.known {
                Some(listing) => Some(known_listing(listing, now)?),
                None => None,
            };
            let known = StackSet { known, failed: set.failed, refused: set.refused };
            state.stack_sets.insert((&*set.id).into(), known);
        }
        let mut history = History { is_torn: saved.is_torn, ..History::default() };
        for (id, since) in &saved.since {
            history.since.insert((&**id).into(), now.past(*since)?);
        }
        if let Some(since) = saved.empty_since {
            history.empty_since = Some(now.moment(since)?);
        }
        if let Some(list) = &state.products {
            history.begin(&list.value);
        }
        state.history = Arc::new(history);
        let mut enrichment = Enrichment { names: names(&saved.names), ..Enrichment::default() };
        for record in &saved.records {
            let known = known_record(record, now)?;
            enrichment.records.insert((&*record.product).into(), known);
        }
        state.enrichment = Arc::new(enrichment);
        if let Some(saved) = &saved.versions {
            state.versions = Arc::new(versions(saved, now)?);
        }
        state.look_for_the_oldest();
        Some(state)
    }
}

fn restored_stage(saved: &SavedStage<'_>, now: Now) -> Option<(Stage, StageState)> {
    let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == saved.stage)?;
    let result = match &*saved.result {
        SUCCEEDED => StageResult::Succeeded,
        reason => StageResult::Failed(Reason::read(reason)?),
    };
    let took = match saved.took {
        Some(took) => Some(Duration::try_from_secs_f64(took).ok()?),
        None => None,
    };
    let last_success = now.past(saved.last_success)?;
    Some((stage, StageState { result, last_success, took, ..StageState::default() }))
}

fn catalog(list: &SavedList<'_>) -> Catalog {
    let mut builder = CatalogBuilder::default();
    for item in &list.items {
        builder.add(product(item));
    }
    builder.add_duplicates(list.duplicates.into());
    builder.finish()
}

fn product(saved: &SavedProduct<'_>) -> Product {
    Product {
        id: (&*saved.id).into(),
        name: (&*saved.name).into(),
        kind: (&*saved.kind).into(),
        status: ProductStatus::read(Some(&saved.status)),
        product_id: (&*saved.product_id).into(),
        artifact_id: (&*saved.artifact_id).into(),
        created: saved.created,
        provisioning: saved.provisioning,
        last_record: (&*saved.last_record).into(),
        status_message: None,
    }
}

fn known_listing(saved: &SavedListing<'_>, now: Now) -> Option<Known> {
    let mut counts = Tally::default();
    for (status, many) in &saved.counts {
        counts.add(&InstanceStatus::read(Some(status)), u64::from(*many));
    }
    let shown = saved.shown.iter().map(|(account, region, status)| StackInstance {
        account: (&**account).into(),
        region: (&**region).into(),
        status: InstanceStatus::read(Some(status)),
    });
    let shown: Box<[_]> = shown.collect();
    if counts.total() < shown.len() as u64 {
        return None;
    }
    let listing = Listing::of_parts(counts, shown, saved.left_out.into(), saved.duplicates.into());
    Some(Known {
        listing: Dated { value: Arc::new(listing), asked: now.moment(saved.asked)? },
        basis: Basis {
            cause: saved.cause,
            record: (&*saved.record).into(),
            status: ProductStatus::read(Some(&saved.status)),
            begun: now.uptime(saved.begun)?,
        },
        confirmed: now.uptime(saved.confirmed)?,
    })
}

fn names(saved: &[SavedNames<'_>]) -> Names {
    let tags = saved.iter().flat_map(|names| names.tags.iter());
    let mut keys: Vec<&str> = tags.map(|(key, _)| &**key).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut builder = NamesBuilder::new(keys);
    for names in saved {
        let is_account = !names.vended_account.is_empty();
        let found = FoundProduct {
            id: &names.id,
            kind: if is_account { VENDED_ACCOUNT_TYPE } else { "" },
            product: &names.product,
            artifact: &names.artifact,
            physical_id: &names.vended_account,
        };
        builder.add(found, names.tags.iter().map(|(key, value)| (&**key, &**value)));
    }
    builder.finish()
}

fn known_record(saved: &SavedRecord<'_>, now: Now) -> Option<KnownRecord> {
    let error = saved.error.as_ref();
    let record = Record {
        status: RecordStatus::read(Some(&saved.status)),
        kind: (&*saved.kind).into(),
        created: saved.created,
        updated: saved.updated,
        error: error.map(|code| RecordError { code: (&**code).into(), text: "".into() }),
    };
    Some(KnownRecord {
        id: (&*saved.id).into(),
        asked: now.uptime(saved.asked)?,
        record: Some(Arc::new(record)),
        refusals: 0,
    })
}

fn versions(saved: &SavedVersions<'_>, now: Now) -> Option<Versions> {
    let mut versions = Versions { denied: closed(saved.denied, now)?, ..Versions::default() };
    for product in &saved.products {
        versions.products.insert((&*product.id).into(), known_product(product, now)?);
    }
    Some(versions)
}

fn known_product(saved: &SavedOrigin<'_>, now: Now) -> Option<KnownProduct> {
    let artifacts = match &saved.known {
        Some(known) => {
            Some(Dated { value: Arc::new(artifacts(known)), asked: now.moment(known.asked)? })
        }
        None => None,
    };
    let tried = match saved.tried {
        Some(tried) => Some(now.moment(tried)?),
        None => None,
    };
    let failure = match &saved.failure {
        Some(reason) => Some(Reason::read(reason)?),
        None => None,
    };
    let refused = closed(saved.refused, now)?;
    Some(KnownProduct { artifacts, tried, failure, failures: saved.failures, refused })
}

fn artifacts(saved: &SavedArtifacts<'_>) -> Artifacts {
    let artifact = |saved: &SavedArtifact<'_>| Artifact {
        id: (&*saved.id).into(),
        name: (&*saved.name).into(),
        created: saved.created,
        guidance: (&*saved.guidance).into(),
        active: saved.active,
    };
    saved.items.iter().map(artifact).collect()
}

fn closed(saved: [Option<f64>; 3], now: Now) -> Option<Closed> {
    let mut closed = Closed::default();
    for (place, since) in closed.iter_mut().zip(saved) {
        if let Some(since) = since {
            *place = Some(now.moment(since)?);
        }
    }
    Some(closed)
}
