//! In which regions accounts are scanned.

use std::collections::BTreeSet;

use super::document::Value;
use super::endpoint::EndpointUrl;
use super::error::{Complaint, ConfigError};
use super::field::{Field, expected, quote};
use super::section::{Section, Setting, any};
use crate::model::{Region, RoleArn};

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

/// A role works in the regions of its own partition. Partitions that are not known here pass.
pub fn refuse_foreign_region(
    role: &Setting<RoleArn>,
    regions: &Regions,
) -> Result<(), ConfigError> {
    let Regions::Listed(regions) = regions else { return Ok(()) };
    let own = role.value.partition();
    let foreign = regions.iter().find(|region| {
        let partition = match region.as_str().split('-').collect::<Vec<_>>()[..] {
            ["cn", ..] => "aws-cn",
            ["us", "gov", ..] => "aws-us-gov",
            ["eusc", ..] => "aws-eusc",
            [_, _, _] => "aws",
            _ => return false,
        };
        matches!(own, "aws" | "aws-cn" | "aws-us-gov" | "aws-eusc") && own != partition
    });
    foreign.map_or(Ok(()), |region| {
        let what = format!("roles of partition {own} do not work in {region}");
        Err(role.refuse(what, "correct the ARN or the regions"))
    })
}

/// An endpoint of one's own, that of a VPC for instance, answers for one region.
pub fn refuse_several_regions<'a>(
    endpoint: &Setting<EndpointUrl>,
    all: impl Iterator<Item = &'a Regions>,
    ambient_region: Option<&'a Region>,
) -> Result<(), ConfigError> {
    let mut found = BTreeSet::new();
    for regions in all {
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
