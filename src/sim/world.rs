//! The world behind the wire: accounts, regions, principals, and what goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{Catalog, ProductCounts};
use super::fault::{Fault, Script};
use super::life::Life;
use super::product::ProvisionedProduct;
use super::random::{Random, hash};

/// The access key that every world knows, for static credentials.
pub const ACCESS_KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// The secret that goes with it. Any will do: signatures are not verified.
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// Who an access key belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The account.
    pub account: String,
    /// The user or the session of a role, as GetCallerIdentity names it.
    pub arn: String,
}

/// Accounts, regions, principals, and what goes wrong.
///
/// [`answer`](World::answer) is the whole of AWS as a client sees it. Signatures are *not* verified:
/// the caller is who the access key in the credential scope says.
#[derive(Debug, Clone)]
pub struct World {
    catalogs: BTreeMap<(String, String), Catalog>,
    pub(super) principals: BTreeMap<String, Principal>,
    pub(super) disabled: BTreeSet<(String, String)>,
    pub(super) script: Script,
    pub(super) request_ids: Random,
    pub(super) token_generation: u64,
    frozen: bool,
    seed: u64,
    now_unix: u64,
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
            principals: BTreeMap::new(),
            disabled: BTreeSet::new(),
            script: Script::new(),
            request_ids: Random::new(seed),
            token_generation: seed,
            frozen: false,
            seed,
            now_unix,
        };
        let arn = format!("arn:aws:sts::{account}:assumed-role/ServiceCatalogExporter/monitoring");
        world.add_principal(ACCESS_KEY_ID, account, &arn);
        world.catalog_mut(account, region);
        world
    }

    /// Makes `access_key` belong to `arn` of `account`.
    pub fn add_principal(&mut self, access_key: &str, account: &str, arn: &str) {
        self.principals
            .insert(access_key.into(), Principal { account: account.into(), arn: arn.into() });
    }

    /// Disables a region for an account: its credentials are not known there.
    pub fn disable_region(&mut self, account: &str, region: &str) {
        self.disabled.insert((account.into(), region.into()));
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
        let (seed, now) = (self.seed, self.now_unix);
        self.catalogs
            .entry((account.to_owned(), region.to_owned()))
            .or_insert_with(|| Catalog::new(Life::new(hash(hash(seed, account), region), now)))
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
            for ((account, region), catalog) in &mut self.catalogs {
                catalog.step(account, region);
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
