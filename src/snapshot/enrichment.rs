//! What is known of products besides their list: names, tags, and the records of operations.
//!
//! It adds to the product list and never decides what is served: the list alone says which
//! products there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Stage, TargetState, VersionsEnd};
use crate::model::{Catalog, Moment, Names, Product, ProductNames, ProductStatus, Reason, Record};

/// What was denied is not asked again for so long: permissions do not change by asking.
pub(super) const PAUSE: Duration = Duration::from_secs(30 * 60);

/// What an attempt found out besides products and stack instances. `None` is a stage that did not
/// run: turned off, paused, or without a product list.
#[derive(Clone, Debug, Default)]
pub struct EnrichmentEnd {
    /// Names and tags: those of a complete search, or why there is none.
    pub names: Option<NamesEnd>,
    /// Records of products that are not AVAILABLE.
    pub records: Option<RecordsEnd>,
    /// Versions of the products that they were launched from.
    pub versions: Option<VersionsEnd>,
}

/// How a search for names and tags ended.
#[derive(Clone, Debug)]
pub struct NamesEnd {
    /// When it began.
    pub asked: Moment,
    /// From its begin to its end.
    pub took: Duration,
    /// Complete, or not at all.
    pub found: Result<Arc<Names>, Reason>,
}

/// How the reading of records ended. Each record is whole by itself, so those that were read count
/// even if others could not be.
#[derive(Clone, Debug)]
pub struct RecordsEnd {
    /// When it began.
    pub asked: Moment,
    /// From its begin to its end.
    pub took: Duration,
    /// What AWS answered.
    pub answers: Vec<RecordAnswer>,
    /// The most telling reason why not all that were due were answered.
    pub failure: Option<Reason>,
}

/// What AWS answered to the question for one record.
#[derive(Clone, Debug)]
pub struct RecordAnswer {
    /// Which record was asked for.
    pub due: RecordDue,
    /// `None` where AWS knows no such record, or hides it.
    pub record: Option<Arc<Record>>,
}

/// A record that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordDue {
    /// The provisioned product.
    pub product: Arc<str>,
    /// The record of its last operation.
    pub record: Arc<str>,
}

/// What is known of the last record of one product.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KnownRecord {
    pub(super) id: Arc<str>,
    /// Uptime at which it was last asked for.
    pub(super) asked: Duration,
    pub(super) record: Option<Arc<Record>>,
    /// How often in a row AWS knew no such record. Once is no failure: the product may be gone,
    /// which the next list will say.
    pub(super) refusals: u32,
}

impl KnownRecord {
    fn is_refused(&self) -> bool {
        self.refusals > 1
    }

    fn is_due(&self, now: Moment) -> bool {
        let is_final = self.record.as_ref().is_some_and(|record| record.is_final());
        let waits = self.is_refused() && now.uptime < self.asked.saturating_add(PAUSE);
        !is_final && !waits
    }
}

/// All of it, shared between snapshots until it changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Enrichment {
    pub(super) names: Names,
    /// By id of the product.
    pub(super) records: BTreeMap<Arc<str>, KnownRecord>,
    /// Uptimes until which a stage that was denied is not asked again.
    pub(super) paused: [Option<Duration>; Stage::ALL.len()],
}

/// Whether the last record of a product is of interest.
fn has_record(product: &Product) -> bool {
    product.status != ProductStatus::Available && !product.last_record.is_empty()
}

impl Enrichment {
    /// Whether something is known of what a new list no longer holds.
    fn outlives(&self, catalog: &Catalog) -> bool {
        let moved = |(id, known): (&Arc<str>, &KnownRecord)| !is_last(catalog, id, known);
        self.names.outlive(catalog) || self.records.iter().any(moved)
    }
}

fn is_last(catalog: &Catalog, product: &str, known: &KnownRecord) -> bool {
    let product = catalog.product(product).filter(|product| has_record(product));
    product.is_some_and(|product| product.last_record == known.id)
}

impl TargetState {
    /// Names and tags of a product: those of the last search that found it.
    #[must_use]
    pub fn names_of(&self, id: &str) -> Option<&ProductNames> {
        self.enrichment.names.of(id)
    }

    /// The last record of a product that is not AVAILABLE, if it was read. That of an operation
    /// before the last one is never shown.
    #[must_use]
    pub fn record_of(&self, product: &Product) -> Option<&Record> {
        // Most products are AVAILABLE: nothing is looked up for them.
        let known = has_record(product).then(|| self.enrichment.records.get(&product.id))??;
        (known.id == product.last_record).then_some(known.record.as_deref()?)
    }

    /// Whether that stage was denied so lately that it is not to be asked again yet.
    #[must_use]
    pub fn is_paused(&self, stage: Stage, now: Moment) -> bool {
        self.enrichment.paused[stage.index()].is_some_and(|until| now.uptime < until)
    }

    /// The records to read for the products of that list: never those that are final and known,
    /// first those that were never asked for, then the one that was asked for longest ago.
    #[must_use]
    pub fn records_due(&self, catalog: &Catalog, now: Moment) -> Vec<RecordDue> {
        let known = |product: &Product| {
            let known = self.enrichment.records.get(&product.id);
            known.filter(|known| known.id == product.last_record)
        };
        let products = catalog.products().iter().filter(|product| has_record(product));
        let mut due: Vec<_> = products
            .filter(|product| known(product).is_none_or(|known| known.is_due(now)))
            .collect();
        // Stable: those that were asked for together stay in the order of their ids.
        due.sort_by_key(|product| known(product).map(|known| known.asked));
        due.into_iter()
            .map(|product| RecordDue {
                product: Arc::clone(&product.id),
                record: Arc::clone(&product.last_record),
            })
            .collect()
    }

    /// Whether AWS knew no such record when it was last asked for it.
    #[must_use]
    pub fn was_record_refused(&self, due: &RecordDue) -> bool {
        let known = self.enrichment.records.get(&due.product);
        known.is_some_and(|known| known.id == due.record && known.refusals > 0)
    }

    /// What is known of products that the list no longer holds, or of operations before their last
    /// one, is gone.
    pub(super) fn settle_enrichment(&mut self, catalog: &Catalog) {
        if self.enrichment.outlives(catalog) {
            let enrichment = Arc::make_mut(&mut self.enrichment);
            enrichment.names.retain(catalog);
            enrichment.records.retain(|id, known| is_last(catalog, id, known));
        }
    }

    /// Takes what the attempt that began at `begun` (Unix seconds) found.
    pub(super) fn enrichment_finished(&mut self, end: EnrichmentEnd, begun: f64) {
        if let Some(names) = end.names {
            if let Ok(found) = &names.found {
                Arc::make_mut(&mut self.enrichment).names.replace(found);
            }
            let result = names.found.map(drop);
            self.pause(Stage::NamesAndTags, result.err(), names.asked);
            self.stages[Stage::NamesAndTags.index()].finish(result, begun, names.took);
        }
        if let Some(records) = end.records {
            let refused = self.take_records(records.answers, records.asked);
            // What is refused one by one is paused one by one, what is denied as a whole.
            self.pause(Stage::Records, records.failure, records.asked);
            let refused = refused.then_some(Reason::AccessDenied);
            let worst = [records.failure, refused].into_iter().flatten().min();
            let result = worst.map_or(Ok(()), Err);
            self.stages[Stage::Records.index()].finish(result, begun, records.took);
        }
        if let Some(versions) = end.versions {
            self.versions_finished(versions, begun);
        }
    }

    fn pause(&mut self, stage: Stage, failure: Option<Reason>, asked: Moment) {
        let denied = matches!(failure, Some(Reason::AccessDenied | Reason::ScpDenied));
        self.rest(stage, denied.then(|| asked.uptime.saturating_add(PAUSE)));
    }

    /// Does not ask a stage again before that uptime.
    pub(super) fn rest(&mut self, stage: Stage, until: Option<Duration>) {
        if self.enrichment.paused[stage.index()] != until {
            Arc::make_mut(&mut self.enrichment).paused[stage.index()] = until;
        }
    }

    /// Whether any record of interest is refused by now.
    fn take_records(&mut self, answers: Vec<RecordAnswer>, asked: Moment) -> bool {
        if !answers.is_empty() {
            let records = &mut Arc::make_mut(&mut self.enrichment).records;
            for RecordAnswer { due, record } in answers {
                let known = records.entry(due.product).or_insert_with(|| KnownRecord {
                    id: Arc::clone(&due.record),
                    asked: asked.uptime,
                    record: None,
                    refusals: 0,
                });
                if known.id != due.record {
                    known.id = due.record;
                    known.record = None;
                    known.refusals = 0;
                }
                known.asked = asked.uptime;
                known.refusals = if record.is_some() { 0 } else { known.refusals + 1 };
                if record.is_some() {
                    known.record = record;
                }
            }
        }
        self.enrichment.records.values().any(KnownRecord::is_refused)
    }
}

#[cfg(test)]
mod tests;
