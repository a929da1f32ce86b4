//! The stack instances of one stack set.

use std::collections::HashMap;
use std::sync::Arc;

use super::status::{InstanceStatus, Tally};

/// Which stack instances have a series of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PerInstance {
    /// Those not CURRENT.
    #[default]
    Problems,
    /// Every one.
    All,
    /// None; the counts remain.
    None,
}

impl PerInstance {
    fn shows(self, status: &InstanceStatus) -> bool {
        match self {
            Self::All => true,
            Self::Problems => *status != InstanceStatus::Current,
            Self::None => false,
        }
    }
}

/// How much an instance matters when not all can be shown; the smallest is kept first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Needs a hand.
    Inoperable,
    /// A status that this build does not know.
    Unknown,
    /// Behind.
    Outdated,
    /// Healthy.
    Current,
}

impl Rank {
    /// Every rank, most important first.
    pub const ALL: [Self; 4] = [Self::Inoperable, Self::Unknown, Self::Outdated, Self::Current];
}

/// One instance: a place and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackInstance {
    /// The account that it stands in.
    pub account: Arc<str>,
    /// The region that it stands in.
    pub region: Arc<str>,
    /// How it is.
    pub status: InstanceStatus,
}

impl StackInstance {
    /// How much it matters.
    #[must_use]
    pub fn rank(&self) -> Rank {
        match self.status {
            InstanceStatus::Inoperable => Rank::Inoperable,
            InstanceStatus::Other(_) => Rank::Unknown,
            InstanceStatus::Outdated => Rank::Outdated,
            InstanceStatus::Current => Rank::Current,
        }
    }
}

/// A complete listing: counts of all instances, and the few that are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    counts: Tally<3>,
    shown: Box<[StackInstance]>,
    left_out: u64,
    duplicates: u64,
}

impl Listing {
    /// A listing as one was kept: its parts as they were told.
    #[must_use]
    pub fn of_parts(
        counts: Tally<3>,
        shown: Box<[StackInstance]>,
        left_out: u64,
        duplicates: u64,
    ) -> Self {
        Self { counts, shown, left_out, duplicates }
    }

    /// How many instances have each status.
    #[must_use]
    pub fn counts(&self) -> &Tally<3> {
        &self.counts
    }

    /// Those with a series of their own, by rank, then account, then region.
    #[must_use]
    pub fn shown(&self) -> &[StackInstance] {
        &self.shown
    }

    /// Those that should have a series of their own but exceed the limit.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Items left out because the same account and region came again.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Whether any instance is not CURRENT.
    #[must_use]
    pub fn has_problem(&self) -> bool {
        self.counts.of(&InstanceStatus::Current) < self.counts.total()
    }
}

/// Collects the instances of all pages: a few bytes for each, however many there are, because an
/// instance is its account and region, and the last one listed wins.
#[derive(Debug, Default)]
pub struct ListingBuilder {
    texts: Texts,
    statuses: Vec<InstanceStatus>,
    instances: HashMap<(u32, u32), u32>,
    duplicates: u64,
}

/// Account ids and regions recur; each is kept once.
#[derive(Debug, Default)]
struct Texts {
    places: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Texts {
    fn place(&mut self, text: &str) -> u32 {
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        let place = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.places.insert(text, place);
        place
    }
}

impl ListingBuilder {
    /// Takes one item; an absent account or region is empty.
    pub fn add(&mut self, account: &str, region: &str, status: Option<&str>) {
        let place = (self.texts.place(account), self.texts.place(region));
        let status = InstanceStatus::read(status);
        let status = self.statuses.iter().position(|known| *known == status).unwrap_or_else(|| {
            self.statuses.push(status);
            self.statuses.len() - 1
        });
        let status = u32::try_from(status).unwrap_or(u32::MAX);
        self.duplicates += u64::from(self.instances.insert(place, status).is_some());
    }

    /// The complete listing, of which at most `limit` instances are shown. Call it only after the
    /// last page.
    #[must_use]
    pub fn finish(self, per_instance: PerInstance, limit: usize) -> Listing {
        let mut many = vec![0; self.statuses.len()];
        let mut shown = Vec::new();
        for (&(account, region), &status) in &self.instances {
            many[status as usize] += 1;
            if per_instance.shows(&self.statuses[status as usize]) {
                shown.push((account, region, status));
            }
        }
        let mut listing = Listing { duplicates: self.duplicates, ..Listing::default() };
        for (status, many) in self.statuses.iter().zip(many) {
            if many > 0 {
                listing.counts.add(status, many);
            }
        }
        let mut shown: Vec<StackInstance> = shown
            .into_iter()
            .map(|(account, region, status)| StackInstance {
                account: Arc::clone(&self.texts.texts[account as usize]),
                region: Arc::clone(&self.texts.texts[region as usize]),
                status: self.statuses[status as usize].clone(),
            })
            .collect();
        shown.sort_unstable_by(|a, b| {
            (a.rank(), &a.account, &a.region).cmp(&(b.rank(), &b.account, &b.region))
        });
        listing.left_out = shown.len().saturating_sub(limit) as u64;
        shown.truncate(limit);
        listing.shown = shown.into_boxed_slice();
        listing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StatusName as _;

    fn listing(items: &[(&str, &str, &str)], per_instance: PerInstance, limit: usize) -> Listing {
        let mut builder = ListingBuilder::default();
        for (account, region, status) in items {
            builder.add(account, region, Some(status));
        }
        builder.finish(per_instance, limit)
    }

    #[test]
    fn all_are_counted_and_only_problems_are_kept() {
        let items = [("1", "a", "CURRENT"), ("2", "a", "OUTDATED"), ("3", "a", "CURRENT")];
        let listing = listing(&items, PerInstance::Problems, 10);
        assert_eq!(listing.counts().of(&InstanceStatus::Current), 2);
        assert_eq!(listing.shown().len(), 1);
        assert_eq!(&*listing.shown()[0].account, "2");
        assert!(listing.has_problem());
    }

    #[test]
    fn an_instance_is_its_account_and_region_and_the_last_one_listed_wins() {
        let items = [("1", "a", "OUTDATED"), ("1", "b", "CURRENT"), ("1", "a", "CURRENT")];
        let listing = listing(&items, PerInstance::All, 10);
        assert_eq!((listing.counts().total(), listing.duplicates()), (2, 1));
        assert_eq!(listing.counts().of(&InstanceStatus::Outdated), 0);
        assert!(!listing.has_problem());
    }

    #[test]
    fn a_status_that_only_an_overwritten_item_had_leaves_no_trace() {
        let listing = listing(&[("1", "a", "ODD"), ("1", "a", "CURRENT")], PerInstance::All, 10);
        assert_eq!(listing.counts().series(), 3);
    }

    #[test]
    fn the_worst_are_kept_when_not_all_can_be_shown() {
        let items = [
            ("4", "a", "CURRENT"),
            ("3", "a", "OUTDATED"),
            ("2", "a", "SOMETHING_NEW"),
            ("1", "b", "INOPERABLE"),
            ("1", "a", "INOPERABLE"),
        ];
        let listing = listing(&items, PerInstance::All, 3);
        let kept: Vec<_> = listing
            .shown()
            .iter()
            .map(|i| format!("{}/{} {}", i.account, i.region, i.status.as_str()))
            .collect();
        assert_eq!(kept, ["1/a INOPERABLE", "1/b INOPERABLE", "2/a SOMETHING_NEW"]);
        assert_eq!(listing.left_out(), 2);
    }
}
