//! The regions of the partition `aws`, and which of them an account can use.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Regions that every account can use.
const BY_DEFAULT: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Regions that an account has to enable first.
const BY_CHOICE: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// What was said about regions of accounts; the tables above decide the rest.
#[derive(Debug, Clone, Default)]
pub(super) struct Regions(BTreeMap<(String, String), Cow<'static, str>>);

impl Regions {
    pub fn set(&mut self, account: &str, region: &str, status: Cow<'static, str>) {
        self.0.insert((account.to_owned(), region.to_owned()), status);
    }

    /// `ENABLED_BY_DEFAULT`, `ENABLED`, `ENABLING`, `DISABLING` or `DISABLED`; regions that are in
    /// no table (those of other partitions) are open to all.
    pub fn status(&self, account: &str, region: &str) -> &str {
        match self.0.get(&(account.to_owned(), region.to_owned())) {
            Some(status) => status,
            None if BY_CHOICE.contains(&region) => "DISABLED",
            None => "ENABLED_BY_DEFAULT",
        }
    }

    /// Whether the account's credentials are known in the region.
    pub fn is_open(&self, account: &str, region: &str) -> bool {
        matches!(self.status(account, region), "ENABLED_BY_DEFAULT" | "ENABLED")
    }

    /// All regions of the account, and their status.
    pub fn of(&self, account: &str) -> Vec<(String, String)> {
        let told = self.0.keys().filter(|(of, _)| of == account).map(|(_, region)| region.as_str());
        let mut names: Vec<&str> = BY_DEFAULT.into_iter().chain(BY_CHOICE).chain(told).collect();
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .map(|name| (name.to_owned(), self.status(account, name).to_owned()))
            .collect()
    }
}
