//! The organisation whose accounts are scanned.

use std::collections::BTreeSet;
use std::time::Duration;

use super::error::ConfigError;
use super::field::{Field, HumanDuration};
use super::identity::UnitId;
use super::section::{Section, any};
use super::sections::{DAY, HOUR, SECOND, between};
use super::targets::{Regions, regions};
use crate::model::{AccountId, AssumeRole, ExternalId, RoleArn, RoleName, SessionName};

/// The organisation whose ACTIVE accounts are scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The role to assume in each account.
    pub role_name: RoleName,
    /// What their trust policies ask for, if they do.
    pub external_id: Option<ExternalId>,
    /// How the sessions are called.
    pub session_name: SessionName,
    /// Where each account is scanned; never [`Regions::Ambient`].
    pub regions: Regions,
    /// Only accounts below these (`r-…` or `ou-…`), at any depth; empty is all.
    pub include_ous: Vec<String>,
    /// No account below these, at any depth.
    pub exclude_ous: Vec<String>,
    /// Only these; empty is all. With `include_ous`: these besides.
    pub include_accounts: Vec<AccountId>,
    /// None of these.
    pub exclude_accounts: Vec<AccountId>,
    /// How often the list is read again.
    pub refresh: Duration,
    /// The role with which the list is read; none is the ambient identity.
    pub management_role: Option<AssumeRole>,
}

/// Reads `organization`, if it is there.
pub fn organization(root: &Section<'_>) -> Result<Option<Organization>, ConfigError> {
    const KEYS: &[&str] = &[
        "role_name",
        "external_id",
        "session_name",
        "regions",
        "exclude_regions",
        "include_ous",
        "exclude_ous",
        "include_accounts",
        "exclude_accounts",
        "refresh",
        "management_role_arn",
        "management_external_id",
    ];
    let Some(section) = root.optional_section("organization", KEYS)? else {
        return Ok(None);
    };
    let role_name = section.required(
        "role_name",
        "set it to the name of the role that the exporter assumes in each account, such as \
         ServiceCatalogExporter",
    )?;
    let Some(regions) = regions(&section)? else {
        let remedy = "set organization.regions to a list such as [eu-central-1], or to auto";
        return Err(section.refuse("in which regions accounts are scanned is not said", remedy));
    };
    let session_name = section.optional("session_name", any::<SessionName>)?;
    let session_name = session_name.map(|setting| setting.value).unwrap_or_default();
    let external_id = section.optional("external_id", any::<ExternalId>)?;
    let refresh = section.setting("refresh", HumanDuration(HOUR), between(SECOND, 7 * DAY))?;
    let management_role = management_role(&section, &session_name)?;
    let (include_ous, exclude_ous) =
        apart::<UnitId>(&section, "include_ous", "exclude_ous", |id| &id.0)?;
    let (include_accounts, exclude_accounts) =
        apart(&section, "include_accounts", "exclude_accounts", AccountId::as_str)?;
    Ok(Some(Organization {
        role_name: role_name.value,
        external_id: external_id.map(|setting| setting.value),
        session_name,
        regions: regions.value,
        include_ous: include_ous.into_iter().map(|id| id.0).collect(),
        exclude_ous: exclude_ous.into_iter().map(|id| id.0).collect(),
        include_accounts,
        exclude_accounts,
        refresh: refresh.value.0,
        management_role,
    }))
}

fn management_role(
    section: &Section<'_>,
    session_name: &SessionName,
) -> Result<Option<AssumeRole>, ConfigError> {
    let arn = section.optional("management_role_arn", any::<RoleArn>)?;
    let external_id = section.optional("management_external_id", any::<ExternalId>)?;
    match (arn, external_id) {
        (None, None) => Ok(None),
        (None, Some(external_id)) => {
            let what = "is used with management_role_arn only, and there is none";
            Err(external_id.refuse(what, "set management_role_arn beside it, or remove it"))
        }
        (Some(arn), external_id) => Ok(Some(AssumeRole {
            arn: arn.value,
            external_id: external_id.map(|setting| setting.value),
            session_name: session_name.clone(),
        })),
    }
}

/// Two lists that share nothing.
fn apart<T: Field + Ord + Clone>(
    section: &Section<'_>,
    include: &str,
    exclude: &str,
    shown: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, Vec<T>), ConfigError> {
    let included = section.values::<T>(include)?;
    let excluded = section.values::<T>(exclude)?;
    let both: BTreeSet<&T> = included.iter().collect();
    if let Some(id) = excluded.iter().find(|id| both.contains(id)) {
        let what = format!("{} is both in {include} and in {exclude}", shown(id));
        return Err(section.refuse(what, "keep it in one of the two"));
    }
    Ok((included, excluded))
}
