//! The versions of a product of the catalog, which AWS calls provisioning artifacts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::operation::Operation;

/// A call that tells the versions of a product. None works for everybody, so they are tried in
/// this order until one answers: the one that says most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Of an administrator of the product: every version, with guidance and whether it is active.
    List,
    /// Of an end user, whom a portfolio grants the product: the active versions, with guidance.
    /// AWS refuses it to administrators who are no end users too.
    Product,
    /// Of an administrator who got the product with a shared portfolio: every version, without
    /// guidance, and not whether it is active.
    AsAdmin,
}

impl Way {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::List, Self::Product, Self::AsAdmin];

    /// What is called.
    #[must_use]
    pub fn operation(self) -> Operation {
        match self {
            Self::List => Operation::ListProvisioningArtifacts,
            Self::Product => Operation::DescribeProduct,
            Self::AsAdmin => Operation::DescribeProductAsAdmin,
        }
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// One version of a product. Texts that nobody told are empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// `pa-…`
    pub id: Arc<str>,
    /// Chosen by the administrator: any text, cut to a bounded length.
    pub name: Box<str>,
    /// Seconds since 1970-01-01 UTC.
    pub created: Option<f64>,
    /// What the administrator recommends, in AWS's spelling: DEFAULT (nothing), DEPRECATED.
    pub guidance: Box<str>,
    /// Whether it can be launched; `None` where the call does not say.
    pub active: Option<bool>,
}

/// Versions of one product, by id. Every active one is among them, whichever call told them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Artifacts(BTreeMap<Arc<str>, Artifact>);

impl Artifacts {
    /// The version of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Artifact> {
        self.0.get(id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Artifact> {
        self.0.values()
    }

    /// The one that was created last of those that are not known to be inactive.
    #[must_use]
    pub fn newest(&self) -> Option<&Artifact> {
        let offered = self.iter().filter(|artifact| artifact.active != Some(false));
        let created = |artifact: &Artifact| artifact.created.unwrap_or(f64::NEG_INFINITY);
        offered.max_by(|a, b| created(a).total_cmp(&created(b)).then_with(|| a.id.cmp(&b.id)))
    }
}

impl FromIterator<Artifact> for Artifacts {
    /// Of several with one id the last wins; one without an id could be nothing's version.
    fn from_iter<I: IntoIterator<Item = Artifact>>(artifacts: I) -> Self {
        let named = artifacts.into_iter().filter(|artifact| !artifact.id.is_empty());
        Self(named.map(|artifact| (Arc::clone(&artifact.id), artifact)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(id: &str, created: Option<f64>, active: Option<bool>) -> Artifact {
        Artifact { id: id.into(), name: "v".into(), created, guidance: "DEFAULT".into(), active }
    }

    fn newest(artifacts: impl IntoIterator<Item = Artifact>) -> Option<String> {
        let artifacts: Artifacts = artifacts.into_iter().collect();
        artifacts.newest().map(|artifact| artifact.id.to_string())
    }

    #[test]
    fn the_newest_version_is_the_last_one_created_that_is_not_known_to_be_inactive() {
        let (old, new) = (Some(1.0), Some(2.0));
        let of = |active| [artifact("pa-b", old, Some(true)), artifact("pa-a", new, active)];
        assert_eq!(newest(of(Some(true))).as_deref(), Some("pa-a"));
        assert_eq!(newest(of(None)).as_deref(), Some("pa-a"), "nobody said whether it is active");
        assert_eq!(newest(of(Some(false))).as_deref(), Some("pa-b"));
        assert_eq!(newest([artifact("pa-a", new, Some(false))]), None);
        let undated = [artifact("pa-z", None, None), artifact("pa-a", old, None)];
        assert_eq!(newest(undated).as_deref(), Some("pa-a"));
    }

    #[test]
    fn of_several_items_with_one_id_the_last_counts_and_one_without_an_id_does_not() {
        let items = ["pa-1", "", "pa-1"].map(|id| artifact(id, None, None));
        let artifacts: Artifacts = items.into_iter().collect();
        assert_eq!((artifacts.len(), artifacts.is_empty()), (1, false));
        assert!(artifacts.get("pa-1").is_some() && artifacts.get("").is_none());
    }
}
