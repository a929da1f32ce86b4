//! A panic in a scan fails that attempt, or that listing, and not the daemon.
//!
//! Nothing in the exporter panics on command. It panics here because whoever listens to its log
//! does: the subscriber of this thread, on which the whole exporter of such a test runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use servicecatalog_exporter::config::Versions;
use servicecatalog_exporter::sim::{ProvisionedProduct, StackInstance, World};
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::{PRODUCTS, STACK_INSTANCES, change, world};
use crate::support::Rig;

/// What the exporter logs when an attempt begins.
const ATTEMPT_BEGINS: &str = "a scan attempt begins";
/// The span of the SDK round one call.
const LISTING: &str = "ListStackInstancesForProvisionedProduct";

/// Panics once, when it is armed and hears its cue: an event's message, or part of a span's name.
struct Landmine {
    cue: &'static str,
    armed: Arc<AtomicBool>,
}

impl Landmine {
    fn step(&self, heard: bool) {
        if heard && self.armed.swap(false, Ordering::Relaxed) {
            panic!("a panic of the test, on hearing {:?}", self.cue);
        }
    }
}

impl<S: Subscriber> Layer<S> for Landmine {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with("servicecatalog_exporter")
            || metadata.name().contains(self.cue)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.step(message.0 == self.cue);
    }

    fn on_new_span(&self, span: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        self.step(span.metadata().name().contains(self.cue));
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// A mine for this thread; the switch arms it.
fn lay(cue: &'static str) -> (Arc<AtomicBool>, DefaultGuard) {
    let armed = Arc::new(AtomicBool::new(false));
    let mine = Landmine { cue, armed: Arc::clone(&armed) };
    (armed, tracing::subscriber::set_default(tracing_subscriber::registry().with(mine)))
}

#[tokio::test]
async fn a_panic_in_a_scan_fails_that_attempt_and_the_daemon_goes_on() {
    let (armed, _guard) = lay(ATTEMPT_BEGINS);
    let rig = Rig::new(World::sized(5, 1, 3)).await;
    let before = rig.scan_and_scrape().await;
    change(&rig, |products| products.truncate(4));
    armed.store(true, Ordering::Relaxed);
    let scrape = rig.scan_and_scrape().await;
    assert!(!armed.load(Ordering::Relaxed), "it panicked");
    scrape.assert_failed(PRODUCTS, "other");
    scrape.assert_succeeded(STACK_INSTANCES);
    assert_eq!(scrape.value("servicecatalog_scans_total", &[]), Some(2.0));
    assert_eq!(scrape.of_stage("failures_total", PRODUCTS), Some(1.0));
    assert_eq!(scrape.scan("provisioned_products"), Some(5.0));
    assert!(
        scrape.scan("last_attempt_timestamp_seconds")
            > before.scan("last_attempt_timestamp_seconds")
    );
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(PRODUCTS);
    assert_eq!(scrape.scan("provisioned_products"), Some(4.0));
    rig.stop().await;
}

#[tokio::test]
async fn a_panic_in_one_listing_fails_that_listing_and_no_other() {
    let (armed, _guard) = lay(LISTING);
    let rig = Rig::new(World::sized(5, 2, 3)).await;
    rig.scan().await;
    change(&rig, |products| {
        products[..2].iter_mut().for_each(|set| set.instances = StackInstance::current(4));
    });
    armed.store(true, Ordering::Relaxed);
    let scrape = rig.scan_and_scrape().await;
    assert!(!armed.load(Ordering::Relaxed), "it panicked");
    scrape.assert_succeeded(PRODUCTS);
    scrape.assert_failed(STACK_INSTANCES, "other");
    let mut counts = [0, 1].map(|n| scrape.instances_of(n, "CURRENT"));
    counts.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(counts, [Some(3.0), Some(4.0)], "one kept its counts, the other one was listed");
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded(STACK_INSTANCES);
    assert_eq!(scrape.instances("CURRENT"), Some(8.0));
    rig.stop().await;
}

#[tokio::test]
async fn a_panic_while_names_or_records_are_read_fails_that_stage_and_no_other() {
    let (names, records) = ("names_and_tags", "records");
    let cases = [("SearchProvisionedProducts", names, records), ("DescribeRecord", records, names)];
    for (cue, failed, other) in cases {
        let (armed, _guard) = lay(cue);
        let tainted = world(vec![ProvisionedProduct::tainted(0)]);
        let rig = Rig::with(tainted, |config| config.enrich.names_and_tags = true).await;
        armed.store(true, Ordering::Relaxed);
        let scrape = rig.scan_and_scrape().await;
        assert!(!armed.load(Ordering::Relaxed), "it panicked");
        scrape.assert_failed(failed, "other");
        for stage in [PRODUCTS, STACK_INSTANCES, other] {
            scrape.assert_succeeded(stage);
        }
        let scrape = rig.scan_and_scrape().await;
        scrape.assert_succeeded(failed);
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_panic_while_versions_are_read_fails_that_stage_and_no_other() {
    let (armed, _guard) = lay("ListProvisioningArtifacts");
    let rig = Rig::with(world(vec![ProvisionedProduct::tainted(0)]), |config| {
        config.versions = Some(Versions { refresh: Duration::from_secs(24 * 60 * 60) });
    })
    .await;
    rig.scan().await;
    armed.store(true, Ordering::Relaxed);
    let scrape = rig.scan_and_scrape().await;
    assert!(!armed.load(Ordering::Relaxed), "it panicked");
    scrape.assert_failed("versions", "other");
    for stage in [PRODUCTS, STACK_INSTANCES, "records"] {
        scrape.assert_succeeded(stage);
    }
    let scrape = rig.scan_and_scrape().await;
    scrape.assert_succeeded("versions");
    rig.stop().await;
}
