//! Which accounts and regions are scanned.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Value;
use super::endpoint::EndpointUrl;
use super::error::{Complaint, ConfigError};
use super::field::{Field, expected, quote};
use super::identity::DisplayName;
use super::organization::Organization;
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

/// In which regions an account is scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// The one region of the AWS environment: where nothing is configured.
    Ambient,
    /// These, at least one and none twice.
    Listed(Vec<Region>),
    /// All that are enabled in the account but these.
    Auto {
        /// Left out.
        exclude: Vec<Region>,
    },
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

/// Reads `regions` and `exclude_regions`.
pub fn regions(section: &Section<'_>) -> Result<Option<Setting<Regions>>, ConfigError> {
    let word = section.optional("regions", any::<AutoOrList>)?;
    let exclude = section.optional("exclude_regions", any::<AnyList>)?;
    let excluded = section.values::<Region>("exclude_regions")?;
    match word {
        Some(Setting { key, value: AutoOrList::Auto, origin }) => {
            let value = Regions::Auto { exclude: excluded };
            Ok(Some(Setting { key, value, origin }))
        }
        other => {
            if let Some(exclude) = exclude {
                let remedy = "set regions: auto, or leave these regions out of the list and remove \
                              exclude_regions";
                return Err(exclude.refuse("regions are left out of regions: auto only", remedy));
            }
            let listed = section.values("regions")?;
            Ok(other.map(|Setting { key, origin, .. }| Setting {
                key,
                value: Regions::Listed(listed),
                origin,
            }))
        }
    }
}

/// Looks at the kind of a value only; [`Section::values`] reads the items.
enum AutoOrList {
    Auto,
    List,
}

impl Field for AutoOrList {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write a list such as [eu-central-1, us-east-1], or auto for all that \
                              are enabled in the account";
        match value {
            Value::Text(text) if text == "auto" => Ok(Self::Auto),
            Value::List(_) => Ok(Self::List),
            Value::Text(text) => {
                let what = format!("{} is neither auto nor a list of regions", quote(text));
                Err(Complaint::new(what, REMEDY))
            }
            other => Err(Complaint::new(expected("auto or a list of regions", other), REMEDY)),
        }
    }
}

/// Says where a list stands.
struct AnyList;

impl Field for AnyList {
    fn read(value: &Value) -> Result<Self, Complaint> {
        match value {
            Value::List(_) => Ok(Self),
            other => {
                let remedy = "write a list such as [eu-central-1, us-east-1]";
                Err(Complaint::new(expected("a list of regions", other), remedy))
            }
        }
    }
}

/// A role works in the regions of its own partition.
fn refuse_foreign_region(role: &Setting<RoleArn>, regions: &Regions) -> Result<(), ConfigError> {
    let Regions::Listed(regions) = regions else { return Ok(()) };
    let own = role.value.partition();
    let foreign = regions.iter().find(|region| region.partition() != own);
    foreign.map_or(Ok(()), |region| {
        let what = format!("roles of partition {own} do not work in {region}");
        Err(role.refuse(what, "correct the ARN or the regions"))
    })
}

/// The regions in which one account is scanned, each with the index of its target.
#[derive(Default)]
struct Taken {
    listed: BTreeMap<Region, usize>,
    ambient: Option<usize>,
    auto: Option<(usize, Vec<Region>)>,
}

impl Taken {
    /// Refuses what is sure to meet an earlier target, with its index and the region if it is
    /// known. What may meet one, since the ambient region is not known, is found out later.
    fn take(
        &mut self,
        index: usize,
        regions: &Regions,
        ambient_region: Option<&Region>,
    ) -> Result<(), (usize, Option<Region>)> {
        let auto_meets = |auto: &Option<(usize, Vec<Region>)>, region: &Region| {
            auto.as_ref().filter(|(_, exclude)| !exclude.contains(region)).map(|(first, _)| *first)
        };
        match regions {
            Regions::Listed(_) | Regions::Ambient => {
                let listed = match regions {
                    Regions::Listed(regions) => regions.as_slice(),
                    _ => ambient_region.map(std::slice::from_ref).unwrap_or_default(),
                };
                for region in listed {
                    let first = self.listed.insert(region.clone(), index);
                    if let Some(first) = first.or_else(|| auto_meets(&self.auto, region)) {
                        return Err((first, Some(region.clone())));
                    }
                }
                if listed.is_empty() {
                    let everywhere = self.auto.as_ref().filter(|(_, exclude)| exclude.is_empty());
                    if let Some(first) = self.ambient.or(everywhere.map(|(first, _)| *first)) {
                        return Err((first, None));
                    }
                    self.ambient = Some(index);
                }
            }
            Regions::Auto { exclude } => {
                if let Some((first, _)) = self.auto {
                    return Err((first, None));
                }
                let mut listed = self.listed.iter();
                if let Some((region, first)) = listed.find(|(region, _)| !exclude.contains(region))
                {
                    return Err((*first, Some(region.clone())));
                }
                if let Some(first) = self.ambient.filter(|_| exclude.is_empty()) {
                    return Err((first, None));
                }
                self.auto = Some((index, exclude.clone()));
            }
        }
        Ok(())
    }
}

/// An endpoint of one's own, that of a VPC for instance, answers for one region.
pub fn refuse_several_regions(
    endpoint: &Setting<EndpointUrl>,
    targets: &[TargetSpec],
    organization: Option<&Organization>,
    ambient_region: Option<&Region>,
) -> Result<(), ConfigError> {
    let all = targets.iter().map(|target| &target.regions);
    let mut found = BTreeSet::new();
    for regions in all.chain(organization.map(|organization| &organization.regions)) {
        match regions {
            Regions::Listed(regions) => found.extend(regions),
            Regions::Ambient => found.extend(ambient_region),
            Regions::Auto { .. } => {
                return Err(of_one_region(endpoint, "regions: auto may find several"));
            }
        }
    }
    if found.len() > 1 {
        return Err(of_one_region(endpoint, &format!("{} are scanned", found.len())));
    }
    Ok(())
}

fn of_one_region(endpoint: &Setting<EndpointUrl>, but: &str) -> ConfigError {
    let remedy = "remove it and give the VPC endpoint of each region its private DNS name, or run \
                  one exporter a region";
    endpoint.refuse(format!("an endpoint answers for one region, and {but}"), remedy)
}
