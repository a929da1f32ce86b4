//! From what is configured and what was found out to the targets: a function without side effects.

use std::collections::{HashMap, HashSet};

use crate::aws::Member;
use crate::config::{Config, Organization, Regions};
use crate::model::{AccountId, AssumeRole, Region, RoleArn};
use crate::shard::owner;
use crate::snapshot::TargetNames;

/// A target as chosen, before it has a client.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) role: Option<AssumeRole>,
    pub(super) region: Region,
    pub(super) account: Option<AccountId>,
    pub(super) names: TargetNames,
}

/// What was found out so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'k> {
    /// Where the exporter itself calls from.
    pub(super) region: &'k Region,
    /// The exporter's own account, and the partition that it is in.
    pub(super) own: Option<(&'k AccountId, &'k str)>,
    /// The organisation's accounts; none before the first discovery.
    pub(super) members: Option<&'k [Member]>,
    /// The enabled regions of who was asked, by whatever external id: an empty list where the
    /// answer was a failure.
    pub(super) regions: &'k HashMap<Option<RoleArn>, Vec<Region>>,
}

/// The targets.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// This shard's, in the order of their precedence.
    pub(super) choices: Vec<Choice>,
    /// How many there are before sharding.
    pub(super) configured: usize,
    /// Nothing is missing for want of an answer.
    pub(super) complete: bool,
    /// Whose regions are to be asked for.
    pub(super) auto: HashSet<Option<AssumeRole>>,
}

/// Chooses the targets: those that are listed first, then the organisation's. Of two that are one
/// account and region the first is kept.
pub(super) fn choose(config: &Config, known: &Known<'_>) -> Chosen {
    let mut choosing = Choosing {
        known,
        names: known.members.unwrap_or_default().iter().map(|m| (&m.account, &*m.name)).collect(),
        taken: HashSet::new(),
        chosen: Chosen { complete: true, ..Chosen::default() },
    };
    for spec in &config.targets {
        let names = TargetNames {
            target_name: spec.name.clone(),
            account_name: spec.account_name.clone(),
            role_arn: String::new(),
        };
        choosing.add(spec.role.clone(), &spec.regions, &names);
    }
    if config.targets.is_empty() && config.organization.is_none() {
        choosing.add(None, &Regions::Ambient, &TargetNames::default());
    }
    if let Some(organization) = &config.organization {
        choosing.add_organization(organization);
    }
    let mut chosen = choosing.chosen;
    chosen.configured = chosen.choices.len();
    let shard = config.shard;
    chosen.choices.retain(|choice| match &choice.account {
        _ if shard.total <= 1 => true,
        Some(account) => owner(account, &choice.region, shard.total) == shard.ordinal,
        // Nobody knows yet whose it is, and one of the shards must find out.
        None => shard.ordinal == 0,
    });
    chosen
}

struct Choosing<'k> {
    known: &'k Known<'k>,
    names: HashMap<&'k AccountId, &'k str>,
    taken: HashSet<(Option<AccountId>, Region)>,
    chosen: Chosen,
}

impl Choosing<'_> {
    fn add(&mut self, role: Option<AssumeRole>, regions: &Regions, names: &TargetNames) {
        let account = match &role {
            Some(role) => Some(role.arn.account().clone()),
            None => self.known.own.map(|(account, _)| account.clone()),
        };
        let mut names = names.clone();
        names.role_arn = role.as_ref().map_or_else(String::new, |role| role.arn.to_string());
        if names.account_name.is_empty()
            && let Some(name) = account.as_ref().and_then(|account| self.names.get(account))
        {
            names.account_name = (*name).to_owned();
        }
        for region in self.regions_of(&role, regions) {
            if self.taken.insert((account.clone(), region.clone())) {
                let (role, account, names) = (role.clone(), account.clone(), names.clone());
                self.chosen.choices.push(Choice { role, region, account, names });
            }
        }
    }

    fn regions_of(&mut self, role: &Option<AssumeRole>, regions: &Regions) -> Vec<Region> {
        let exclude = match regions {
            Regions::Ambient => return vec![self.known.region.clone()],
            Regions::Listed(regions) => return regions.clone(),
            Regions::Auto { exclude } => exclude,
        };
        self.chosen.auto.insert(role.clone());
        let arn = role.as_ref().map(|role| role.arn.clone());
        let mut found = match self.known.regions.get(&arn) {
            // Somewhere it must show that this account does not answer: there the scan fails with
            // its own reason, or, if only this one permission is missing, succeeds.
            Some(found) if found.is_empty() => vec![self.known.region.clone()],
            Some(found) => found.clone(),
            None => {
                self.chosen.complete = false;
                Vec::new()
            }
        };
        found.retain(|region| !exclude.contains(region));
        found
    }

    fn add_organization(&mut self, organization: &Organization) {
        let (Some(members), Some((own, partition))) = (self.known.members, self.known.own) else {
            self.chosen.complete = false;
            return;
        };
        for member in members.iter().filter(|member| is_wanted(member, organization)) {
            let role = (member.account != *own).then(|| AssumeRole {
                arn: RoleArn::of(partition, &member.account, &organization.role_name),
                external_id: organization.external_id.clone(),
                session_name: organization.session_name.clone(),
            });
            let names = TargetNames { account_name: member.name.clone(), ..TargetNames::default() };
            self.add(role, &organization.regions, &names);
        }
    }
}

/// Whether an account is scanned, as far as the account alone decides; organisational units are
/// asked for.
pub(super) fn is_wanted(member: &Member, organization: &Organization) -> bool {
    let listed = organization.include_accounts.contains(&member.account);
    let included =
        listed || organization.include_accounts.is_empty() || !organization.include_ous.is_empty();
    member.active && included && !organization.exclude_accounts.contains(&member.account)
}

#[cfg(test)]
mod tests;
