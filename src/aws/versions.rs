//! The calls that tell the versions of a product: one at a time, slowly, and never twice.
//!
//! Which of them works for whom is documented in pieces:
//! - `DescribeProduct`: "Running this operation with administrator access results in a failure.
//!   DescribeProductAsAdmin should be used instead" (API reference). It is in the managed policy
//!   AWSServiceCatalogEndUserReadOnlyAccess, shows what a portfolio grants the caller, and hides
//!   inactive versions (Administrator Guide, "Managing Versions"). To whoever is no end user of the
//!   product it answers ResourceNotFoundException, "does not exist or access was denied".
//! - `ListProvisioningArtifacts` and `DescribeProductAsAdmin` are an administrator's. The latter is
//!   made for shared portfolios too (`SourcePortfolioId`), tells neither `Active` nor `Guidance`,
//!   and lists inactive versions: Account Factory for Terraform asks it and then for each version
//!   whether it is active.
//!
//! Whether `ListProvisioningArtifacts` answers for a product that came with an imported portfolio
//! is said nowhere; whatever it says, the next way is tried if it refuses.

use aws_sdk_servicecatalog::types::{
    ProvisioningArtifact, ProvisioningArtifactDetail, ProvisioningArtifactGuidance,
    ProvisioningArtifactSummary,
};
use tokio::time::Instant;

use super::classify::{CallError, Failure, failure, line_of};
use super::client::{LIST_OF_ITEMS, TargetClient};
use super::clients::InRegion as _;
use super::convert;
use crate::model::{Artifact, Artifacts, Operation, Reason, Way};

/// The most versions of one product that are taken; AWS's quota is 100, which it raises on request.
const MOST: usize = 1_000;
/// A name is cut to this many characters; AWS lets it have 8192.
const LONGEST_NAME: usize = 256;

impl TargetClient {
    /// Waits until the next of these calls may be made; `false` if that is not before `deadline`.
    pub async fn versions_turn(&self, deadline: Instant) -> bool {
        self.caller.wait_for_turn(Operation::ListProvisioningArtifacts, deadline).await
    }

    /// The versions of a product of the catalog, by that way; one attempt.
    ///
    /// # Errors
    /// When it failed, or the deadline came. That there is no such product, or that it is hidden,
    /// is a refusal ([`CallError::is_refusal`]).
    pub async fn versions(
        &self,
        product: &str,
        way: Way,
        deadline: Instant,
    ) -> Result<Artifacts, CallError> {
        let operation = way.operation();
        let answer = match way {
            Way::List => self.caller.once(operation, deadline, || self.listed(product)).await,
            Way::Product => self.caller.once(operation, deadline, || self.offered(product)).await,
            Way::AsAdmin => self.caller.once(operation, deadline, || self.summed_up(product)).await,
        };
        match answer {
            Ok(artifacts) if artifacts.len() > MOST => {
                let message = format!("{product} has more than {MOST} versions");
                Err(CallError::local(operation, Reason::Limit, message))
            }
            Ok(artifacts) => Ok(artifacts.into_iter().collect()),
            Err(failure) => Err(self.told_apart(failure).await),
        }
    }

    async fn listed(&self, product: &str) -> Result<Vec<Artifact>, Failure> {
        const LIST: Operation = Operation::ListProvisioningArtifacts;
        let request = self.clients.catalog().list_provisioning_artifacts().product_id(product);
        let request = request.customize().in_region(&self.region);
        let answer = request.send().await.map_err(|error| failure(LIST, &error))?;
        // The answer has a place for a token, and the request has none to send it back.
        if answer.next_page_token().is_some_and(|token| !token.is_empty()) {
            let mut failure = Failure::lacking(LIST, "complete list", &answer);
            failure.error.reason = Reason::Limit;
            return Err(failure);
        }
        match &answer.provisioning_artifact_details {
            Some(items) => Ok(items.iter().map(of_detail).collect()),
            None => Err(Failure::lacking(LIST, LIST_OF_ITEMS, &answer)),
        }
    }

    async fn offered(&self, product: &str) -> Result<Vec<Artifact>, Failure> {
        const DESCRIBE: Operation = Operation::DescribeProduct;
        let request = self.clients.catalog().describe_product().id(product);
        let request = request.customize().in_region(&self.region);
        let answer = request.send().await.map_err(|error| failure(DESCRIBE, &error))?;
        match &answer.provisioning_artifacts {
            Some(items) => Ok(items.iter().map(of_offer).collect()),
            None => Err(Failure::lacking(DESCRIBE, LIST_OF_ITEMS, &answer)),
        }
    }

    async fn summed_up(&self, product: &str) -> Result<Vec<Artifact>, Failure> {
        const DESCRIBE: Operation = Operation::DescribeProductAsAdmin;
        let request = self.clients.catalog().describe_product_as_admin().id(product);
        let request = request.customize().in_region(&self.region);
        let answer = request.send().await.map_err(|error| failure(DESCRIBE, &error))?;
        match &answer.provisioning_artifact_summaries {
            Some(items) => Ok(items.iter().map(of_summary).collect()),
            None => Err(Failure::lacking(DESCRIBE, LIST_OF_ITEMS, &answer)),
        }
    }
}

fn name(name: Option<&str>) -> Box<str> {
    line_of(name.unwrap_or_default(), LONGEST_NAME).into()
}

fn guidance(guidance: Option<&ProvisioningArtifactGuidance>) -> Box<str> {
    let guidance = guidance.map_or("", ProvisioningArtifactGuidance::as_str);
    line_of(guidance, LONGEST_NAME).into()
}

fn of_detail(item: &ProvisioningArtifactDetail) -> Artifact {
    Artifact {
        id: item.id().unwrap_or_default().into(),
        name: name(item.name()),
        created: item.created_time().map(convert::seconds),
        guidance: guidance(item.guidance()),
        active: item.active(),
    }
}

/// What is offered can be launched.
fn of_offer(item: &ProvisioningArtifact) -> Artifact {
    Artifact {
        id: item.id().unwrap_or_default().into(),
        name: name(item.name()),
        created: item.created_time().map(convert::seconds),
        guidance: guidance(item.guidance()),
        active: Some(true),
    }
}

fn of_summary(item: &ProvisioningArtifactSummary) -> Artifact {
    Artifact {
        id: item.id().unwrap_or_default().into(),
        name: name(item.name()),
        created: item.created_time().map(convert::seconds),
        guidance: "".into(),
        active: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_without_any_field_is_one_of_which_nothing_is_known() {
        let nothing = Artifact {
            id: "".into(),
            name: "".into(),
            created: None,
            guidance: "".into(),
            active: None,
        };
        assert_eq!(of_detail(&ProvisioningArtifactDetail::builder().build()), nothing);
        assert_eq!(of_summary(&ProvisioningArtifactSummary::builder().build()), nothing);
    }

    #[test]
    fn a_name_is_one_line_of_bounded_length_and_guidance_of_tomorrow_stays_as_it_is_spelled() {
        let item = ProvisioningArtifactDetail::builder()
            .name(format!("a\n{}", "ä".repeat(8_000)))
            .guidance("RECOMMENDED".into());
        let artifact = of_detail(&item.build());
        assert!(artifact.name.starts_with("a ä") && artifact.name.chars().count() == LONGEST_NAME);
        assert_eq!(&*artifact.guidance, "RECOMMENDED");
    }
}
