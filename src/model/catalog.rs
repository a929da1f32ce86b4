//! The complete, de-duplicated list of a target's provisioned products.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::product::Product;
use super::status::Tally;

/// What products are counted by: their type and the product they were launched from.
pub type GroupKey = (Arc<str>, Arc<str>);

/// A product of the catalog, and a version of it.
pub type ArtifactKey = (Arc<str>, Arc<str>);

/// A complete list. Only [`CatalogBuilder::finish`] makes one, after the last page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    products: Box<[Product]>,
    groups: BTreeMap<GroupKey, Tally<5>>,
    artifacts: BTreeMap<ArtifactKey, u64>,
    stack_sets: u64,
    without_id: Box<[Product]>,
    duplicates: u64,
}

impl Catalog {
    /// The products that have an id, sorted by it.
    #[must_use]
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    /// Counts by type and product id, those without an id included.
    #[must_use]
    pub fn groups(&self) -> &BTreeMap<GroupKey, Tally<5>> {
        &self.groups
    }

    /// Counts by product id and version, those without an id included.
    #[must_use]
    pub fn artifacts(&self) -> &BTreeMap<ArtifactKey, u64> {
        &self.artifacts
    }

    /// What the products were launched from, each once.
    pub fn launched(&self) -> impl Iterator<Item = &Arc<str>> {
        let mut last = None;
        let ids = self.artifacts.keys().map(|(product, _)| product);
        ids.filter(move |id| !id.is_empty() && last.replace(*id) != Some(*id))
    }

    /// Whether any product was launched from that one.
    #[must_use]
    pub fn is_launched(&self, product_id: &str) -> bool {
        self.of_product(product_id).next().is_some()
    }

    /// The versions of a product that are in use.
    pub fn versions_of(&self, product_id: &str) -> impl Iterator<Item = &Arc<str>> {
        self.of_product(product_id).filter(|id| !id.is_empty())
    }

    fn of_product(&self, product_id: &str) -> impl Iterator<Item = &Arc<str>> {
        let (product_id, none) = (Arc::<str>::from(product_id), Arc::<str>::from(""));
        let from_there = self.artifacts.range((Arc::clone(&product_id), none)..);
        let same = from_there.take_while(move |((id, _), _)| *id == product_id);
        same.map(|((_, artifact), _)| artifact)
    }

    /// How many products there are, those without an id included.
    #[must_use]
    pub fn len(&self) -> u64 {
        (self.products.len() + self.without_id.len()) as u64
    }

    /// Whether the account and region have no product at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of them are stack sets, those without an id included.
    #[must_use]
    pub fn stack_sets(&self) -> u64 {
        self.stack_sets
    }

    /// Stack sets that can never be listed, for want of an id.
    #[must_use]
    pub fn stack_sets_without_id(&self) -> u64 {
        self.without_id.iter().filter(|product| product.is_stack_set()).count() as u64
    }

    /// Items with neither an id nor an ARN to read it from: counted, but without series of their own.
    #[must_use]
    pub fn no_id(&self) -> u64 {
        self.without_id.len() as u64
    }

    /// Every item that counts, those without an id last.
    pub fn items(&self) -> impl Iterator<Item = &Product> {
        self.products.iter().chain(&self.without_id)
    }

    /// Items left out because another item with the same id came later.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// The product of that id.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&Product> {
        let place = self.products.binary_search_by(|product| (*product.id).cmp(id)).ok()?;
        self.products.get(place)
    }

    /// Whether it holds a stack set of that id.
    #[must_use]
    pub fn has_stack_set(&self, id: &str) -> bool {
        self.product(id).is_some_and(Product::is_stack_set)
    }
}

/// Collects the items of all pages.
#[derive(Debug, Default)]
pub struct CatalogBuilder {
    products: Vec<Product>,
    places: HashMap<Arc<str>, usize>,
    without_id: Vec<Product>,
    duplicates: u64,
    texts: HashSet<Arc<str>>,
}

impl CatalogBuilder {
    /// Takes one item. Of several items with one id the last wins: pages of a list that moves
    /// meanwhile may overlap, and the later page is the younger truth.
    pub fn add(&mut self, mut product: Product) {
        // A few types, products and versions recur over thousands of items: each is kept once.
        for text in [&mut product.kind, &mut product.product_id, &mut product.artifact_id] {
            match self.texts.get(text) {
                Some(known) => *text = Arc::clone(known),
                None => drop(self.texts.insert(Arc::clone(text))),
            }
        }
        if product.id.is_empty() {
            self.without_id.push(product);
        } else if let Some(&place) = self.places.get(&product.id) {
            self.duplicates += 1;
            self.products[place] = product;
        } else {
            self.places.insert(Arc::clone(&product.id), self.products.len());
            self.products.push(product);
        }
    }

    /// So many items came again under the same id, of which nothing else is known any more.
    pub fn add_duplicates(&mut self, many: u64) {
        self.duplicates = self.duplicates.saturating_add(many);
    }

    /// The complete list. Call it only after the last page.
    #[must_use]
    pub fn finish(mut self) -> Catalog {
        self.products.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        let mut catalog = Catalog { duplicates: self.duplicates, ..Catalog::default() };
        for product in self.products.iter().chain(&self.without_id) {
            let key = (Arc::clone(&product.kind), Arc::clone(&product.product_id));
            catalog.groups.entry(key).or_default().add(&product.status, 1);
            let version = (Arc::clone(&product.product_id), Arc::clone(&product.artifact_id));
            *catalog.artifacts.entry(version).or_default() += 1;
            catalog.stack_sets += u64::from(product.is_stack_set());
        }
        catalog.without_id = self.without_id.into_boxed_slice();
        catalog.products = self.products.into_boxed_slice();
        catalog
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ProductStatus, Provisioning, STACK_SET_TYPE};

    fn product(id: &str, kind: &str, status: ProductStatus) -> Product {
        Product {
            id: id.into(),
            name: "n".into(),
            kind: kind.into(),
            status,
            product_id: "prod-1".into(),
            artifact_id: "".into(),
            created: None,
            provisioning: Provisioning::Unrecorded,
            last_record: "".into(),
            status_message: None,
        }
    }

    #[test]
    fn the_last_item_of_an_id_wins_and_the_others_are_counted_as_duplicates() {
        let mut builder = CatalogBuilder::default();
        builder.add(product("pp-2", "CFN_STACK", ProductStatus::Available));
        builder.add(product("pp-1", "CFN_STACK", ProductStatus::Available));
        builder.add(product("pp-2", "CFN_STACK", ProductStatus::Tainted));
        let catalog = builder.finish();
        assert_eq!((catalog.len(), catalog.duplicates()), (2, 1));
        assert_eq!(catalog.product("pp-2").unwrap().status, ProductStatus::Tainted);
        let counts = catalog.groups().values().next().unwrap();
        assert_eq!(
            (counts.of(&ProductStatus::Available), counts.of(&ProductStatus::Tainted)),
            (1, 1)
        );
    }

    #[test]
    fn products_are_counted_by_version_and_what_they_were_launched_from_is_told_once() {
        let mut builder = CatalogBuilder::default();
        let versions =
            [("pp-1", "prod-1", "pa-1"), ("pp-2", "prod-1", "pa-2"), ("", "prod-1", "pa-2")];
        for (id, product_id, artifact_id) in versions.into_iter().chain([("pp-3", "", "")]) {
            let product = product(id, "CFN_STACK", ProductStatus::Available);
            let (product_id, artifact_id) = (product_id.into(), artifact_id.into());
            builder.add(Product { product_id, artifact_id, ..product });
        }
        let catalog = builder.finish();
        let counts: Vec<_> =
            catalog.artifacts().iter().map(|((p, a), count)| (&**p, &**a, *count)).collect();
        assert_eq!(counts, [("", "", 1), ("prod-1", "pa-1", 1), ("prod-1", "pa-2", 2)]);
        assert_eq!(catalog.launched().map(|id| &**id).collect::<Vec<_>>(), ["prod-1"]);
        assert!(catalog.is_launched("prod-1"));
        assert!(!catalog.is_launched("prod-") && !catalog.is_launched("prod-2"));
    }

    #[test]
    fn items_without_an_id_are_counted_but_have_no_place_in_the_list() {
        let mut builder = CatalogBuilder::default();
        builder.add(product("", STACK_SET_TYPE, ProductStatus::Error));
        builder.add(product("", STACK_SET_TYPE, ProductStatus::Error));
        let catalog = builder.finish();
        assert_eq!((catalog.len(), catalog.no_id(), catalog.stack_sets()), (2, 2, 2));
        assert_eq!(catalog.stack_sets_without_id(), 2);
        assert!(catalog.products().is_empty());
        assert_eq!(catalog.groups().values().next().unwrap().of(&ProductStatus::Error), 2);
    }
}
