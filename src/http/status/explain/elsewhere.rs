//! An account and region that are no target of this process: whose they may be.

use super::case::{Case, many};
use super::facts::{Fact, Facts};
use super::question::Question;
use crate::model::AccountId;
use crate::shard::owner;
use crate::snapshot::Found;

/// Places that are named, at most.
const MOST_PLACES: usize = 10;

pub(super) fn explain(case: &Case<'_>, question: &Question) -> (Vec<String>, Vec<Fact>) {
    let Question { account, region, .. } = question;
    let mut summary = vec![format!(
        "Account {account} in {region} is not among the targets of this exporter, so it has no \
         series here."
    )];
    summary.push(why(case, question));
    let mut facts = Facts::default();
    let terms = &case.snapshot.terms;
    if terms.shards > 1 {
        let says = format!("this is shard {} of {} (from 0)", terms.shard, terms.shards);
        facts.say("shard", says);
    }
    let targets = &case.snapshot.targets;
    facts.say("targets", many(targets.len() as u64, "target is known", "targets are known"));
    let regions = targets.iter().filter(|target| target.account.as_ref() == Some(account));
    let regions = named(regions.map(|target| target.region.as_str()));
    facts.say("regions_of_the_account", regions);
    let accounts = targets.iter().filter(|target| target.region == *region);
    let accounts =
        named(accounts.filter_map(|target| target.account.as_ref().map(AccountId::as_str)));
    facts.say("accounts_in_the_region", accounts);
    (summary, facts.into_lines())
}

fn why(case: &Case<'_>, question: &Question) -> String {
    let (Question { account, region, .. }, terms) = (question, &case.snapshot.terms);
    let mine = owner(account, region, terms.shards);
    let mut nameless = case.snapshot.targets.iter().filter(|target| target.account.is_none());
    match case.snapshot.found {
        _ if terms.shards > 1 && mine != terms.shard => format!(
            "Of {} shards it belongs to shard {mine}, if it is a target at all, and this is shard \
             {}: ask that one.",
            terms.shards, terms.shard
        ),
        _ if nameless.any(|target| target.region == *region) => format!(
            "There is a target in {region} of which AWS has not said yet which account it is: if \
             that lasts, sts:GetCallerIdentity fails, and the log says why."
        ),
        Found::NotYet => "Accounts and regions are still being asked for: ask again in a moment, \
             and read the log if that lasts."
            .to_owned(),
        Found::Partly => "Accounts or regions could not be read, so it may be one that is not \
             known: the log says why, and servicecatalog_organization_discovery_success is 0 \
             where it is the organization."
            .to_owned(),
        Found::Wholly => "All targets are known: check the number and the region, and what \
             targets and organization of the configuration take in and leave out."
            .to_owned(),
    }
}

fn named<'t>(places: impl Iterator<Item = &'t str>) -> String {
    let places: std::collections::BTreeSet<&str> = places.collect();
    let few: Vec<&str> = places.iter().copied().take(MOST_PLACES).collect();
    match places.len().saturating_sub(few.len()) {
        0 if few.is_empty() => "none".to_owned(),
        0 => few.join(", "),
        more => format!("{} and {more} more", few.join(", ")),
    }
}
