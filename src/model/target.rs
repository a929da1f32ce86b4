//! A target: the account and region that are scanned.

use std::fmt;
use std::sync::Arc;

/// An AWS account id, as AWS writes it (twelve digits; not checked, since AWS said it).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Arc<str>);

/// A text that cannot be an account id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an AWS account id; write its twelve digits, in quotes")]
pub struct ParseAccountError(String);

impl AccountId {
    /// Reads the twelve digits that a person wrote.
    ///
    /// # Errors
    /// When the text has another shape.
    pub fn parse(text: &str) -> Result<Self, ParseAccountError> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.into()))
        } else {
            Err(ParseAccountError(text.to_owned()))
        }
    }

    /// The account that AWS named so.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// As AWS writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An AWS region such as `eu-central-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Arc<str>);

/// A text that cannot be a region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an AWS region; write one such as eu-central-1")]
pub struct ParseRegionError(String);

impl Region {
    /// Reads a region's name: lower-case words and a number, joined by hyphens.
    ///
    /// # Errors
    /// When the text has another shape; it becomes part of a host name, so nothing else may pass.
    pub fn parse(text: &str) -> Result<Self, ParseRegionError> {
        let parts: Vec<&str> = text.split('-').collect();
        let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        match parts.split_last() {
            Some((last, words))
                if text.len() <= 32
                    && words.len() >= 2
                    && number(last)
                    && words.iter().all(word) =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(ParseRegionError(text.to_owned())),
        }
    }

    /// As AWS writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that it belongs to, as ARNs write it.
    ///
    /// AWS General Reference, "Amazon Resource Names": each partition is a set of regions.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        const PREFIXES: [(&str, &str); 7] = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("eusc-", "aws-eusc"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
        ];
        let known = PREFIXES.iter().find(|(prefix, _)| self.0.starts_with(prefix));
        known.map_or("aws", |(_, partition)| partition)
    }

    /// Another region of the same partition, one that is enabled in every account: a call there
    /// tells credentials that work from credentials that do not.
    ///
    /// Regions that every account has: AWS Account Management, "Enable or disable AWS Regions".
    #[must_use]
    pub fn always_enabled_elsewhere(&self) -> Self {
        let (first, second) = if self.0.starts_with("cn-") {
            ("cn-north-1", "cn-northwest-1")
        } else if self.0.starts_with("us-gov-") {
            ("us-gov-west-1", "us-gov-east-1")
        } else {
            ("us-east-1", "us-west-2")
        };
        Self(if &*self.0 == first { second } else { first }.into())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Account and region of an ARN (`arn:partition:service:region:account:…`), each `None` where the
/// ARN leaves it empty.
#[must_use]
pub fn account_and_region_of_arn(arn: &str) -> (Option<AccountId>, Option<&str>) {
    let mut parts = arn.splitn(6, ':');
    if parts.next() != Some("arn") {
        return (None, None);
    }
    let mut part = |nth| parts.nth(nth).filter(|text| !text.is_empty());
    let region = part(2);
    let account = part(0).map(AccountId::new);
    (account, region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_every_partition_are_read() {
        for name in
            ["eu-central-1", "us-gov-west-1", "cn-northwest-1", "ap-southeast-12", "us-iso-east-1"]
        {
            assert_eq!(Region::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_could_not_stand_in_a_host_name_is_no_region() {
        for text in [
            "",
            "eu",
            "eu-central",
            "EU-central-1",
            "eu-central-1.evil.example",
            "eu--1",
            "eu-central-1\n",
        ] {
            assert!(Region::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_region_tells_its_partition() {
        for (region, partition) in [
            ("eu-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-isob-east-1", "aws-iso-b"),
        ] {
            assert_eq!(Region::parse(region).unwrap().partition(), partition);
        }
    }

    #[test]
    fn the_region_to_compare_with_is_another_one_of_the_same_partition() {
        let elsewhere =
            |name: &str| Region::parse(name).unwrap().always_enabled_elsewhere().to_string();
        assert_eq!(elsewhere("af-south-1"), "us-east-1");
        assert_eq!(elsewhere("us-east-1"), "us-west-2");
        assert_eq!(elsewhere("cn-northwest-1"), "cn-north-1");
        assert_eq!(elsewhere("us-gov-west-1"), "us-gov-east-1");
    }

    #[test]
    fn account_and_region_are_read_from_an_arn() {
        let arn = "arn:aws-cn:servicecatalog:cn-north-1:123456789012:stack/a:b/pp-1";
        assert_eq!(
            account_and_region_of_arn(arn),
            (Some(AccountId::new("123456789012")), Some("cn-north-1"))
        );
        assert_eq!(
            account_and_region_of_arn("arn:aws:iam::1:user/x"),
            (Some(AccountId::new("1")), None)
        );
        assert_eq!(account_and_region_of_arn("nonsense"), (None, None));
    }
}
