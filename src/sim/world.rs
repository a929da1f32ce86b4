//! The world behind the wire: accounts, regions, roles, an organisation, and what goes wrong.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use super::catalog::{Catalog, ProductCounts};
use super::clock::Clock;
use super::fault::{Fault, Script};
use super::identity::{Identities, Principal, Role};
use super::life::Life;
use super::organization::Organization;
use super::product::ProvisionedProduct;
use super::random::{Random, hash};
use super::regions::Regions;

/// The access key that every world knows, for static credentials.
pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// The secret that goes with it. Any will do: signatures are not verified.
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// Accounts, regions, roles, an organisation, and what goes wrong.
///
/// [`answer`](World::answer) is the whole of AWS as a client sees it. Signatures are *not* verified:
/// the caller is who the access key in the credential scope says.
#[derive(Debug, Clone)]
pub struct World {
    catalogs: BTreeMap<(String, String), Catalog>,
    pub(super) clock: Clock,
    pub(super) identities: Identities,
    /// By ARN.
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) organization: Option<Organization>,
    pub(super) regions: Regions,
    pub(super) script: Script,
    pub(super) request_ids: Random,
    pub(super) token_generation: u64,
    frozen: bool,
    seed: u64,
}

impl World {
    /// A world with one account, one region and nothing in it. [`ACCESS_KEY_ID`] belongs to a role
    /// of that account.
    #[must_use]
    pub fn empty(account: &str, region: &str) -> Self {
        World::seeded(account, region, 0, 1_700_000_000)
    }

    pub(super) fn seeded(account: &str, region: &str, seed: u64, now_unix: u64) -> Self {
        let mut world = World {
            catalogs: BTreeMap::new(),
            clock: Clock::beginning_at(now_unix),
            identities: Identities::new(seed),
            roles: BTreeMap::new(),
            organization: None,
            regions: Regions::default(),
            script: Script::new(),
            request_ids: Random::new(seed),
            token_generation: seed,
            frozen: false,
            seed,
        };
        let arn = format!("arn:aws:sts::{account}:assumed-role/ServiceCatalogExporter/monitoring");
        world.add_principal(ACCESS_KEY_ID, account, &arn);
        world.use_region(account, region);
        world.catalog_mut(account, region);
        world
    }

    /// Makes `access_key` belong to `arn` of `account`.
    pub fn add_principal(&mut self, access_key: &str, account: &str, arn: &str) {
        self.identities.add(access_key, Principal { account: account.into(), arn: arn.into() });
    }

    /// Adds a role, or replaces the one with its ARN. Credentials that were given out stay good.
    pub fn add_role(&mut self, role: Role) {
        self.roles.insert(role.arn.clone(), role);
    }

    /// Removes the role with that ARN. Credentials that were given out stay good.
    pub fn remove_role(&mut self, arn: &str) {
        self.roles.remove(arn);
    }

    /// Founds an organisation with that management account, in place of one that was there.
    pub fn organize(&mut self, management_account: &str) -> &mut Organization {
        self.organization.insert(Organization::new(management_account))
    }

    /// The organisation, if there is one, to be changed.
    pub fn organization_mut(&mut self) -> Option<&mut Organization> {
        self.organization.as_mut()
    }

    /// Disables a region for an account: its credentials are not known there.
    pub fn disable_region(&mut self, account: &str, region: &str) {
        self.set_region_status(account, region, "DISABLED");
    }

    /// Enables a region for an account; those that are younger than March 2019 are disabled at first.
    pub fn enable_region(&mut self, account: &str, region: &str) {
        self.set_region_status(account, region, "ENABLED");
    }

    /// Enables a region if it is not.
    pub(super) fn use_region(&mut self, account: &str, region: &str) {
        if !self.regions.is_open(account, region) {
            self.enable_region(account, region);
        }
    }

    /// `ENABLED_BY_DEFAULT`, `ENABLED`, `ENABLING`, `DISABLING` or `DISABLED`; credentials are known
    /// in the first two only.
    pub fn set_region_status(
        &mut self,
        account: &str,
        region: &str,
        status: impl Into<Cow<'static, str>>,
    ) {
        self.regions.set(account, region, status.into());
    }

    /// Skips that much time: credentials expire, buckets fill up. Products do not change; see
    /// [`step`](World::step).
    pub fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
    }

    /// The time in the world, in seconds since 1970.
    #[must_use]
    pub fn unix_time(&self) -> f64 {
        self.clock.unix()
    }

    /// Adds a product at the end of the list of an account and region.
    pub fn add(&mut self, account: &str, region: &str, product: ProvisionedProduct) {
        self.catalog_mut(account, region).products_mut().push(product);
    }

    /// What Service Catalog holds in an account and region, if it was ever used there.
    #[must_use]
    pub fn catalog(&self, account: &str, region: &str) -> Option<&Catalog> {
        self.catalogs.get(&(account.to_owned(), region.to_owned()))
    }

    /// What Service Catalog holds in an account and region, to be changed.
    pub fn catalog_mut(&mut self, account: &str, region: &str) -> &mut Catalog {
        let seed = self.seed;
        self.catalogs
            .entry((account.to_owned(), region.to_owned()))
            .or_insert_with(|| Catalog::new(Life::new(hash(hash(seed, account), region))))
    }

    /// The same, if Service Catalog was ever used there.
    pub(super) fn known_catalog(&mut self, account: &str, region: &str) -> Option<&mut Catalog> {
        self.catalogs.get_mut(&(account.to_owned(), region.to_owned()))
    }

    /// The truth: products by (type, product id, status).
    #[must_use]
    pub fn counts(&self, account: &str, region: &str) -> ProductCounts {
        self.catalog(account, region).map(Catalog::counts).unwrap_or_default()
    }

    /// The truth: products by status.
    #[must_use]
    pub fn counts_by_status(&self, account: &str, region: &str) -> BTreeMap<String, usize> {
        self.catalog(account, region).map(Catalog::counts_by_status).unwrap_or_default()
    }

    /// The truth: stack instances by status.
    #[must_use]
    pub fn instance_counts(&self, account: &str, region: &str) -> BTreeMap<String, usize> {
        self.catalog(account, region).map(Catalog::instance_counts).unwrap_or_default()
    }

    /// The truth: the ids of the products, in the order in which they are listed.
    #[must_use]
    pub fn ids(&self, account: &str, region: &str) -> Vec<String> {
        self.catalog(account, region).map(Catalog::ids).unwrap_or_default()
    }

    /// Lets one step of time pass: products change, fail, are mended, launched and terminated.
    /// The same world makes the same steps. Nothing happens while the world is frozen.
    pub fn step(&mut self) {
        if !self.frozen {
            let now = self.clock.unix();
            for ((account, region), catalog) in &mut self.catalogs {
                catalog.step(account, region, now);
            }
        }
    }

    /// Stops the world (`true`) or lets it go on, whoever calls [`step`](World::step).
    pub fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Makes every page token given so far invalid.
    pub fn expire_tokens(&mut self) {
        self.token_generation = self.token_generation.wrapping_add(1);
    }

    /// Scripts a fault, behind those that are there: the first that matches happens.
    pub fn inject(&mut self, fault: Fault) {
        self.script.add(fault);
    }

    /// Forgets all faults.
    pub fn clear_faults(&mut self) {
        self.script.clear();
    }
}
