use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use serde_json::Value;

use super::*;
use crate::http::{Encoding, Handler, Method};
use crate::model::{
    AccountId, CatalogBuilder, InstanceStatus, ListingBuilder, Moment, NamesBuilder, Operation,
    PerInstance, Product, ProductStatus, Provisioning, Reason, Record, RecordError, RecordStatus,
    Region,
};
use crate::snapshot::{
    AttemptEnd, Basis, Cause, Dated, EnrichmentEnd, Found, ListingOutcome, NamesEnd, RecordAnswer,
    RecordDue, RecordsEnd, Snapshot, Stage, StageError, TargetNames, TargetState,
};

mod filters;
mod shown;
mod targets;

const BEGIN: f64 = 1_780_000_000.0;

/// So many seconds after the begin.
fn at(seconds: u64) -> Moment {
    let uptime = Duration::from_secs(1_000 + seconds);
    Moment { unix: BEGIN + seconds as f64, uptime }
}

fn product(id: &str, kind: &str, status: &str) -> Product {
    Product {
        id: id.into(),
        name: format!("name of {id}").into(),
        kind: kind.into(),
        status: ProductStatus::read(Some(status)),
        product_id: "prod-1".into(),
        artifact_id: "pa-1".into(),
        created: Some(BEGIN - 1_000_000.0),
        provisioning: Provisioning::Unrecorded,
        last_record: format!("rec-{id}").into(),
        status_message: (status != "AVAILABLE").then(|| format!("message of {id}").into()),
    }
}

fn stack_set(id: &str) -> Product {
    product(id, "CFN_STACKSET", "AVAILABLE")
}

/// An account and region that nobody has scanned.
fn target(account: &str, region: &str) -> TargetState {
    let region = Region::parse(region).unwrap();
    TargetState::new(region, Some(AccountId::new(account)), Duration::from_secs(300))
}

/// A whole scan at the begin: these products, and the instances of some of them by status.
fn scanned(state: &mut TargetState, products: Vec<Product>, instances: &[(&str, &[&str])]) {
    let mut builder = CatalogBuilder::default();
    let mut listings = Vec::new();
    for (id, statuses) in instances {
        let mut listing = ListingBuilder::default();
        for (nth, status) in statuses.iter().enumerate() {
            listing.add(&format!("{nth:012}"), "eu-central-1", Some(status));
        }
        let value = Arc::new(listing.finish(PerInstance::Problems, 100));
        let product = products.iter().find(|product| &*product.id == *id).unwrap();
        let basis = Basis::of(product, Cause::NeverListed, at(0));
        listings.push(((*id).into(), ListingOutcome::Listed(Dated { value, asked: at(0) }, basis)));
    }
    let due: Vec<RecordDue> = products
        .iter()
        .filter(|product| product.status != ProductStatus::Available)
        .map(|product| RecordDue {
            product: product.id.clone(),
            record: product.last_record.clone(),
        })
        .collect();
    for product in products {
        builder.add(product);
    }
    state.list_complete(Arc::new(builder.finish()), at(0));
    let answers = due.into_iter().zip(1_u32..).map(|(due, nth)| {
        let error =
            RecordError { code: "Code".into(), text: format!("record of {}", due.product).into() };
        let record = Record {
            status: RecordStatus::Failed,
            kind: "UPDATE_PROVISIONED_PRODUCT".into(),
            created: Some(BEGIN - 3600.0 * f64::from(nth)),
            updated: Some(BEGIN - 60.0),
            error: Some(error),
        };
        RecordAnswer { due, record: Some(Arc::new(record)) }
    });
    let records = RecordsEnd {
        asked: at(0),
        took: Duration::ZERO,
        answers: answers.collect(),
        failure: None,
    };
    let mut ended = end(Ok(()), listings);
    ended.enrichment.records = Some(records);
    state.attempt_finished(ended);
    state.next_attempt = BEGIN + 300.0;
}

fn end(products: Result<(), Reason>, listings: Vec<(Arc<str>, ListingOutcome)>) -> AttemptEnd {
    AttemptEnd {
        begun: at(0),
        products,
        products_took: Duration::from_secs(1),
        listings_took: products.is_ok().then_some(Duration::from_secs(1)),
        listings,
        enrichment: EnrichmentEnd::default(),
    }
}

fn denial(message: &str) -> StageError {
    StageError {
        operation: Operation::AssumeRole,
        reason: Reason::AccessDenied,
        code: "AccessDenied".into(),
        message: message.into(),
        request_id: "req-1".into(),
    }
}

/// What is shown in these tests: ten seconds after the begin.
struct Fixed {
    snapshot: Arc<Snapshot>,
    now: Moment,
    ready: bool,
}

impl Shown for Fixed {
    fn metrics(&self, _encoding: Encoding) -> Body {
        Body::empty()
    }

    fn is_ready(&self) -> bool {
        self.ready
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn now(&self) -> Moment {
        self.now
    }

    fn count(&self, _handler: &'static str, _code: StatusCode) {}
}

fn snapshot(targets: Vec<TargetState>) -> Snapshot {
    Snapshot {
        targets: targets.into_iter().map(Arc::new).collect(),
        found: Found::Wholly,
        optional_stages: vec![Stage::Records],
        taken: at(5),
        ..Snapshot::default()
    }
}

fn handler_of(snapshot: Snapshot, tells: StatusPage) -> Handler<Fixed> {
    let shown = Fixed { snapshot: Arc::new(snapshot), now: at(10), ready: true };
    Handler::new(shown, "/metrics", "1.2.3").with_status_page(tells)
}

fn handler(targets: Vec<TargetState>) -> Handler<Fixed> {
    handler_of(snapshot(targets), StatusPage::Summary)
}

fn text(response: Response<Body>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let bytes = runtime.block_on(response.into_body().collect()).unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn get(handler: &Handler<Fixed>, target: &str) -> Response<Body> {
    handler.respond(&Method::GET, target, &http::HeaderMap::new())
}

fn page(handler: &Handler<Fixed>, query: &str) -> String {
    let response = get(handler, &format!("/?{query}"));
    assert_eq!(response.status(), 200, "{query}");
    text(response)
}

fn json(handler: &Handler<Fixed>, query: &str) -> Value {
    let response = get(handler, &format!("/api/v1/status?{query}"));
    assert_eq!(response.status(), 200, "{query}");
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_str(&text(response)).unwrap()
}

/// The ids of the problems that are shown, in their order.
fn problems(handler: &Handler<Fixed>, query: &str) -> Vec<String> {
    let json = json(handler, query);
    let rows = json["problems"]["rows"].as_array().unwrap();
    let ids: Vec<String> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let page = page(handler, query);
    let places: Vec<usize> =
        ids.iter().map(|id| page.find(&format!("<code>{id}</code>")).expect(id)).collect();
    assert!(places.is_sorted(), "the page has the same rows in the same order");
    assert_eq!(page.matches("role=\"cell\" data-label=\"Since\"").count(), ids.len());
    ids
}

/// One target with a bit of everything.
fn mixed() -> TargetState {
    let mut state = target("123456789012", "eu-central-1");
    let products = vec![
        product("pp-healthy", "CFN_STACK", "AVAILABLE"),
        product("pp-tainted", "CFN_STACK", "TAINTED"),
        product("pp-error", "CONTROL_TOWER_ACCOUNT", "ERROR"),
        product("pp-moving", "CFN_STACK", "UNDER_CHANGE"),
        product("pp-odd", "EXTERNAL", "QUARANTINED"),
        stack_set("pp-current"),
        stack_set("pp-outdated"),
        stack_set("pp-inoperable"),
        stack_set("pp-unlisted"),
    ];
    let instances: [(&str, &[&str]); 3] = [
        ("pp-current", &["CURRENT", "CURRENT"]),
        ("pp-outdated", &["CURRENT", "OUTDATED", "OUTDATED"]),
        ("pp-inoperable", &["INOPERABLE", "OUTDATED", "CURRENT"]),
    ];
    scanned(&mut state, products, &instances);
    state
}
