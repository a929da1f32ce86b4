//! The list of targets.

use std::collections::BTreeMap;

use super::error::ConfigError;
use super::identity::DisplayName;
use super::overlap::Taken;
use super::regions::{Regions, refuse_foreign_region, regions};
use super::section::{Section, Setting, any};
use crate::model::{AccountId, AssumeRole, ExternalId, Region, RoleArn, SessionName};

/// Accounts and regions that may be listed; one process could not scan more in a useful time.
pub const MOST_TARGETS: usize = 20_000;

/// One entry of `targets`: an identity and the regions in which its account is scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    /// For people; empty if not given.
    pub name: String,
    /// Where.
    pub regions: Regions,
    /// The role to assume; none is the ambient identity.
    pub role: Option<AssumeRole>,
    /// The account's name; empty if not given.
    pub account_name: String,
}

/// Reads `targets`. `ambient_region` is the ambient region if the configuration says it.
pub fn targets(
    root: &Section<'_>,
    ambient_region: Option<&Region>,
) -> Result<Vec<TargetSpec>, ConfigError> {
    const KEYS: &[&str] = &[
        "name",
        "regions",
        "exclude_regions",
        "role_arn",
        "external_id",
        "session_name",
        "account_name",
    ];
    let mut specs = Vec::new();
    let mut taken: BTreeMap<Option<AccountId>, Taken> = BTreeMap::new();
    let mut count = 0;
    for (index, section) in root.items("targets", KEYS)?.iter().enumerate() {
        let spec = target(section)?;
        count += match &spec.regions {
            Regions::Listed(regions) => regions.len(),
            // How many these are is seen later, in AWS.
            Regions::Ambient | Regions::Auto { .. } => 1,
        };
        if count > MOST_TARGETS {
            let what = format!("from here on there are more than {MOST_TARGETS} targets");
            return Err(section.refuse(what, "divide them among several configurations"));
        }
        let account = spec.role.as_ref().map(|role| role.arn.account().clone());
        let whose = match &account {
            Some(account) => format!("account {account}"),
            None => "the ambient account".to_owned(),
        };
        let taken = taken.entry(account).or_default();
        taken.take(index, &spec.regions, ambient_region).map_err(|(first, region)| {
            let wanted =
                region.map_or_else(|| "the same region".into(), |region| region.to_string());
            let what = format!("{whose} is scanned in {wanted} by targets[{first}] already");
            section.refuse(what, "scan each account and region by one target only")
        })?;
        specs.push(spec);
    }
    Ok(specs)
}

fn target(section: &Section<'_>) -> Result<TargetSpec, ConfigError> {
    let role_arn = section.optional("role_arn", any::<RoleArn>)?;
    let external_id = section.optional("external_id", any::<ExternalId>)?;
    let session_name = section.optional("session_name", any::<SessionName>)?;
    let listed = regions(section)?;
    let name = |key| {
        let name = section.optional(key, any::<DisplayName>)?;
        Ok(name.map(|setting| setting.value.0).unwrap_or_default())
    };
    let (name, account_name) = (name("name")?, name("account_name")?);

    const WITH_ROLE: &str = "is used with a role only, and this target has none";
    const ADD_ROLE: &str = "set role_arn beside it, or remove it";
    let Some(role_arn) = role_arn else {
        if let Some(setting) = external_id {
            return Err(setting.refuse(WITH_ROLE, ADD_ROLE));
        }
        if let Some(setting) = session_name {
            return Err(setting.refuse(WITH_ROLE, ADD_ROLE));
        }
        let regions = listed.map_or(Regions::Ambient, |setting| setting.value);
        return Ok(TargetSpec { name, regions, role: None, account_name });
    };
    let Some(Setting { value: regions, .. }) = listed else {
        let remedy = "set regions beside it, to a list such as [eu-central-1] or to auto; without \
                      role_arn the default is the ambient region";
        return Err(role_arn.refuse("in which regions this role scans is not said", remedy));
    };
    refuse_foreign_region(&role_arn, &regions)?;
    let role = AssumeRole {
        arn: role_arn.value,
        external_id: external_id.map(|setting| setting.value),
        session_name: session_name.map(|setting| setting.value).unwrap_or_default(),
    };
    Ok(TargetSpec { name, regions, role: Some(role), account_name })
}
