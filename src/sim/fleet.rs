//! A whole organisation: a management account, members in units, a role of one name in each of them.

use std::time::Duration;

use super::identity::Role;
use super::organization::Organization;
use super::product::{ACCOUNT, ProvisionedProduct, REGION, StackInstance};
use super::world::World;

/// How large an organisation is, and how it is looked at. The defaults are small.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// Member accounts; the management account comes on top.
    pub accounts: usize,
    /// The regions that all of them use; those that need it are enabled.
    pub regions: Vec<String>,
    /// Healthy products in each member account and region, stack sets included.
    pub products: usize,
    /// How many of those are stack sets.
    pub stack_sets: usize,
    /// CURRENT instances in each stack set.
    pub instances: usize,
    /// Account Factory: whether the management account owns, in the first region, a product of type
    /// CONTROL_TOWER_ACCOUNT for each member. It owns nothing else.
    pub account_factory: bool,
    /// Units of the organisation, all below the root; members are dealt out to them in turn. None:
    /// all are in the root.
    pub units: usize,
    /// The name of the role in each member account. It trusts the hub only.
    pub role: String,
    /// What the hub has to say to assume it, if anything.
    pub external_id: Option<String>,
    /// How long credentials of the roles live, whatever is asked for; as asked if `None`.
    pub lifetime: Option<Duration>,
    /// Whose [`ACCESS_KEY_ID`](super::ACCESS_KEY_ID) is.
    pub hub: Hub,
}

/// The account that looks at all the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hub {
    /// The management account.
    Management,
    /// The first member. The management account then has the role too, so that the organisation can
    /// be discovered through it.
    Member,
}

impl Default for Fleet {
    fn default() -> Self {
        Fleet {
            accounts: 3,
            regions: vec![REGION.to_owned()],
            products: 5,
            stack_sets: 1,
            instances: 3,
            account_factory: true,
            units: 2,
            role: "ServiceCatalogExporter".to_owned(),
            external_id: None,
            lifetime: None,
            hub: Hub::Management,
        }
    }
}

impl Fleet {
    /// The management account.
    pub const MANAGEMENT: &'static str = ACCOUNT;

    /// The id of the `n`th member account, from 0.
    #[must_use]
    pub fn account(n: usize) -> String {
        format!("{:012}", 400_000_000_001_u64 + n as u64)
    }

    /// The id of the `n`th unit, from 0.
    #[must_use]
    pub fn unit(n: usize) -> String {
        Organization::unit_id(n)
    }

    /// The ARN of the role in an account.
    #[must_use]
    pub fn role_arn(&self, account: &str) -> String {
        self.role_in(account).arn
    }

    /// The account whose [`ACCESS_KEY_ID`](super::ACCESS_KEY_ID) is.
    #[must_use]
    pub fn hub_account(&self) -> String {
        match self.hub {
            Hub::Management => Self::MANAGEMENT.to_owned(),
            Hub::Member => Self::account(0),
        }
    }

    fn role_in(&self, account: &str) -> Role {
        Role {
            external_id: self.external_id.clone(),
            lifetime: self.lifetime,
            ..Role::new(account, &self.role).trusting([self.hub_account()])
        }
    }

    /// What the `place`th account and region holds. Ids differ from place to place.
    fn products_at(&self, place: usize, account: &str, region: &str) -> Vec<ProvisionedProduct> {
        (0..self.products)
            .map(|n| {
                let id = place * self.products + n;
                let product = if n < self.stack_sets {
                    ProvisionedProduct::stack_set(id, StackInstance::current(self.instances))
                } else {
                    ProvisionedProduct::healthy(id)
                };
                product.at(account, region)
            })
            .collect()
    }
}

impl World {
    /// That organisation. A few hundred accounts in a few regions take well under a second.
    #[must_use]
    pub fn fleet(fleet: &Fleet) -> World {
        let home = fleet.regions.first().map_or(REGION, String::as_str);
        let mut world = World::empty(&fleet.hub_account(), home);
        let organization = world.organize(Fleet::MANAGEMENT);
        let units: Vec<String> =
            (0..fleet.units).map(|_| organization.add_unit(Organization::ROOT)).collect();
        for n in 0..fleet.accounts {
            let unit = n.checked_rem(units.len()).map_or(Organization::ROOT, |unit| &units[unit]);
            organization.add_account(unit, &Fleet::account(n), &format!("account-{n:03}"));
        }
        for n in 0..fleet.accounts {
            let account = Fleet::account(n);
            world.add_role(fleet.role_in(&account));
            for (r, region) in fleet.regions.iter().enumerate() {
                world.use_region(&account, region);
                let products = fleet.products_at(n * fleet.regions.len() + r, &account, region);
                *world.catalog_mut(&account, region).products_mut() = products;
            }
        }
        for region in &fleet.regions {
            world.use_region(Fleet::MANAGEMENT, region);
        }
        if fleet.hub == Hub::Member {
            world.add_role(fleet.role_in(Fleet::MANAGEMENT));
        }
        if fleet.account_factory {
            let first = fleet.accounts * fleet.regions.len() * fleet.products;
            let vended = (0..fleet.accounts).map(|n| {
                ProvisionedProduct::healthy(first + n)
                    .vending(&Fleet::account(n))
                    .named(format!("account-{n:03}"))
                    .at(Fleet::MANAGEMENT, home)
            });
            *world.catalog_mut(Fleet::MANAGEMENT, home).products_mut() = vended.collect();
        }
        world
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_fleet_is_cheap_and_whole() {
        let fleet = Fleet {
            accounts: 200,
            regions: ["eu-central-1", "us-east-1", "me-south-1"].map(str::to_owned).to_vec(),
            products: 50,
            stack_sets: 5,
            instances: 20,
            ..Fleet::default()
        };
        let mut world = World::fleet(&fleet);
        let organization = world.organization_mut().unwrap();
        assert_eq!(organization.members.len(), 201);
        let mut ids: Vec<String> = Vec::new();
        for n in 0..fleet.accounts {
            for region in &fleet.regions {
                let account = Fleet::account(n);
                ids.extend(world.ids(&account, region));
                assert_eq!(world.instance_counts(&account, region)["CURRENT"], 100);
            }
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((count, ids.len()), (30_000, 30_000));
        assert_eq!(world.ids(Fleet::MANAGEMENT, "eu-central-1").len(), 200);
    }

    #[test]
    fn a_fleet_may_be_empty() {
        let fleet = Fleet { accounts: 0, regions: Vec::new(), units: 0, ..Fleet::default() };
        assert_eq!(World::fleet(&fleet).organization_mut().unwrap().members.len(), 1);
    }
}
