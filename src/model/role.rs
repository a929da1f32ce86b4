//! Roles that are assumed, and what goes with them.

use std::fmt;
use std::sync::Arc;

use super::target::AccountId;

/// A text that cannot be what it should be. It holds the text never: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ParseRoleError {
    /// What a right one looks like.
    pub what: &'static str,
}

/// The ARN of an IAM role: `arn:<partition>:iam::<account>:role/<path and name>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn {
    text: Arc<str>,
    account: AccountId,
}

impl RoleArn {
    /// Reads an ARN.
    ///
    /// # Errors
    /// When it is no ARN of a role in an account of twelve digits.
    pub fn parse(text: &str) -> Result<Self, ParseRoleError> {
        let refused = ParseRoleError {
            what: "not the ARN of a role; write one such as arn:aws:iam::123456789012:role/ServiceCatalogExporter",
        };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, iam, region, account, role] = parts[..] else { return Err(refused) };
        let known = matches!(partition, "aws" | "aws-cn" | "aws-us-gov")
            || partition
                .strip_prefix("aws-iso")
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        let name = role.strip_prefix("role/").filter(|name| {
            name.len() <= 512 + 64
                && name.rsplit('/').next().is_some_and(|last| RoleName::parse(last).is_ok())
                && name.bytes().all(|b| b.is_ascii_graphic())
        });
        if arn != "arn" || !known || iam != "iam" || !region.is_empty() || name.is_none() {
            return Err(refused);
        }
        let account = AccountId::parse(account).map_err(|_| refused)?;
        Ok(Self { text: text.into(), account })
    }

    /// The ARN of that role in that account.
    #[must_use]
    pub fn of(partition: &str, account: &AccountId, name: &RoleName) -> Self {
        let text = format!("arn:{partition}:iam::{account}:role/{}", name.as_str());
        Self { text: text.into(), account: account.clone() }
    }

    /// The account that the role is in.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov`, …
    #[must_use]
    pub fn partition(&self) -> &str {
        self.text.split(':').nth(1).unwrap_or_default()
    }

    /// As AWS writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Makes a text newtype with a rule.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $least:literal..=$most:literal, $marks:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads it.
            ///
            /// # Errors
            /// When it is too short, too long, or holds a character that AWS does not take.
            pub fn parse(text: &str) -> Result<Self, ParseRoleError> {
                let fits = ($least..=$most).contains(&text.len());
                let known = |b: u8| b.is_ascii_alphanumeric() || $marks.contains(&b);
                if fits && text.bytes().all(known) {
                    Ok(Self(text.into()))
                } else {
                    Err(ParseRoleError { what: $what })
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text! {
    /// The name of a role, possibly with a path before it: the same in every account.
    RoleName, 1..=576, b"+=,.@-_/",
    "not the name of a role; write the name alone, such as ServiceCatalogExporter"
}
text! {
    /// What a role's trust policy may ask for besides the right caller. Its text is a secret, and
    /// so never part of a message.
    ExternalId, 2..=1224, b"+=,.@:/-_",
    "not an external id: 2 to 1224 letters, digits and +=,.@:/-_"
}
text! {
    /// How AWS's logs call the session of an assumed role.
    SessionName, 2..=64, b"+=,.@-_",
    "not the name of a role session: 2 to 64 letters, digits and +=,.@-_"
}

impl fmt::Debug for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<external id>")
    }
}

impl Default for SessionName {
    fn default() -> Self {
        Self("servicecatalog-exporter".into())
    }
}

/// A role to assume. Two are one if all of it is equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssumeRole {
    /// Which.
    pub arn: RoleArn,
    /// What its trust policy asks for, if it does.
    pub external_id: Option<ExternalId>,
    /// How the session is called.
    pub session_name: SessionName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_of_every_partition_are_read_with_their_account() {
        for (text, partition) in [
            ("arn:aws:iam::123456789012:role/Exporter", "aws"),
            ("arn:aws-cn:iam::123456789012:role/some/path/Exporter", "aws-cn"),
            ("arn:aws-us-gov:iam::123456789012:role/a+b=c,d.e@f-g_h", "aws-us-gov"),
            ("arn:aws-iso-b:iam::123456789012:role/Exporter", "aws-iso-b"),
        ] {
            let role = RoleArn::parse(text).unwrap();
            assert_eq!((role.partition(), role.as_str()), (partition, text));
            assert_eq!(role.account().as_str(), "123456789012");
        }
    }

    #[test]
    fn what_is_no_role_is_refused() {
        for text in [
            "",
            "Exporter",
            "arn:aws:iam::123456789012:user/Exporter",
            "arn:aws:iam::12345678901:role/Exporter",
            "arn:aws:iam::1234567890123:role/Exporter",
            "arn:aws:iam:eu-central-1:123456789012:role/Exporter",
            "arn:aws:sts::123456789012:assumed-role/Exporter/session",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/with space",
            "arn:azure:iam::123456789012:role/Exporter",
            "arn:aws:iam::123456789012:role/Exporter\n",
        ] {
            assert!(RoleArn::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_external_id_is_never_shown() {
        let id = ExternalId::parse("open-sesame").unwrap();
        assert!(!format!("{id:?}").contains("sesame"));
        assert!(!ExternalId::parse("se same").unwrap_err().to_string().contains("same"));
    }
}
