//! Products of the catalog with their versions, and who is told of them.

use std::borrow::Cow;

use super::json::Object;
use super::operation::Operation;
use super::product::ProvisionedProduct;

/// What the caller is to a product of the catalog: it decides which calls answer. To all others
/// the product does not exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Access {
    /// An administrator of the account that owns it.
    #[default]
    Owner,
    /// An administrator of an account that it is shared with.
    Imported,
    /// Somebody whom a portfolio grants it.
    EndUser,
    /// A stranger.
    Nobody,
}

impl Access {
    fn answers(self, operation: Operation) -> bool {
        match operation {
            Operation::ListProvisioningArtifacts => self == Access::Owner,
            Operation::DescribeProductAsAdmin => matches!(self, Access::Owner | Access::Imported),
            // "Running this operation with administrator access results in a failure."
            Operation::DescribeProduct => self == Access::EndUser,
            _ => false,
        }
    }
}

/// A version of a product.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Version {
    /// `pa-…`
    pub id: String,
    /// The name, if it has one.
    pub name: Option<Cow<'static, str>>,
    /// Seconds since 1970, with milliseconds.
    pub created_time: Option<f64>,
    /// Whether it can be launched.
    pub active: bool,
    /// `DEFAULT` or `DEPRECATED`; absent on the wire if `None`.
    pub guidance: Option<Cow<'static, str>>,
}

impl Version {
    /// An active version that nobody recommends and nobody warns of.
    #[must_use]
    pub fn active(id: impl Into<String>, created_time: f64) -> Self {
        let (id, name) = (id.into(), Some("v1".into()));
        let (created_time, guidance) = (Some(created_time), Some("DEFAULT".into()));
        Version { id, name, created_time, active: true, guidance }
    }

    /// The same version under that name.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        Version { name: Some(name.into()), ..self }
    }

    /// The same version, which cannot be launched any more.
    #[must_use]
    pub fn inactive(self) -> Self {
        Version { active: false, ..self }
    }

    /// The same version, of which the administrator warns.
    #[must_use]
    pub fn deprecated(self) -> Self {
        Version { guidance: Some("DEPRECATED".into()), ..self }
    }

    fn render(&self, operation: Operation, object: &mut Object<'_>) {
        let details = operation == Operation::ListProvisioningArtifacts;
        if details {
            object.boolean("Active", self.active);
        }
        object.time("CreatedTime", self.created_time);
        if operation != Operation::DescribeProductAsAdmin {
            object.text("Guidance", self.guidance.as_deref());
        }
        object.text("Id", Some(&self.id));
        object.text("Name", self.name.as_deref());
        if details {
            object.text("Type", Some("CLOUD_FORMATION_TEMPLATE"));
        }
    }
}

/// A product of the catalog.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offer {
    /// What the caller is to it.
    pub access: Access,
    /// Its versions, in the order in which they are listed.
    pub versions: Vec<Version>,
}

impl Offer {
    /// What a catalog offers of which nothing was said but what was launched from it: one active
    /// version for each that is in use.
    pub(super) fn of(products: &[ProvisionedProduct], id: &str) -> Option<Self> {
        let mut versions: Vec<Version> = Vec::new();
        let launched = products.iter().filter(|product| product.product_id.as_deref() == Some(id));
        for product in launched {
            let Some(id) = &product.provisioning_artifact_id else { continue };
            if versions.iter().all(|version| version.id != *id) {
                let created = 1_500_000_000.0 + versions.len() as f64;
                let version = Version::active(id.clone(), created);
                let name = product.provisioning_artifact_name.clone().or(version.name.clone());
                versions.push(Version { name, ..version });
            }
        }
        (!versions.is_empty()).then_some(Offer { access: Access::Owner, versions })
    }

    /// The versions that a call shows; `None` if it shows the caller no such product.
    pub(super) fn shown(&self, operation: Operation) -> Option<Vec<&Version>> {
        let hides = operation == Operation::DescribeProduct;
        let versions = self.versions.iter().filter(|version| version.active || !hides);
        self.access.answers(operation).then(|| versions.collect())
    }
}

/// The body of an answer about the product `id`.
pub(super) fn render(operation: Operation, id: &str, versions: &[&Version], body: &mut Object<'_>) {
    let render = |version: &&Version, object: &mut Object<'_>| version.render(operation, object);
    let summary = |object: &mut Object<'_>| {
        object.text("Id", Some(&id.replace("prod-", "prodview-")));
        object.text("ProductId", Some(id));
        object.text("Type", Some("CLOUD_FORMATION_TEMPLATE"));
    };
    match operation {
        Operation::DescribeProduct => {
            body.array("Budgets", [(); 0], |(), _| ());
            body.object("ProductViewSummary", summary);
            body.array("ProvisioningArtifacts", versions, render);
        }
        Operation::DescribeProductAsAdmin => {
            body.array("Budgets", [(); 0], |(), _| ());
            body.object("ProductViewDetail", |detail| {
                detail.object("ProductViewSummary", summary);
                detail.text("Status", Some("AVAILABLE"));
            });
            body.array("ProvisioningArtifactSummaries", versions, render);
            body.array("TagOptions", [(); 0], |(), _| ());
            body.array("Tags", [(); 0], |(), _| ());
        }
        _ => body.array("ProvisioningArtifactDetails", versions, render),
    }
}
