//! What stays when there are more series than allowed.
//!
//! The order is fixed, so that two scrapes of one snapshot cut alike: per-instance series go
//! before per-product series, aggregates never. Of instances INOPERABLE stay longest, then unknown
//! statuses, OUTDATED, CURRENT; of products those with a problem; then the smaller id. A product
//! stays with all of its series or goes with all of them.

use super::{Shown, Target, aggregates};
use crate::model::{
    Kept, Listing, PerProduct, Product, ProductNames, ProductStatus, Provisioning, Rank, Record,
    StackInstance, StatusName as _,
};
use crate::snapshot::{Dated, TargetState};

/// The cut of all targets.
pub(super) struct Cut {
    targets: Vec<Kept>,
    /// Series that stay.
    pub(super) kept: u64,
}

impl Cut {
    /// Plans the cut; `written` series (aggregates) are spent already.
    pub(super) fn plan(targets: &[Target<'_>], shown: &Shown, written: u64) -> Self {
        let mut cut = Self { targets: vec![Kept::default(); targets.len()], kept: 0 };
        let mut budget = (shown.max_series as u64)
            .saturating_sub(written)
            .saturating_sub(aggregates::dropped_series(targets));
        for urgency in 0..2 {
            for (target, of_target) in targets.iter().zip(&mut cut.targets) {
                cut.kept += of_target.spend_on_products(target, shown, urgency, &mut budget);
            }
        }
        let wanted: Vec<_> = targets
            .iter()
            .zip(&mut cut.targets)
            .map(|(target, cut)| cut.instances_wanted(target, shown.max_instance_series as u64))
            .collect();
        for rank in Rank::ALL {
            for (wanted, of_target) in wanted.iter().zip(&mut cut.targets) {
                let wanted = wanted[rank as usize];
                let kept = wanted.min(budget);
                budget -= kept;
                cut.kept += kept;
                of_target.instances[rank as usize] = kept;
                of_target.dropped += wanted - kept;
            }
        }
        cut
    }

    pub(super) fn into_targets(self) -> Vec<Kept> {
        self.targets
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = &Kept> {
        self.targets.iter()
    }
}

impl Kept {
    /// How many series of products stay.
    fn spend_on_products(
        &mut self,
        target: &Target<'_>,
        shown: &Shown,
        urgency: usize,
        budget: &mut u64,
    ) -> u64 {
        let before = *budget;
        let mut full = false;
        for entry in entries(target.state, shown.per_product) {
            if entry.urgency() != urgency {
                continue;
            }
            let cost = entry.cost(shown);
            full |= cost > *budget;
            if full {
                self.dropped += cost;
            } else {
                *budget -= cost;
                self.products[urgency] += 1;
            }
        }
        let kept = before - *budget;
        if full {
            // What is left would go to less urgent products, and then to instances.
            *budget = 0;
        }
        kept
    }

    fn instances_wanted(&mut self, target: &Target<'_>, limit: u64) -> [u64; Rank::ALL.len()] {
        let mut wanted = [0; Rank::ALL.len()];
        for (_, listing) in target.state.listings() {
            for instance in listing.value.shown() {
                wanted[instance.rank() as usize] += 1;
            }
            self.dropped += listing.value.left_out();
        }
        let mut left = limit;
        for wanted in &mut wanted {
            let kept = (*wanted).min(left);
            left -= kept;
            self.dropped += *wanted - kept;
            *wanted = kept;
        }
        wanted
    }

    /// How many products stay.
    pub(super) fn products_kept(&self) -> usize {
        usize::try_from(self.products.iter().sum::<u64>()).unwrap_or_default()
    }

    /// The products that stay.
    pub(super) fn products<'s>(
        &self,
        target: &'s Target<'_>,
        shown: &Shown,
    ) -> impl Iterator<Item = Entry<'s>> + use<'s> {
        let mut left = self.products;
        entries(target.state, shown.per_product)
            .filter(move |entry| take_one(&mut left[entry.urgency()]))
    }

    /// The instances that stay, with their products.
    pub(super) fn instances<'s>(
        &self,
        target: &'s Target<'_>,
    ) -> impl Iterator<Item = (&'s Product, &'s StackInstance)> {
        let mut left = self.instances;
        let catalog = target.state.products();
        target
            .state
            .listings()
            .filter_map(move |(id, listing)| Some((catalog?.product(id)?, listing)))
            .flat_map(|(product, listing)| listing.value.shown().iter().map(move |i| (product, i)))
            .filter(move |(_, instance)| take_one(&mut left[instance.rank() as usize]))
    }
}

fn take_one(left: &mut u64) -> bool {
    let any = *left > 0;
    *left -= u64::from(any);
    any
}

/// A product, and where to find what else is known of it.
#[derive(Clone, Copy)]
pub(super) struct Entry<'s> {
    pub(super) product: &'s Product,
    pub(super) listing: Option<&'s Dated<Listing>>,
    state: &'s TargetState,
}

impl<'s> Entry<'s> {
    /// Its names and tags, if they are shown and known.
    pub(super) fn names(&self, shown: &Shown) -> Option<&'s ProductNames> {
        if shown.names_and_tags { self.state.names_of(&self.product.id) } else { None }
    }

    /// The record of its last operation, if it is shown and known.
    pub(super) fn record(&self, shown: &Shown) -> Option<&'s Record> {
        if shown.records { self.state.record_of(self.product) } else { None }
    }

    /// When it was first seen in its status, if that was seen.
    pub(super) fn status_since(&self) -> Option<f64> {
        self.state.status_since(&self.product.id)
    }

    /// 0 for a product with a problem, 1 for a healthy one.
    pub(super) fn urgency(&self) -> usize {
        let problem = self.product.status != ProductStatus::Available
            || self.listing.is_some_and(|listing| listing.value.has_problem());
        usize::from(!problem)
    }

    /// How many series `products::write` writes for it.
    fn cost(&self, shown: &Shown) -> u64 {
        let Self { product, listing, .. } = self;
        let states = ProductStatus::KNOWN.len() as u64 + u64::from(product.status.slot().is_err());
        let since = u64::from(self.status_since().is_some());
        let created = u64::from(product.created.is_some());
        let provisioning = 2 * u64::from(settled_provisioning(product).is_some());
        let instances = listing.map_or(0, |listing| listing.value.counts().series() + 1);
        let record = self.record(shown).map_or(0, |record| {
            u64::from(record.created.is_some()) + u64::from(record.updated.is_some())
        });
        let tags = u64::from(!shown.tags.is_empty() && self.names(shown).is_some());
        1 + states + since + created + provisioning + instances + record + tags
    }
}

/// The products that are to have series of their own, in the order in which they stay.
pub(super) fn entries(
    state: &TargetState,
    per_product: PerProduct,
) -> impl Iterator<Item = Entry<'_>> {
    let all = per_product == PerProduct::All;
    let products = state.products().map_or(&[][..], |catalog| catalog.products());
    products
        .iter()
        .map(move |product| {
            let listing = product.is_stack_set().then(|| state.listing(&product.id)).flatten();
            Entry { product, listing, state }
        })
        .filter(move |entry| all || entry.urgency() == 0)
}

/// Whether the records of a product speak of a provisioning that is over.
pub(super) fn settled_provisioning(product: &Product) -> Option<Provisioning> {
    (!product.status.is_in_motion() && product.provisioning != Provisioning::Unrecorded)
        .then_some(product.provisioning)
}
