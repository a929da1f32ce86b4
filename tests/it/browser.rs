//! The status page in a real browser: Chromium, driven by the scripts in `tests/browser/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use servicecatalog_exporter::config::StatusPage;
use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Fleet, Operation, ProvisionedProduct, REGION, What, World,
};

use crate::fleet::{found, organization};
use crate::page::{large, without_records};
use crate::support::Rig;
use crate::support::foreign::run_for;

/// Starting a browser and judging large pages takes a while where others compute, too.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(300);

fn below(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a script against the page of `rig`.
async fn run_script(rig: &Rig, script: &str, arguments: &[&str]) {
    let packages = below("target/tools/node");
    let installed = packages.join("node_modules/playwright-core").is_dir();
    assert!(installed, "the npm packages are not there: install them with `make tools`");
    let mut node = Command::new("node");
    node.arg(below("tests/browser").join(script));
    node.arg(format!("http://{}/", rig.address)).arg(packages);
    node.arg(below("target/screenshots")).args(arguments);
    let ran = run_for(node, Vec::new(), PATIENCE).await;
    assert!(ran.status.success(), "{script}: {}\n{}", ran.stdout, ran.stderr);
}

async fn demo() -> Rig {
    let rig = Rig::with(World::demo(1, 1_780_000_000), |config| {
        config.enrich.names_and_tags = true;
        config.web.status_page = StatusPage::Full;
    })
    .await;
    rig.scan().await;
    rig
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium"]
async fn the_page_of_the_demo_has_nothing_that_axe_objects_to() {
    let rig = demo().await;
    run_script(&rig, "looks.mjs", &["demo"]).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium"]
async fn a_page_before_the_first_scan_has_nothing_that_axe_objects_to() {
    let rig = Rig::new(World::empty(ACCOUNT, REGION)).await;
    run_script(&rig, "looks.mjs", &["empty"]).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium"]
async fn a_fleet_of_which_some_fail_has_nothing_that_axe_objects_to() {
    let fleet = Fleet { accounts: 30, ..Fleet::default() };
    let mut world = World::fleet(&fleet);
    world.remove_role(&fleet.role_arn(&Fleet::account(3)));
    let stack_sets = Operation::ListStackInstancesForProvisionedProduct;
    world.inject(Fault::new(What::Denied).on(stack_sets).of_account(Fleet::account(7)));
    let rig = Rig::with(world, |config| config.organization = Some(organization(&fleet))).await;
    found(&rig).await;
    rig.tick().await;
    rig.reader
        .wait_for(|published| published.snapshot.targets.iter().all(|target| target.scans() > 0))
        .await
        .expect("the pump runs");
    run_script(&rig, "looks.mjs", &["fleet"]).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium"]
async fn ten_thousand_products_can_be_looked_at_filtered_and_sorted_by_clicking() {
    let rig = Rig::with(large(), without_records).await;
    rig.scan().await;
    run_script(&rig, "clicks.mjs", &[]).await;
    run_script(&rig, "looks.mjs", &["large"]).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium"]
async fn everything_is_reached_by_keyboard() {
    let rig = demo().await;
    run_script(&rig, "keyboard.mjs", &[]).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium"]
async fn markup_in_a_name_or_a_status_message_stays_text() {
    const EVIL: &str = "\"'><script>injected=1;alert(1)</script><img src=x onerror=alert(2)>&lt;";
    let mut world = World::empty(ACCOUNT, REGION);
    world.add(ACCOUNT, REGION, ProvisionedProduct::tainted(0).named(EVIL).saying(EVIL));
    let rig = Rig::with(world, |config| config.web.status_page = StatusPage::Full).await;
    rig.scan().await;
    run_script(&rig, "hostile.mjs", &[EVIL]).await;
    rig.stop().await;
}
