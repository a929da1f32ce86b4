//! What is kept of versions: their answers, and which calls are not worth asking.

use serde::{Deserialize, Serialize};

use super::{Text, Wall};
use crate::model::{Artifact, Way};
use crate::snapshot::versions::Closed;
use crate::snapshot::{KnownProduct, Versions};

/// Since when each way is closed.
type SavedClosed = [Option<f64>; Way::ALL.len()];

/// Of one target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedVersions<'s> {
    pub(super) denied: SavedClosed,
    pub(super) products: Vec<SavedOrigin<'s>>,
}

/// Of one product of the catalog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedOrigin<'s> {
    pub(super) id: Text<'s>,
    pub(super) tried: Option<f64>,
    /// The reason.
    pub(super) failure: Option<Text<'s>>,
    pub(super) failures: u32,
    pub(super) refused: SavedClosed,
    pub(super) known: Option<SavedArtifacts<'s>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedArtifacts<'s> {
    pub(super) asked: f64,
    pub(super) items: Vec<SavedArtifact<'s>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedArtifact<'s> {
    pub(super) id: Text<'s>,
    pub(super) name: Text<'s>,
    pub(super) created: Option<f64>,
    pub(super) guidance: Text<'s>,
    pub(super) active: Option<bool>,
}

/// `None` where nothing is known, as where nobody asks.
pub(super) fn saved(versions: &Versions, wall: Wall) -> Option<SavedVersions<'_>> {
    if *versions == Versions::default() {
        return None;
    }
    let products = versions.products.iter();
    Some(SavedVersions {
        denied: closed(versions.denied, wall),
        products: products.map(|(id, known)| origin(id, known, wall)).collect(),
    })
}

fn origin<'s>(id: &'s str, known: &'s KnownProduct, wall: Wall) -> SavedOrigin<'s> {
    SavedOrigin {
        id: id.into(),
        tried: known.tried.map(|tried| wall.of(tried)),
        failure: known.failure.map(|reason| reason.as_str().into()),
        failures: known.failures,
        refused: closed(known.refused, wall),
        known: known.artifacts.as_ref().map(|dated| SavedArtifacts {
            asked: wall.of(dated.asked),
            items: dated.value.iter().map(artifact).collect(),
        }),
    }
}

fn artifact(artifact: &Artifact) -> SavedArtifact<'_> {
    SavedArtifact {
        id: (&*artifact.id).into(),
        name: (&*artifact.name).into(),
        created: artifact.created,
        guidance: (&*artifact.guidance).into(),
        active: artifact.active,
    }
}

fn closed(closed: Closed, wall: Wall) -> SavedClosed {
    closed.map(|since| since.map(|since| wall.of(since)))
}
