//! What became of the series of one product in a publication: shown, not wanted, or left out by a
//! limit. It reads the plan that was written by, and makes none of its own.

use super::cut::entries;
use crate::model::{Kept, PerProduct, Rank};
use crate::snapshot::TargetState;

/// What became of a product that the list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Of the series of its own.
    pub own: Own,
    /// How many of its stack instances have a series each.
    pub instances: u64,
    /// How many were to have one, and were left out by a limit.
    pub instances_left_out: u64,
}

/// What became of the series of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// They are there.
    Shown,
    /// It has no problem, and those without have none.
    NotWanted,
    /// The limit left them out.
    Cut,
}

/// What became of the product of that id; the cost is a look at the products and instances of its
/// target.
#[must_use]
pub fn fate(state: &TargetState, per_product: PerProduct, kept: &Kept, id: &str) -> Fate {
    let (instances, instances_left_out) = instances(state, kept, id);
    Fate { own: own(state, per_product, kept, id), instances, instances_left_out }
}

fn own(state: &TargetState, per_product: PerProduct, kept: &Kept, id: &str) -> Own {
    let mut before = [0_u64; 2];
    for entry in entries(state, per_product) {
        let urgency = entry.urgency();
        if &*entry.product.id == id {
            let stays = before[urgency] < kept.products[urgency];
            return if stays { Own::Shown } else { Own::Cut };
        }
        before[urgency] += 1;
    }
    Own::NotWanted
}

/// How many instances of a stack set stay, and how many do not.
fn instances(state: &TargetState, kept: &Kept, id: &str) -> (u64, u64) {
    let mut before = [0_u64; Rank::ALL.len()];
    for (of, listing) in state.listings() {
        let (mut stays, mut goes) = (0, listing.value.left_out());
        for instance in listing.value.shown() {
            let rank = instance.rank() as usize;
            let fits = before[rank] < kept.instances[rank];
            before[rank] += 1;
            *(if fits { &mut stays } else { &mut goes }) += 1;
        }
        if of == id {
            return (stays, goes);
        }
    }
    (0, 0)
}
