//! The least privilege that a configuration needs, as IAM policy documents.
//!
//! [`operations`] says what the code may call, and each document allows just that: both come from
//! the table that every call goes through, [`Operation`].

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::config::{Config, Regions};
use crate::model::{AssumeRole, ExternalId, Operation, RoleArn, Way};

/// The version of IAM's policy language.
const LANGUAGE: &str = "2012-10-17";

/// What the operations of a configuration need, by who makes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Made by the identity that the exporter runs as, beside assuming roles.
    pub hub: BTreeSet<Operation>,
    /// Made by the roles that are assumed in the accounts that are scanned.
    pub member: BTreeSet<Operation>,
    /// Made by the role that lists the organisation, if that is not the hub.
    pub management: BTreeSet<Operation>,
    /// The ARN of the queue of events, if the hub reads one.
    pub queue: Option<String>,
    /// ARNs of the roles that the hub assumes; `*` for the account where an organisation says it.
    pub assumed: BTreeSet<String>,
    /// What the trust policies of roles ask for, by what the configuration says. Where two roles
    /// ask for different ones, each trust policy needs its own only.
    pub external_ids: BTreeSet<ExternalId>,
}

impl Needs {
    /// What that configuration needs. `partition` (`aws`, `aws-cn`, …) is that of the roles of an
    /// organisation, of which the configuration says the names only.
    #[must_use]
    pub fn of(config: &Config, partition: &str) -> Self {
        let mut needs = Self::default();
        let scanned = scanned(config);
        let by_regions = |regions: &Regions| match regions {
            Regions::Auto { .. } => Some(Operation::ListRegions),
            Regions::Ambient | Regions::Listed(_) => None,
        };
        if config.targets.is_empty() && config.organization.is_none() {
            needs.hub.extend(&scanned);
        }
        for target in &config.targets {
            let who = if target.role.is_some() { &mut needs.member } else { &mut needs.hub };
            who.extend(&scanned);
            who.extend(by_regions(&target.regions));
            target.role.iter().for_each(|role| needs.assumes(role));
        }
        if let Some(organization) = &config.organization {
            let name = organization.role_name.as_str();
            needs.assumed.insert(format!("arn:{partition}:iam::*:role/{name}"));
            needs.external_ids.extend(organization.external_id.clone());
            // The exporter's own account is scanned with its own identity.
            for who in [&mut needs.hub, &mut needs.member] {
                who.extend(&scanned);
                who.extend(by_regions(&organization.regions));
            }
            let mut lists = BTreeSet::new();
            let (include, exclude) = (&organization.include_ous, &organization.exclude_ous);
            if include.is_empty() || !organization.include_accounts.is_empty() {
                lists.insert(Operation::ListAccounts);
            }
            if !include.is_empty() || !exclude.is_empty() {
                lists.extend([Operation::ListAccountsForParent, Operation::ListChildren]);
            }
            match &organization.management_role {
                Some(role) => {
                    needs.assumes(role);
                    needs.management = lists;
                }
                None => needs.hub.extend(lists),
            }
        }
        if let Some(events) = &config.events {
            needs.hub.extend([Operation::ReceiveMessage, Operation::DeleteMessageBatch]);
            needs.queue = Some(events.queue_arn());
        }
        needs
    }

    fn assumes(&mut self, role: &AssumeRole) {
        self.assumed.insert(role.arn.as_str().to_owned());
        self.external_ids.extend(role.external_id.clone());
    }
}

/// Every operation that the code may call with that configuration.
#[must_use]
pub fn operations(config: &Config) -> BTreeSet<Operation> {
    let needs = Needs::of(config, "aws");
    let mut all = BTreeSet::new();
    all.extend([needs.hub, needs.member, needs.management].into_iter().flatten());
    // Who the hub is; and whether credentials work elsewhere, where a region does not know them.
    all.insert(Operation::GetCallerIdentity);
    if !needs.assumed.is_empty() {
        all.insert(Operation::AssumeRole);
    }
    all
}

/// For the identity that the exporter runs as.
#[must_use]
pub fn hub(needs: &Needs) -> Value {
    let assume = (!needs.assumed.is_empty()).then(|| {
        json!({
            "Sid": "AssumeRoles",
            "Effect": "Allow",
            "Action": Operation::AssumeRole.iam_action(),
            "Resource": needs.assumed,
        })
    });
    let queue = needs.queue.as_ref().map(|queue| {
        json!({
            "Sid": "ReadEvents",
            "Effect": "Allow",
            "Action": actions(&needs.hub, Grant::Queue),
            "Resource": queue,
        })
    });
    document(assume.into_iter().chain(statements(&needs.hub)).chain(queue))
}

/// For the roles in the accounts that are scanned; `None` where no such role is assumed.
#[must_use]
pub fn member(needs: &Needs) -> Option<Value> {
    (!needs.member.is_empty()).then(|| document(statements(&needs.member)))
}

/// For the role that lists the organisation; `None` where the hub does, or nobody.
#[must_use]
pub fn management(needs: &Needs) -> Option<Value> {
    (!needs.management.is_empty()).then(|| document(statements(&needs.management)))
}

/// The trust policy of every role that is assumed: the hub's role may, with an external id where
/// one is configured; `None` where no role is assumed.
///
/// It holds the external id itself. A placeholder would make a policy that looks right and denies
/// everything, and whoever may read the role may read its trust policy anyway; so the id goes to
/// whoever asked for this document and nowhere else. With several ids any of them is trusted: take
/// out the others where roles must be told apart.
#[must_use]
pub fn trust(needs: &Needs, hub: &RoleArn) -> Option<Value> {
    if needs.assumed.is_empty() {
        return None;
    }
    let mut statement = json!({
        "Sid": "TrustExporter",
        "Effect": "Allow",
        "Principal": { "AWS": hub.as_str() },
        "Action": Operation::AssumeRole.iam_action(),
    });
    let ids: Vec<&str> = needs.external_ids.iter().map(ExternalId::as_str).collect();
    let ids = match &ids[..] {
        [] => Value::Null,
        [id] => json!(id),
        ids => json!(ids),
    };
    if !ids.is_null() {
        statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": ids } });
    }
    Some(document([statement]))
}

/// What scanning one account and region calls.
fn scanned(config: &Config) -> BTreeSet<Operation> {
    let mut operations = BTreeSet::from([
        Operation::ScanProvisionedProducts,
        Operation::ListStackInstancesForProvisionedProduct,
    ]);
    let optional = [
        (config.enrich.names_and_tags, Operation::SearchProvisionedProducts),
        (config.enrich.records, Operation::DescribeRecord),
    ];
    if config.versions.is_some() {
        operations.extend(Way::ALL.map(Way::operation));
    }
    operations.extend(optional.into_iter().filter(|(on, _)| *on).map(|(_, operation)| operation));
    operations
}

/// How an operation is allowed. Source: Service Authorization Reference, of each service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grant {
    /// On everything, at the level of the account: of what anybody in it has made.
    AccountLevel,
    /// On everything: these know no resources that could be named beforehand, and no level.
    Everything,
    /// By a statement of its own, on the roles.
    Roles,
    /// By a statement of its own, on the queue.
    Queue,
    /// Everybody may.
    Nothing,
}

fn grant(operation: Operation) -> Grant {
    match operation {
        Operation::ScanProvisionedProducts
        | Operation::SearchProvisionedProducts
        | Operation::ListStackInstancesForProvisionedProduct
        | Operation::DescribeRecord => Grant::AccountLevel,
        Operation::DescribeProduct
        | Operation::DescribeProductAsAdmin
        | Operation::ListProvisioningArtifacts
        | Operation::ListAccounts
        | Operation::ListAccountsForParent
        | Operation::ListChildren
        | Operation::ListRegions => Grant::Everything,
        Operation::AssumeRole => Grant::Roles,
        Operation::ReceiveMessage | Operation::DeleteMessageBatch => Grant::Queue,
        Operation::GetCallerIdentity => Grant::Nothing,
    }
}

fn actions(operations: &BTreeSet<Operation>, wanted: Grant) -> Vec<&'static str> {
    let granted = operations.iter().filter(|operation| grant(**operation) == wanted);
    granted.map(|operation| operation.iam_action()).collect()
}

fn statements(operations: &BTreeSet<Operation>) -> impl Iterator<Item = Value> {
    let account_level = actions(operations, Grant::AccountLevel);
    let account_level = (!account_level.is_empty()).then(|| {
        json!({
            "Sid": "ReadProvisionedProducts",
            "Effect": "Allow",
            "Action": account_level,
            "Resource": "*",
            "Condition": { "StringEquals": { "servicecatalog:accountLevel": "self" } },
        })
    });
    let everything = actions(operations, Grant::Everything);
    let everything = (!everything.is_empty()).then(|| {
        json!({
            "Sid": "ReadWhatElseIsNeeded",
            "Effect": "Allow",
            "Action": everything,
            "Resource": "*",
        })
    });
    account_level.into_iter().chain(everything)
}

fn document(statements: impl IntoIterator<Item = Value>) -> Value {
    json!({ "Version": LANGUAGE, "Statement": statements.into_iter().collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests;
