//! Snapshots of a size, made of values.

use std::sync::Arc;
use std::time::Duration;

use servicecatalog_exporter::model::{
    AccountId, Catalog, CatalogBuilder, ListingBuilder, Moment, PerInstance, Product,
    ProductStatus, Provisioning, Region, STACK_SET_TYPE,
};
use servicecatalog_exporter::snapshot::{
    AttemptEnd, Basis, Cause, Dated, EnrichmentEnd, ListingOutcome, Snapshot, TargetState,
};

/// Of so many products one is a stack set.
const STACK_SET_EVERY: usize = 20;
const INSTANCES: usize = 50;

/// When what is in them was asked for.
pub const ASKED: Moment = Moment { unix: 1_700_000_000.25, uptime: Duration::ZERO };
/// From one scan to the next.
pub const INTERVAL: Duration = Duration::from_secs(300);

/// A snapshot that is exported in about `series` series.
pub fn snapshot(series: usize) -> Snapshot {
    // Nine series a product; four more for the counts of a stack set, and two OUTDATED instances.
    let products = series * STACK_SET_EVERY / (9 * STACK_SET_EVERY + 6);
    Snapshot { targets: vec![Arc::new(state(products))], ..Snapshot::default() }
}

/// A complete list of so many products.
pub fn catalog(products: usize) -> Arc<Catalog> {
    let mut builder = CatalogBuilder::default();
    (0..products).for_each(|nth| builder.add(product(nth)));
    Arc::new(builder.finish())
}

/// A target with so many products, whose stack sets are listed.
pub fn state(products: usize) -> TargetState {
    let catalog = catalog(products);
    let stack_sets = catalog.products().iter().filter(|product| product.is_stack_set());
    let listings = stack_sets.map(|product| {
        let value = Arc::new(listing());
        let basis = Basis::of(product, Cause::NeverListed, ASKED);
        let outcome = ListingOutcome::Listed(Dated { value, asked: ASKED }, basis);
        (Arc::clone(&product.id), outcome)
    });
    let listings = listings.collect();
    let region = Region::parse("eu-central-1").expect("a region");
    let account = Some(AccountId::new("123456789012"));
    let mut state = TargetState::new(region, account, INTERVAL);
    state.list_complete(catalog, ASKED);
    state.attempt_finished(AttemptEnd {
        begun: ASKED,
        products: Ok(()),
        products_took: Duration::from_millis(1_500),
        listings_took: Some(Duration::from_secs(20)),
        listings,
        enrichment: EnrichmentEnd::default(),
    });
    state
}

fn product(nth: usize) -> Product {
    let kind = if nth.is_multiple_of(STACK_SET_EVERY) { STACK_SET_TYPE } else { "CFN_STACK" };
    let status = if nth % 10 == 3 { ProductStatus::Tainted } else { ProductStatus::Available };
    let provisioning =
        if nth % 10 == 3 { Provisioning::LastFailed } else { Provisioning::LastSucceeded };
    Product {
        id: format!("pp-{nth:013}").into(),
        name: match nth % 50 {
            7 => format!("Prüfung \"{nth}\"").into(),
            _ => format!("team-{}-service-{nth}", nth % 17).into(),
        },
        kind: kind.into(),
        status,
        product_id: format!("prod-{:013}", nth % 25).into(),
        artifact_id: format!("pa-{:013}", nth % 75).into(),
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        created: Some(1_600_000_000.125 + 977.001 * nth as f64),
        provisioning,
        last_record: format!("rec-{nth:013}").into(),
        status_message: None,
    }
}

fn listing() -> servicecatalog_exporter::model::Listing {
    let mut listing = ListingBuilder::default();
    for nth in 0..INSTANCES {
        let status = if nth % 25 == 0 { "OUTDATED" } else { "CURRENT" };
        listing.add(&format!("{:012}", 210_000_000_000 + nth), "eu-west-1", Some(status));
    }
    listing.finish(PerInstance::Problems, 10_000)
}
