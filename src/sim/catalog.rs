//! The provisioned products of one account and region, and the truth about them.

use std::collections::{BTreeMap, HashMap};

use super::life::Life;
use super::offer::Offer;
use super::product::ProvisionedProduct;
use super::record::Record;

/// How many provisioned products there are of each `(type, product id, status)`; what is absent
/// on the wire is `""`.
pub type ProductCounts = BTreeMap<(String, String, String), usize>;

/// What Service Catalog holds in one account and region, in the order in which it lists it.
#[derive(Debug, Clone)]
pub struct Catalog {
    products: Vec<ProvisionedProduct>,
    /// Where each id is; `None` when the list may have changed since.
    index: Option<HashMap<String, usize>>,
    /// The same for the records that they name.
    record_index: Option<HashMap<String, usize>>,
    /// Records that are other than their products say.
    told: HashMap<String, Record>,
    /// What was said of products of the catalog.
    offers: HashMap<String, Offer>,
    pub(super) life: Life,
}

impl Catalog {
    pub(super) fn new(life: Life) -> Self {
        Catalog {
            products: Vec::new(),
            index: None,
            record_index: None,
            told: HashMap::new(),
            offers: HashMap::new(),
            life,
        }
    }

    /// The products, in the order in which they are listed.
    #[must_use]
    pub fn products(&self) -> &[ProvisionedProduct] {
        &self.products
    }

    /// The products, to be changed at will.
    pub fn products_mut(&mut self) -> &mut Vec<ProvisionedProduct> {
        self.forget_places();
        &mut self.products
    }

    /// The product with that id.
    pub fn product_mut(&mut self, id: &str) -> Option<&mut ProvisionedProduct> {
        self.products_mut().iter_mut().find(|product| product.id.as_deref() == Some(id))
    }

    /// The product with that id, found without a walk over the list.
    pub(super) fn look_up(&mut self, id: &str) -> Option<&ProvisionedProduct> {
        let products = &self.products;
        let index = self.index.get_or_insert_with(|| {
            products
                .iter()
                .enumerate()
                .filter_map(|(n, product)| Some((product.id.clone()?, n)))
                .collect()
        });
        index.get(id).map(|&n| &products[n])
    }

    /// Says what DescribeRecord shows of a record, whatever its product looks like.
    pub fn tell(&mut self, record: Record) {
        self.told.insert(record.id.clone(), record);
    }

    /// The record with that id: as it was told, or as the product that names it looks.
    pub fn record(&mut self, id: &str) -> Option<Record> {
        if let Some(told) = self.told.get(id) {
            return Some(told.clone());
        }
        let products = &self.products;
        let index = self.record_index.get_or_insert_with(|| {
            let named = products.iter().enumerate().flat_map(|(n, product)| {
                [
                    &product.last_record_id,
                    &product.last_provisioning_record_id,
                    &product.last_successful_provisioning_record_id,
                ]
                .into_iter()
                .filter_map(move |id| Some((id.clone()?, n)))
            });
            named.collect()
        });
        index.get(id).map(|&n| Record::of(&products[n], id))
    }

    /// Says what is offered under a product's id, whatever was launched from it.
    pub fn offer(&mut self, product_id: impl Into<String>, offer: Offer) {
        self.offers.insert(product_id.into(), offer);
    }

    /// What is offered under that id: as it was said, or what was launched from it.
    #[must_use]
    pub fn offered(&self, product_id: &str) -> Option<Offer> {
        let said = self.offers.get(product_id).cloned();
        said.or_else(|| Offer::of(&self.products, product_id))
    }

    fn forget_places(&mut self) {
        self.index = None;
        self.record_index = None;
    }

    /// The ids of the products that have one, in the order in which they are listed.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.products.iter().filter_map(|product| product.id.clone()).collect()
    }

    /// How many products there are of each type, product id and status.
    #[must_use]
    pub fn counts(&self) -> ProductCounts {
        let mut counts = ProductCounts::new();
        for product in &self.products {
            let group = (
                product.product_type.as_deref().unwrap_or_default().to_owned(),
                product.product_id.clone().unwrap_or_default(),
                product.status.as_deref().unwrap_or_default().to_owned(),
            );
            *counts.entry(group).or_default() += 1;
        }
        counts
    }

    /// How many products there are of each status.
    #[must_use]
    pub fn counts_by_status(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for ((_, _, status), count) in self.counts() {
            *counts.entry(status).or_default() += count;
        }
        counts
    }

    /// How many stack instances there are of each status, over all stack sets.
    #[must_use]
    pub fn instance_counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for instance in self
            .products
            .iter()
            .filter(|product| product.is_stack_set())
            .flat_map(|product| &product.instances)
        {
            *counts
                .entry(instance.status.as_deref().unwrap_or_default().to_owned())
                .or_default() += 1;
        }
        counts
    }

    /// Lets one step of time pass, at `now` (in seconds since 1970); see
    /// [`World::step`](super::World::step).
    pub(super) fn step(&mut self, account: &str, region: &str, now: f64) {
        self.forget_places();
        self.life.step(account, region, now, &mut self.products);
    }
}
