//! Statuses in AWS's own spelling: closed in our tables, open in what AWS may say tomorrow.

use std::collections::BTreeMap;
use std::sync::Arc;

/// How an absent status is exported.
pub const UNKNOWN: &str = "UNKNOWN";

/// A status with `N` known names; anything else keeps its own spelling.
pub trait StatusName<const N: usize> {
    /// The known names, in the order in which they are exported.
    const KNOWN: [&'static str; N];

    /// The place in [`Self::KNOWN`], or the spelling that AWS used.
    fn slot(&self) -> Result<usize, &Arc<str>>;

    /// AWS's spelling.
    fn as_str(&self) -> &str {
        match self.slot() {
            Ok(known) => Self::KNOWN[known],
            Err(other) => other,
        }
    }
}

macro_rules! statuses {
    ($(#[$doc:meta])* $name:ident, $count:literal: $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A value that this build does not know, in AWS's spelling; [`UNKNOWN`] where AWS gave none.
            Other(Arc<str>),
        }

        impl $name {
            /// Reads AWS's spelling; `None` and the empty text are [`UNKNOWN`].
            #[must_use]
            pub fn read(text: Option<&str>) -> Self {
                match text {
                    $(Some($text) => Self::$variant,)+
                    None | Some("") => Self::Other(UNKNOWN.into()),
                    Some(other) => Self::Other(other.into()),
                }
            }
        }

        impl StatusName<$count> for $name {
            const KNOWN: [&'static str; $count] = [$($text),+];

            fn slot(&self) -> Result<usize, &Arc<str>> {
                #[allow(clippy::enum_glob_use, reason = "counts the variants in their order")]
                enum Place { $($variant),+ }
                match self {
                    $(Self::$variant => Ok(Place::$variant as usize),)+
                    Self::Other(text) => Err(text),
                }
            }
        }
    };
}

statuses! {
    /// The status of a provisioned product (`ProvisionedProductStatus` of the service model).
    ProductStatus, 5:
    /// Stable; the last operation succeeded.
    Available = "AVAILABLE",
    /// An operation is running.
    UnderChange = "UNDER_CHANGE",
    /// Stable, but not what was asked for (a failed update rolled back, say).
    Tainted = "TAINTED",
    /// The launch failed; the stack does not run.
    Error = "ERROR",
    /// A plan exists whose resources were not created yet.
    PlanInProgress = "PLAN_IN_PROGRESS",
}

statuses! {
    /// The status of a stack instance (`StackInstanceStatus` of the service model).
    InstanceStatus, 3:
    /// Up to date with its stack set.
    Current = "CURRENT",
    /// Behind its stack set.
    Outdated = "OUTDATED",
    /// A failed delete left it behind; every further update leaves it out.
    Inoperable = "INOPERABLE",
}

impl ProductStatus {
    /// Whether an operation or plan is under way, so that the records speak of the past.
    #[must_use]
    pub fn is_in_motion(&self) -> bool {
        matches!(self, Self::UnderChange | Self::PlanInProgress)
    }
}

/// How many have each status: the known ones always, others while something has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally<const N: usize> {
    known: [u64; N],
    other: BTreeMap<Arc<str>, u64>,
}

impl<const N: usize> Default for Tally<N> {
    fn default() -> Self {
        Self { known: [0; N], other: BTreeMap::new() }
    }
}

impl<const N: usize> Tally<N> {
    /// Counts `many` more of `status`.
    pub fn add<S: StatusName<N>>(&mut self, status: &S, many: u64) {
        match status.slot() {
            Ok(slot) => self.known[slot] += many,
            Err(other) => *self.other.entry(Arc::clone(other)).or_default() += many,
        }
    }

    /// Counts all of `more` too.
    pub fn merge(&mut self, more: &Self) {
        for (mine, theirs) in self.known.iter_mut().zip(more.known) {
            *mine += theirs;
        }
        for (status, many) in &more.other {
            *self.other.entry(Arc::clone(status)).or_default() += many;
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.known.iter().sum::<u64>() + self.other.values().sum::<u64>()
    }

    /// How many have `status`.
    #[must_use]
    pub fn of<S: StatusName<N>>(&self, status: &S) -> u64 {
        match status.slot() {
            Ok(slot) => self.known[slot],
            Err(other) => self.other.get(other).copied().unwrap_or_default(),
        }
    }

    /// How many series it takes to export this.
    #[must_use]
    pub fn series(&self) -> u64 {
        (N + self.other.len()) as u64
    }

    /// Status and count: the known ones in their order, zeros included, then the others.
    pub fn counts<S: StatusName<N>>(&self) -> impl Iterator<Item = (&str, u64)> {
        let known = S::KNOWN.into_iter().zip(self.known);
        known.chain(self.other.iter().map(|(status, many)| (&**status, *many)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_reads_back_as_itself_and_has_its_own_slot() {
        for (place, name) in ProductStatus::KNOWN.into_iter().enumerate() {
            let status = ProductStatus::read(Some(name));
            assert_eq!((status.as_str(), status.slot()), (name, Ok(place)));
        }
        for (place, name) in InstanceStatus::KNOWN.into_iter().enumerate() {
            assert_eq!(InstanceStatus::read(Some(name)).slot(), Ok(place));
        }
    }

    #[test]
    fn a_status_of_tomorrow_keeps_its_spelling_and_an_absent_one_is_unknown() {
        assert_eq!(ProductStatus::read(Some("Quarantined")).as_str(), "Quarantined");
        assert_eq!(ProductStatus::read(None).as_str(), "UNKNOWN");
        assert_eq!(InstanceStatus::read(Some("")).as_str(), "UNKNOWN");
    }

    #[test]
    fn a_tally_lists_known_zeros_always_and_unknown_values_only_while_something_has_them() {
        let mut tally = Tally::default();
        tally.add(&InstanceStatus::Outdated, 2);
        let counts = |tally: &Tally<3>| {
            tally.counts::<InstanceStatus>().map(|(s, n)| format!("{s} {n}")).collect::<Vec<_>>()
        };
        assert_eq!(counts(&tally), ["CURRENT 0", "OUTDATED 2", "INOPERABLE 0"]);
        tally.add(&InstanceStatus::read(Some("DRIFTED")), 1);
        assert_eq!(counts(&tally), ["CURRENT 0", "OUTDATED 2", "INOPERABLE 0", "DRIFTED 1"]);
        let mut both = tally.clone();
        both.merge(&tally);
        assert_eq!((both.total(), both.series(), both.of(&InstanceStatus::Outdated)), (6, 4, 4));
    }
}
