//! How accounts, roles and what goes with them are read.

use super::document::Value;
use super::error::Complaint;
use super::field::{Choice, Field, expected, quote, text};
use crate::model::{
    AccountId, ExternalId, ParseRoleError, PolicyPart, RoleArn, RoleName, SessionName,
};

const ROLE_ARN: &str =
    "write the ARN of a role, such as arn:aws:iam::123456789012:role/ServiceCatalogExporter";

impl Field for RoleArn {
    fn read(value: &Value) -> Result<Self, Complaint> {
        let text = text(value, "the ARN of a role", ROLE_ARN)?;
        Self::parse(text).map_err(|_| {
            let what = match text.splitn(6, ':').collect::<Vec<_>>()[..] {
                ["arn", _, "sts", ..] => "is the ARN of a session, not of its role".to_owned(),
                ["arn", _, "iam", "", account, role] if role.starts_with("role/") => {
                    match AccountId::parse(account) {
                        Ok(_) => format!("{} is not the ARN of a role", quote(text)),
                        Err(_) => format!(
                            "{} is not an account id of twelve digits, in {}",
                            quote(account),
                            quote(text)
                        ),
                    }
                }
                _ => format!("{} is not the ARN of a role", quote(text)),
            };
            Complaint::new(what, ROLE_ARN)
        })
    }
}

impl Field for RoleName {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write the name alone, such as ServiceCatalogExporter, or with its \
                              path before it, such as monitoring/ServiceCatalogExporter";
        let text = text(value, "the name of a role", REMEDY)?;
        let refused = || {
            let what = format!("{} is not the name of a role", quote(text));
            Complaint::new(what, REMEDY)
        };
        if text.split('/').any(str::is_empty) {
            return Err(refused());
        }
        Self::parse(text).map_err(|_| refused())
    }
}

impl Field for ExternalId {
    /// No complaint repeats it.
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write, in quotes, what the role's trust policy compares with \
                              sts:ExternalId";
        let text = text(value, "text", REMEDY)?;
        Self::parse(text).map_err(|error| of_role(&error, REMEDY))
    }
}

impl Field for SessionName {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write a name such as servicecatalog-exporter";
        let text = text(value, "the name of a role session", REMEDY)?;
        Self::parse(text).map_err(|error| of_role(&error, REMEDY))
    }
}

fn of_role(error: &ParseRoleError, remedy: &str) -> Complaint {
    Complaint::new(format!("is {}", error.what), remedy)
}

impl Field for AccountId {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write its twelve digits in quotes, such as '012345678901'";
        // As a number an id has lost its leading zeros.
        if let Value::Integer(_) | Value::Float(_) = value {
            let what = "an account id is text, found a number";
            return Err(Complaint::new(what, "put it in quotes, with all its twelve digits"));
        }
        let text = text(value, "an account id", REMEDY)?;
        Self::parse(text)
            .map_err(|_| Complaint::new(format!("{} is not an account id", quote(text)), REMEDY))
    }
}

/// A root (`r-…`) or an organisational unit (`ou-…-…`) of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitId(pub String);

impl Field for UnitId {
    /// Shapes: AWS Organizations API reference, `Root.Id` and `OrganizationalUnit.Id`.
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write the id of a root, such as r-ab12, or of an organisational \
                              unit, such as ou-ab12-34cd56ef";
        let text = text(value, "the id of an organisational unit", REMEDY)?;
        let part = |part: &str, least| {
            (least..=32).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let known = match text.split('-').collect::<Vec<_>>()[..] {
            ["r", root] => part(root, 4),
            ["ou", root, unit] => part(root, 4) && part(unit, 8),
            _ => false,
        };
        if known {
            Ok(Self(text.to_owned()))
        } else {
            let what = format!("{} is not the id of an organisational unit", quote(text));
            Err(Complaint::new(what, REMEDY))
        }
    }
}

/// What people call something: a label value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(pub String);

impl Field for DisplayName {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const LONGEST: usize = 128;
        const REMEDY: &str = "write a name of 1 to 128 characters on one line";
        if let Value::Integer(_) | Value::Float(_) | Value::Bool(_) = value {
            return Err(Complaint::new(expected("a name", value), "put it in quotes"));
        }
        let text = text(value, "a name", REMEDY)?;
        let long = text.chars().count() > LONGEST;
        if text.trim().is_empty() || long || text.chars().any(char::is_control) {
            return Err(Complaint::new(format!("{} is not a name", quote(text)), REMEDY));
        }
        Ok(Self(text.to_owned()))
    }
}

impl Choice for PolicyPart {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("all", Self::All),
        ("hub", Self::Hub),
        ("member", Self::Member),
        ("trust", Self::Trust),
        ("management", Self::Management),
    ];
}
