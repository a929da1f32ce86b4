//! Our families, from one table: what is written, what the reference documents, what may be cut.
//!
//! Everything labelled by a target is written here, counters too; the daemon-wide families live
//! in `telemetry`. Aggregates come first, so that the limit on series is spent on them before
//! anything that may be cut.

mod aggregates;
mod cut;
mod fate;
mod products;
mod table;
mod versions;

pub use fate::{Fate, Own, fate};
pub use table::describe;

use std::sync::Arc;

use crate::exposition::{BodyBuilder, Exposition, LabelText, Writer};
use crate::model::{Kept, PerProduct};
use crate::snapshot::{Snapshot, Stage, TargetState};
use cut::Cut;

/// A sample of a product has at least so many bytes: its family, and the labels of its target.
const SHORTEST: u64 = 150;

/// What is shown of a snapshot.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Which products have series of their own.
    pub per_product: PerProduct,
    /// Per-instance series of one target, at most.
    pub max_instance_series: usize,
    /// Series of all targets together, at most; aggregates are never cut.
    pub max_series: usize,
    /// Whether names and tags are asked for.
    pub names_and_tags: bool,
    /// Whether records are asked for.
    pub records: bool,
    /// Whether versions of products are asked for.
    pub versions: bool,
    /// The tags that are shown, in the order of their labels.
    pub tags: Arc<[TagLabel]>,
}

impl Default for Shown {
    /// What is shown without any configuration.
    fn default() -> Self {
        Self {
            per_product: PerProduct::All,
            max_instance_series: 10_000,
            max_series: 500_000,
            names_and_tags: false,
            records: true,
            versions: false,
            tags: Arc::default(),
        }
    }
}

impl Shown {
    /// The stages that have series: those that run at all.
    fn stages(&self) -> impl Iterator<Item = Stage> {
        Stage::REQUIRED.into_iter().chain(self.optional_stages())
    }

    /// Those of them without which a scan is a success all the same.
    pub fn optional_stages(&self) -> impl Iterator<Item = Stage> + use<> {
        let names = self.names_and_tags.then_some(Stage::NamesAndTags);
        let records = self.records.then_some(Stage::Records);
        let versions = self.versions.then_some(Stage::Versions);
        names.into_iter().chain(records).chain(versions)
    }
}

/// A tag that is shown as a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagLabel {
    key: Arc<str>,
    label: Arc<str>,
}

impl TagLabel {
    /// The tag that AWS calls `key`, as the label `tag_<name>`.
    #[must_use]
    pub fn new(key: &str, name: &str) -> Self {
        Self { key: key.into(), label: format!("tag_{name}").into() }
    }
}

impl AsRef<str> for TagLabel {
    fn as_ref(&self) -> &str {
        &self.label
    }
}

/// A target that has series, with its rendered labels.
struct Target<'s> {
    state: &'s TargetState,
    labels: LabelText<2>,
}

/// Writes a snapshot as text, compressed on the way.
#[must_use]
pub fn encode(snapshot: &Snapshot, shown: &Shown) -> Exposition {
    write(Writer::new(BodyBuilder::default()), snapshot, shown).into_body().finish()
}

/// The same, and what the limits left of each target of the snapshot, in its order; none is a
/// target without series.
#[must_use]
pub fn encode_and_plan(snapshot: &Snapshot, shown: &Shown) -> (Exposition, Vec<Option<Kept>>) {
    let (writer, kept) = written(Writer::new(BodyBuilder::default()), snapshot, shown);
    let mut kept = kept.into_iter();
    let targets = snapshot.targets.iter();
    let plan = targets.map(|state| state.account.as_ref().and_then(|_| kept.next())).collect();
    (writer.into_body().finish(), plan)
}

/// Writes a snapshot as text, and hands back the writer behind it.
#[must_use]
pub fn write(writer: Writer, snapshot: &Snapshot, shown: &Shown) -> Writer {
    written(writer, snapshot, shown).0
}

fn written(mut writer: Writer, snapshot: &Snapshot, shown: &Shown) -> (Writer, Vec<Kept>) {
    let targets: Vec<Target<'_>> = snapshot
        .targets
        .iter()
        .filter_map(|state| {
            let account = state.account.as_ref()?;
            let labels = LabelText::new(table::TARGET, [account.as_str(), state.region.as_str()]);
            Some(Target { state, labels })
        })
        .collect();
    aggregates::write(&mut writer, &targets, shown, snapshot);
    versions::write(&mut writer, &targets, shown);
    let cut = Cut::plan(&targets, shown, writer.samples());
    aggregates::write_dropped(&mut writer, &targets, &cut);
    writer.expect(cut.kept.saturating_mul(SHORTEST));
    let planned = writer.samples() + cut.kept;
    products::write(&mut writer, &targets, shown, &cut);
    debug_assert_eq!(writer.samples(), planned, "the plan is what is written");
    (writer, cut.into_targets())
}

#[cfg(test)]
mod tests;
