//! Our families, from one table: what is written, what the reference documents, what may be cut.
//!
//! Everything labelled by a target is written here, counters too; the daemon-wide families live
//! in `telemetry`. Aggregates come first, so that the limit on series is spent on them before
//! anything that may be cut.

mod aggregates;
mod cut;
mod products;
mod table;

pub use table::describe;

use crate::exposition::{BodyBuilder, Exposition, LabelText, Writer};
use crate::model::PerProduct;
use crate::snapshot::{Snapshot, TargetState};
use cut::Cut;

/// What is shown of a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Which products have series of their own.
    pub per_product: PerProduct,
    /// Per-instance series of one target, at most.
    pub max_instance_series: usize,
    /// Series of all targets together, at most; aggregates are never cut.
    pub max_series: usize,
}

/// A target that has series, with its rendered labels.
struct Target<'s> {
    state: &'s TargetState,
    labels: LabelText<2>,
}

/// Writes a snapshot as text, compressed on the way.
#[must_use]
pub fn encode(snapshot: &Snapshot, shown: Shown) -> Exposition {
    write(Writer::new(BodyBuilder::default()), snapshot, shown).into_body().finish()
}

/// Writes a snapshot as text, and hands back the writer behind it.
#[must_use]
pub fn write(mut writer: Writer, snapshot: &Snapshot, shown: Shown) -> Writer {
    let targets: Vec<Target<'_>> = snapshot
        .targets
        .iter()
        .filter_map(|state| {
            let account = state.account.as_ref()?;
            let labels = LabelText::new(table::TARGET, [account.as_str(), state.region.as_str()]);
            Some(Target { state, labels })
        })
        .collect();
    aggregates::write(&mut writer, &targets);
    let cut = Cut::plan(&targets, shown, writer.samples());
    aggregates::write_dropped(&mut writer, &targets, &cut);
    products::write(&mut writer, &targets, shown, &cut);
    writer
}

#[cfg(test)]
mod tests;
