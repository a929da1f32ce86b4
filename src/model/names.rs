//! What Service Catalog calls a provisioned product's origins, and how its owner tagged it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::catalog::Catalog;

/// The one type of provisioned product that is an account of its own: those of Account Factory.
pub const VENDED_ACCOUNT_TYPE: &str = "CONTROL_TOWER_ACCOUNT";

/// Names and tags of one provisioned product. Texts that AWS left out are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductNames {
    /// Of the product that it was launched from.
    pub product: Arc<str>,
    /// Of the product's version.
    pub artifact: Arc<str>,
    /// The account that an Account Factory product made; empty for every other type.
    pub vended_account: Arc<str>,
    /// Key and value of the wanted tags that it has.
    tags: Box<[(Arc<str>, Arc<str>)]>,
}

impl ProductNames {
    /// Key and value of each tag that is kept.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The value of a tag; empty where the product has no such tag, or nobody wanted it.
    #[must_use]
    pub fn tag(&self, key: &str) -> &str {
        self.tags.iter().find(|(known, _)| &**known == key).map_or("", |(_, value)| value)
    }
}

/// Names and tags of a target's provisioned products, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<Arc<str>, ProductNames>);

impl Names {
    /// Those of the product of that id.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&ProductNames> {
        self.0.get(id)
    }

    /// All of them, by the product's id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ProductNames)> {
        self.0.iter().map(|(id, names)| (&**id, names))
    }

    /// Takes what a complete search found. A product that it left out keeps what is known of it:
    /// searches are known to lose items, and only the product list says what is gone.
    pub fn replace(&mut self, found: &Self) {
        self.0.extend(found.0.iter().map(|(id, names)| (Arc::clone(id), names.clone())));
    }

    /// Whether something is known of a product that `catalog` does not hold.
    #[must_use]
    pub fn outlive(&self, catalog: &Catalog) -> bool {
        self.0.keys().any(|id| catalog.product(id).is_none())
    }

    /// Forgets products that `catalog` does not hold.
    pub fn retain(&mut self, catalog: &Catalog) {
        self.0.retain(|id, _| catalog.product(id).is_some());
    }
}

/// One item of a search, as AWS gave it.
#[derive(Clone, Copy, Debug, Default)]
pub struct FoundProduct<'a> {
    /// `pp-…`; an item without is left out.
    pub id: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// Of the product that it was launched from.
    pub product: &'a str,
    /// Of the product's version.
    pub artifact: &'a str,
    /// What stands behind it: for Account Factory the account, else the ARN of a stack, say.
    pub physical_id: &'a str,
}

/// Collects the items of all pages of a search.
#[derive(Debug)]
pub struct NamesBuilder {
    wanted: Vec<Arc<str>>,
    found: BTreeMap<Arc<str>, ProductNames>,
    texts: HashSet<Arc<str>>,
}

impl NamesBuilder {
    /// A collection that keeps the tags of these keys, and no others.
    pub fn new<'k>(tag_keys: impl IntoIterator<Item = &'k str>) -> Self {
        let wanted = tag_keys.into_iter().map(Arc::from).collect();
        Self { wanted, found: BTreeMap::new(), texts: HashSet::new() }
    }

    /// Takes one item and its tags. Of several items with one id the last wins.
    pub fn add<'t>(
        &mut self,
        item: FoundProduct<'_>,
        tags: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) {
        if item.id.is_empty() {
            return;
        }
        let mut kept: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        for (key, value) in tags {
            let wanted = self.wanted.iter().find(|wanted| &***wanted == key).cloned();
            if let Some(key) = wanted
                && kept.iter().all(|(known, _)| *known != key)
            {
                kept.push((key, self.text(value)));
            }
        }
        let is_account = item.kind == VENDED_ACCOUNT_TYPE;
        let names = ProductNames {
            product: self.text(item.product),
            artifact: self.text(item.artifact),
            vended_account: if is_account { item.physical_id } else { "" }.into(),
            tags: kept.into(),
        };
        self.found.insert(item.id.into(), names);
    }

    /// The complete result. Call it only after the last page.
    #[must_use]
    pub fn finish(self) -> Names {
        Names(self.found)
    }

    /// A few names and tag values recur over thousands of items: each is kept once.
    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&text));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(id: &'a str, kind: &'a str) -> FoundProduct<'a> {
        FoundProduct { id, kind, product: "vpc", artifact: "v1", physical_id: "123456789012" }
    }

    #[test]
    fn only_account_factory_products_are_accounts() {
        let mut builder = NamesBuilder::new([]);
        builder.add(found("pp-1", "CONTROL_TOWER_ACCOUNT"), []);
        builder.add(found("pp-2", "CFN_STACK"), []);
        let names = builder.finish();
        assert_eq!(&*names.of("pp-1").unwrap().vended_account, "123456789012");
        assert_eq!(&*names.of("pp-2").unwrap().vended_account, "");
    }

    #[test]
    fn wanted_tags_are_kept_by_their_exact_key_and_the_others_are_not() {
        let mut builder = NamesBuilder::new(["CostCenter", "Owner"]);
        let tags = [("costcenter", "no"), ("CostCenter", "42"), ("Secret", "s"), ("Owner", "")];
        builder.add(found("pp-1", "CFN_STACK"), tags);
        let names = builder.finish();
        let of = names.of("pp-1").unwrap();
        assert_eq!((of.tag("CostCenter"), of.tag("Owner"), of.tag("Secret")), ("42", "", ""));
        assert!(!format!("{of:?}").contains("Secret"));
    }

    #[test]
    fn a_product_that_a_search_lost_keeps_its_names() {
        let with = |id: &str, product: &str| {
            let mut builder = NamesBuilder::new([]);
            builder.add(FoundProduct { product, ..found(id, "CFN_STACK") }, []);
            builder.finish()
        };
        let mut names = with("pp-1", "old");
        names.replace(&with("pp-2", "new"));
        assert_eq!(&*names.of("pp-1").unwrap().product, "old");
        names.replace(&with("pp-1", "newer"));
        assert_eq!(&*names.of("pp-1").unwrap().product, "newer");
    }

    #[test]
    fn an_item_without_an_id_names_nothing() {
        let mut builder = NamesBuilder::new([]);
        builder.add(found("", "CFN_STACK"), []);
        assert_eq!(builder.finish(), Names::default());
    }
}
