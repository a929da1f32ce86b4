//! Many accounts and regions from one process: roles, organisations, shards.

mod asked;
mod credentials;
mod discovery;
mod isolation;
mod rosters;
mod shards;
mod sixty;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use servicecatalog_exporter::config::{Config, Organization, Regions, TargetSpec};
use servicecatalog_exporter::model::{
    AccountId, AssumeRole, ExternalId, Region, RoleArn, RoleName, SessionName,
};
use servicecatalog_exporter::publish::Published;
use servicecatalog_exporter::sim::{Fleet, World};
use servicecatalog_exporter::snapshot::{Found, TargetState};

use crate::support::exposition::Scrape;
use crate::support::{PATIENCE, Rig};

/// A target as `account/region`.
type Place = (String, String);

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn listed(names: &[String]) -> Regions {
    Regions::Listed(names.iter().map(|name| region(name)).collect())
}

/// The organisation of that fleet, as configured.
pub fn organization(fleet: &Fleet) -> Organization {
    Organization {
        role_name: RoleName::parse(&fleet.role).unwrap(),
        external_id: fleet.external_id.as_deref().map(|id| ExternalId::parse(id).unwrap()),
        session_name: SessionName::default(),
        regions: listed(&fleet.regions),
        include_ous: Vec::new(),
        exclude_ous: Vec::new(),
        include_accounts: Vec::new(),
        exclude_accounts: Vec::new(),
        refresh: Duration::from_secs(3600),
        management_role: None,
    }
}

fn role(fleet: &Fleet, account: &str) -> AssumeRole {
    AssumeRole {
        arn: RoleArn::parse(&fleet.role_arn(account)).unwrap(),
        external_id: fleet.external_id.as_deref().map(|id| ExternalId::parse(id).unwrap()),
        session_name: SessionName::default(),
    }
}

fn spec(role: Option<AssumeRole>, regions: Regions) -> TargetSpec {
    TargetSpec { name: String::new(), regions, role, account_name: String::new() }
}

/// An exporter that watches that fleet as an organisation, with its accounts found.
pub async fn watching(fleet: &Fleet, change: impl FnOnce(&mut Config)) -> Rig {
    let rig = Rig::with(World::fleet(fleet), |config| {
        config.organization = Some(organization(fleet));
        change(config);
    });
    let rig = rig.await;
    found(&rig).await;
    rig
}

/// Waits until all targets are found.
pub async fn found(rig: &Rig) -> Arc<Published> {
    published(rig, |published| published.snapshot.found == Found::Wholly).await
}

/// Waits for a publication.
async fn published(rig: &Rig, wanted: impl Fn(&Published) -> bool) -> Arc<Published> {
    let found = tokio::time::timeout(PATIENCE, rig.reader.wait_for(|p| wanted(p))).await;
    found.expect("the publication that the test waits for never came").expect("the pump runs")
}

/// Scans every target once.
pub async fn scan_all(rig: &Rig) -> Scrape {
    let before: BTreeMap<Place, u64> = states(rig).iter().map(|t| (place(t), t.scans())).collect();
    rig.tick().await;
    published(rig, |published| {
        published
            .snapshot
            .targets
            .iter()
            .all(|target| target.scans() > before.get(&place(target)).copied().unwrap_or(0))
    })
    .await;
    rig.scrape().await
}

fn states(rig: &Rig) -> Vec<Arc<TargetState>> {
    rig.reader.latest().snapshot.targets.clone()
}

fn place(target: &TargetState) -> Place {
    let account = target.account.as_ref().map_or("?", AccountId::as_str);
    (account.to_owned(), target.region.as_str().to_owned())
}

fn places(rig: &Rig) -> BTreeSet<Place> {
    states(rig).iter().map(|target| place(target)).collect()
}

/// Every account of the fleet in every region of it.
fn all_places(fleet: &Fleet) -> BTreeSet<Place> {
    let members = (0..fleet.accounts).map(Fleet::account);
    let accounts: Vec<String> = members.chain([Fleet::MANAGEMENT.to_owned()]).collect();
    let of = |account: &String| {
        let account = account.clone();
        fleet.regions.iter().map(move |region| (account.clone(), region.clone()))
    };
    accounts.iter().flat_map(of).collect()
}

fn regions(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
