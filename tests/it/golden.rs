//! The whole of /metrics, line by line, against files in `tests/it/golden/`.
//!
//! What moves from run to run is redacted, and only that: [`MOVING`] names it. After a change that
//! is meant, `UPDATE_GOLDEN=1 cargo test --test it golden::` writes the files anew; read the
//! difference before it is committed, since every line of it is seen by dashboards and alerts.

use std::collections::BTreeSet;
use std::path::Path;

use servicecatalog_exporter::model::{PerInstance, PerProduct};
use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Operation, Page, ProvisionedProduct, REGION, What, World,
};

use crate::support::Rig;
use crate::support::foreign::{scan_and_be_named, settled, until};

/// When the worlds began: the creation times of their products follow from it.
const BEGAN: u64 = 1_780_000_000;

/// What stands in the files for a value that moves.
const REDACTED: &str = "<moves>";

/// Samples whose values differ from run to run. A `*` at the end stands for anything.
const MOVING: [&str; 12] = [
    // When this run scanned, and how long that took.
    "servicecatalog_scan_last_attempt_timestamp_seconds",
    "servicecatalog_scan_next_attempt_timestamp_seconds",
    "servicecatalog_scan_duration_seconds",
    "servicecatalog_provisioned_product_stack_instances_listed_timestamp_seconds",
    // But not their count: it is that of the requests.
    "servicecatalog_aws_request_duration_seconds_bucket",
    "servicecatalog_aws_request_duration_seconds_sum",
    // How long the texts of the values above are.
    "servicecatalog_exporter_exposition_size_bytes",
    // When this run began.
    "servicecatalog_exporter_config_last_reload_success_timestamp_seconds",
    // How often the test had to look.
    "servicecatalog_exporter_http_requests_total",
    // The machine and the moment.
    "process_*",
    // A time of this run, or 0 if there was none: see `redacted`.
    "servicecatalog_scan_last_success_timestamp_seconds",
    // Always 1; its labels are those of the build.
    "servicecatalog_exporter_build_info",
];

fn redacted(line: &str) -> String {
    if line.starts_with('#') {
        return line.to_owned();
    }
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, _) = series.split_once('{').unwrap_or((series, ""));
    let moves = |moving: &&str| match moving.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *moving,
    };
    match MOVING.iter().find(|moving| moves(moving)) {
        Some(&"servicecatalog_exporter_build_info") => format!("{name}{{{REDACTED}}} {value}"),
        Some(&"servicecatalog_scan_last_success_timestamp_seconds") if value == "0" => {
            line.to_owned()
        }
        Some(_) => format!("{series} {REDACTED}"),
        None => line.to_owned(),
    }
}

/// Compares with `tests/it/golden/<name>.prom`, or writes it.
#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/golden/{name}.prom"));
    let actual: String = text.lines().map(|line| redacted(line) + "\n").collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &actual).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    if actual == golden {
        return;
    }
    let only = |one: &str, other: &str| {
        let other: BTreeSet<_> = other.lines().collect();
        let lines = one.lines().filter(|line| !other.contains(line)).take(20);
        lines.map(|line| format!("  {line}\n")).collect::<String>()
    };
    panic!(
        "/metrics is no longer tests/it/golden/{name}.prom.\n\
         Gone (of at most 20 lines):\n{}New:\n{}(Neither: the order changed.) If that is meant: \
         UPDATE_GOLDEN=1 cargo test --test it golden::",
        only(&golden, &actual),
        only(&actual, &golden)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_scan_there_are_the_families_of_the_daemon() {
    let rig = Rig::new(World::demo(1, BEGAN)).await;
    // Which targets there are is found out beside the server.
    let scrape = until("the target is known", async || {
        let scrape = rig.scrape().await;
        (scrape.value("servicecatalog_exporter_targets", &[]) == Some(1.0)).then_some(scrape)
    });
    assert_golden("before_the_first_scan", &scrape.await.text);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_world_is_exported_line_by_line() {
    let rig = Rig::new(World::demo(1, BEGAN)).await;
    scan_and_be_named(&rig).await;
    rig.scan().await;
    assert_golden("demo", &settled(&rig).await.text);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_scan_of_odd_products_is_exported_line_by_line() {
    let mut world = World::sized(3, 2, 2);
    let products = world.catalog_mut(ACCOUNT, REGION).products_mut();
    products[1].instances[1].status = Some("SOMETHING_NEW".into());
    products.push(ProvisionedProduct::tainted(3).named("\"quoted\"\\back\nline\té東"));
    products.push(ProvisionedProduct::failed_launch(4).with_status("FROZEN").typed("CDK_APP"));
    products.push(ProvisionedProduct::default());
    products.push(ProvisionedProduct { status: None, ..ProvisionedProduct::healthy(5) });
    let rig = Rig::with(world, |config| {
        config.metrics.per_product = PerProduct::Problems;
        config.metrics.per_instance = PerInstance::All;
    })
    .await;
    scan_and_be_named(&rig).await;
    // One listing is denied and the first page of products is throttled once …
    let listing = Operation::ListStackInstancesForProvisionedProduct;
    rig.simulator.inject(Fault::new(What::Denied).on(listing).for_product("pp-0000000000000"));
    let first_page = Fault::new(What::Throttle).on(Operation::ScanProvisionedProducts);
    rig.simulator.inject(first_page.on_page(Page::First).times(1));
    rig.scan().await;
    // … and then there is no list at all.
    rig.simulator.inject(Fault::new(What::DeniedByScp).on(Operation::ScanProvisionedProducts));
    rig.scan().await;
    assert_golden("failing", &settled(&rig).await.text);
    rig.stop().await;
}
