//! `print-iam-policy`: what the configuration needs, as documents to paste.

use anyhow::Context as _;
use serde_json::{Map, Value};

use crate::config::Config;
use crate::model::{PolicyPart, RoleArn};
use crate::policy::{self, Needs};

/// The policies that this configuration needs, as JSON; `exporter` is the role it runs with. One
/// part is one document; all of them are an object with a document for each part.
///
/// # Errors
/// When the configuration needs no such policy, or a trust policy is wanted and nobody said whom
/// to trust.
pub fn iam_policy(
    config: &Config,
    part: PolicyPart,
    exporter: Option<&RoleArn>,
) -> anyhow::Result<String> {
    let needs = Needs::of(config, partition(config, exporter));
    let trust = || {
        if needs.assumed.is_empty() {
            return Ok(None);
        }
        let exporter = exporter.context(
            "a trust policy says whom it trusts: give --exporter-role-arn, the role that the \
             exporter runs with, or choose another --part",
        )?;
        anyhow::Ok(policy::trust(&needs, exporter))
    };
    let no_role = "this configuration assumes no role in the accounts that it scans";
    let document = match part {
        PolicyPart::Hub => policy::hub(&needs),
        PolicyPart::Member => policy::member(&needs).context(no_role)?,
        PolicyPart::Trust => trust()?.context(no_role)?,
        PolicyPart::Management => policy::management(&needs)
            .context("this configuration has no organization.management_role_arn")?,
        PolicyPart::All => {
            let mut all = Map::new();
            all.insert("hub".into(), policy::hub(&needs));
            for (name, document) in [
                ("member", policy::member(&needs)),
                ("management", policy::management(&needs)),
                ("trust", trust()?),
            ] {
                all.extend(document.map(|document| (name.to_owned(), document)));
            }
            Value::Object(all)
        }
    };
    Ok(format!("{document:#}\n"))
}

/// The partition of the roles of an organisation, of which only the name is configured.
fn partition<'c>(config: &'c Config, exporter: Option<&'c RoleArn>) -> &'c str {
    let management = config.organization.as_ref().and_then(|org| org.management_role.as_ref());
    let known = exporter.or(management.map(|role| &role.arn));
    let region = config.aws.region.as_ref();
    known.map(RoleArn::partition).or(region.map(|region| region.partition())).unwrap_or("aws")
}
