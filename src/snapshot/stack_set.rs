//! One stack set, between the product list that names it and the listing that describes it.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Dated, TargetState};
use crate::model::{Listing, Moment, Product, ProductStatus, Reason};

/// Why a stack set is listed, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No listing of it is known.
    NeverListed,
    /// Its product changed, is changing or has a status that this build does not know; or the
    /// last listing failed, or had an instance that is not CURRENT.
    Unsettled,
    /// A message of the queue of events names it.
    Hinted,
    /// Nothing speaks against its last listing but its age.
    Turn,
}

/// What speaks against the last listing of a stack set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsettled {
    /// A later one failed, or was refused.
    Failed,
    /// Its product is changing.
    InMotion,
    /// Its product has a status that this build does not know: it may be a motion of tomorrow.
    UnknownStatus,
    /// Its product had another status.
    OtherStatus,
    /// Its product had another last operation.
    OtherRecord,
    /// It has instances that are not CURRENT.
    NotCurrent,
}

/// Why a listing is as old as it is, and still served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Why it was made.
    pub cause: Cause,
    /// Uptime at which the attempt began in which it was made.
    pub begun: Duration,
    /// Uptime at which asking began for the last answer that says that it is true.
    pub confirmed: Duration,
}

/// What a listing was asked for: the product as the page showed it that came before the listing.
///
/// A change that happens between the two belongs to no listing: the next list shows a product that
/// differs from this, and it is listed again.
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    /// Why it was asked for.
    pub cause: Cause,
    /// The product's LastRecordId; empty where AWS gave none.
    pub record: Arc<str>,
    /// The product's status.
    pub status: ProductStatus,
    /// Uptime at which the attempt began. Turns are counted from attempt to attempt, whenever in
    /// an attempt the call is made.
    pub begun: Duration,
}

impl Basis {
    /// A listing that is asked for because of this item of a page.
    #[must_use]
    pub fn of(product: &Product, cause: Cause, begun: Moment) -> Self {
        let (record, status) = (Arc::clone(&product.last_record), product.status.clone());
        Self { cause, record, status, begun: begun.uptime }
    }
}

/// How one listing ended.
#[derive(Clone, Debug, PartialEq)]
pub enum ListingOutcome {
    /// Complete.
    Listed(Dated<Listing>, Basis),
    /// AWS knows no such stack set, or denies it. That is no failure until the next complete
    /// list still holds the product and the answer is the same.
    Refused(Reason),
    /// Not complete.
    Failed(Reason),
}

/// A complete listing, and why it still counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Known {
    pub(super) listing: Dated<Listing>,
    pub(super) basis: Basis,
    /// Uptime at which asking began for the last answer that says that it is true: the listing
    /// itself, or a later product list in which nothing speaks against it.
    pub(super) confirmed: Duration,
}

/// What is known of one stack set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StackSet {
    pub(super) known: Option<Known>,
    /// The last listing that was asked for did not succeed.
    pub(super) failed: bool,
    /// AWS answered it that it knows no such stack set, and no list has settled since whether
    /// that is so.
    pub(super) refused: bool,
}

impl StackSet {
    /// Why it must be listed, given its product as listed just now; `None` if what is known of it
    /// still holds.
    pub(super) fn cause(&self, product: &Product) -> Option<Cause> {
        let Some(known) = &self.known else { return Some(Cause::NeverListed) };
        self.unsettled(known, product).map(|_| Cause::Unsettled)
    }

    fn unsettled(&self, known: &Known, product: &Product) -> Option<Unsettled> {
        match () {
            () if self.failed => Some(Unsettled::Failed),
            () if product.status.is_in_motion() => Some(Unsettled::InMotion),
            () if matches!(product.status, ProductStatus::Other(_)) => {
                Some(Unsettled::UnknownStatus)
            }
            () if known.basis.status != product.status => Some(Unsettled::OtherStatus),
            () if known.basis.record != product.last_record => Some(Unsettled::OtherRecord),
            () if known.listing.value.has_problem() => Some(Unsettled::NotCurrent),
            () => None,
        }
    }

    /// A listing ended. Why the stage is no success, if it is because of this one.
    pub(super) fn ended(&mut self, outcome: ListingOutcome) -> Option<Reason> {
        match outcome {
            ListingOutcome::Listed(listing, basis) => {
                let Dated { value, asked } = listing;
                let same = self.known.as_ref().map(|known| &known.listing.value);
                let value = same.filter(|same| **same == value).map_or(value, Arc::clone);
                let (listing, confirmed) = (Dated { value, asked }, asked.uptime);
                let known = Some(Known { listing, basis, confirmed });
                *self = Self { known, failed: false, refused: false };
                None
            }
            ListingOutcome::Refused(reason) => {
                self.failed = true;
                let again = std::mem::replace(&mut self.refused, true);
                again.then_some(reason)
            }
            ListingOutcome::Failed(reason) => {
                self.failed = true;
                Some(reason)
            }
        }
    }

    /// A complete product list says that what is known of it still holds.
    pub(super) fn confirm(&mut self, asked: Moment) {
        if let Some(known) = &mut self.known {
            known.confirmed = known.confirmed.max(asked.uptime);
        }
    }
}

impl TargetState {
    /// Why the listing of a stack set is as old as it is; `None` without a listing.
    #[must_use]
    pub fn standing(&self, id: &str) -> Option<Standing> {
        let Known { basis, confirmed, .. } = self.stack_sets.get(id)?.known.as_ref()?;
        Some(Standing { cause: basis.cause, begun: basis.begun, confirmed: *confirmed })
    }

    /// What speaks against the listing of this product's stack set; `None` also without a listing.
    #[must_use]
    pub fn unsettled(&self, product: &Product) -> Option<Unsettled> {
        let set = self.stack_sets.get(&product.id)?;
        set.unsettled(set.known.as_ref()?, product)
    }

    /// Whether the last listing of a stack set that was asked for did not succeed.
    #[must_use]
    pub fn has_listing_failed(&self, id: &str) -> bool {
        self.stack_sets.get(id).is_some_and(|set| set.failed)
    }
}
