//! Families of versions: aggregates over the served list, and never cut.
//!
//! A product may have a hundred versions. Those that somebody uses have series, and the newest, so
//! there are at most two for each (product, version) in use.

use super::aggregates::float;
use super::table::*;
use super::{Shown, Target};
use crate::exposition::Writer;
use crate::model::{Artifact, Artifacts, Catalog};
use crate::snapshot::TargetState;

pub(super) fn write(writer: &mut Writer, targets: &[Target<'_>], shown: &Shown) {
    if !shown.versions {
        return;
    }
    let shown: Vec<_> = targets.iter().map(|target| (target, versions(target.state))).collect();
    writer.family(&ARTIFACT_INFO, |family| {
        for (target, versions) in &shown {
            for Version { product, id, told } in versions {
                let (name, guidance) = told.map_or(("", ""), |it| (&it.name, &it.guidance));
                let active = match told {
                    None => "false",
                    Some(artifact) => match artifact.active {
                        Some(true) => "true",
                        Some(false) => "false",
                        None => "",
                    },
                };
                let labels = [*product, *id, name, guidance, active];
                family.sample_after(&target.labels, labels, 1.0);
            }
        }
    });
    writer.family(&ARTIFACT_CREATED, |family| {
        for (target, versions) in &shown {
            for Version { product, id, told } in versions {
                if let Some(created) = told.and_then(|artifact| artifact.created) {
                    family.sample_after(&target.labels, [*product, *id], created);
                }
            }
        }
    });
    writer.family(&PRODUCTS_BY_ARTIFACT, |family| {
        for target in targets {
            let Some(catalog) = target.state.products() else { continue };
            for ((product, artifact), count) in catalog.artifacts() {
                family.sample_after(&target.labels, [&**product, &**artifact], float(*count));
            }
        }
    });
}

/// A version that has series.
struct Version<'s> {
    product: &'s str,
    id: &'s str,
    /// `None` where it is in use and AWS does not list it.
    told: Option<&'s Artifact>,
}

/// Those of all products in use whose versions are known.
fn versions(state: &TargetState) -> Vec<Version<'_>> {
    let Some(catalog) = state.products() else { return Vec::new() };
    let mut versions = Vec::new();
    for product in catalog.launched() {
        if let Some(known) = state.artifacts_of(product) {
            of_product(catalog, product, known, &mut versions);
        }
    }
    versions
}

fn of_product<'s>(
    catalog: &'s Catalog,
    product: &'s str,
    known: &'s Artifacts,
    versions: &mut Vec<Version<'s>>,
) {
    let mut newest = known.newest();
    for id in catalog.versions_of(product) {
        newest = newest.filter(|newest| newest.id != *id);
        versions.push(Version { product, id, told: known.get(id) });
    }
    let newest = newest.map(|artifact| Version { product, id: &artifact.id, told: Some(artifact) });
    versions.extend(newest);
}
