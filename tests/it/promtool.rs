//! `promtool check metrics` has nothing to say: neither an error nor a style warning.

use std::process::Command;
use std::time::Duration;

use servicecatalog_exporter::config::Versions;
use servicecatalog_exporter::model::PerInstance;
use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Operation, ProvisionedProduct, REGION, StackInstance, What, World,
};

use crate::support::Rig;
use crate::support::foreign::{run, scan_and_be_named};

async fn said_of(text: &str) -> String {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]);
    let ran = run(promtool, text.as_bytes().to_vec()).await;
    let code = if ran.status.success() { String::new() } else { ran.status.to_string() };
    ran.stdout + &ran.stderr + &code
}

async fn assert_flawless(rig: &Rig) {
    let text = rig.scrape().await.text;
    assert_eq!(said_of(&text).await, "", "of\n{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool"]
async fn promtool_does_complain_of_what_is_wrong() {
    for wrong in ["# TYPE requests counter\nrequests 1\n", "a{b=\"c} 1\n", "a 1\na 1\n"] {
        assert_ne!(said_of(wrong).await, "", "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool"]
async fn nothing_is_wrong_before_the_first_scan() {
    let rig = Rig::new(World::demo(1, 1_780_000_000)).await;
    assert_flawless(&rig).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool"]
async fn nothing_is_wrong_with_the_demo_world_and_as_it_moves_on() {
    let rig = Rig::with(World::demo(1, 1_780_000_000), |config| {
        config.metrics.per_instance = PerInstance::All;
        config.versions = Some(Versions { refresh: Duration::from_secs(24 * 60 * 60) });
    })
    .await;
    for _ in 0..5 {
        scan_and_be_named(&rig).await;
        assert_flawless(&rig).await;
        rig.simulator.with_world(|world| (0..4).for_each(|_| world.step()));
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool"]
async fn nothing_is_wrong_with_an_empty_world() {
    let rig = Rig::new(World::empty(ACCOUNT, REGION)).await;
    scan_and_be_named(&rig).await;
    assert_flawless(&rig).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool"]
async fn nothing_is_wrong_while_all_stages_fail() {
    let rig = Rig::with(World::sized(30, 3, 2), |config| {
        config.aws.max_requests_per_second = 200.0;
        config.aws.burst = 1;
    })
    .await;
    let listing = Operation::ListStackInstancesForProvisionedProduct;
    rig.simulator.inject(Fault::new(What::InternalFailure).on(listing));
    rig.scan().await;
    rig.simulator
        .inject(Fault::new(What::Throttle).on(Operation::ScanProvisionedProducts).times(2));
    rig.simulator.inject(Fault::new(What::DeniedByScp));
    let scrape = rig.scan_and_scrape().await;
    assert_eq!(scrape.sum("servicecatalog_scan_stale", &[]), 2.0, "{}", scrape.text);
    assert_flawless(&rig).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs promtool"]
async fn nothing_is_wrong_with_names_that_are_hard_on_labels() {
    let mut world = World::empty(ACCOUNT, REGION);
    let awkward = [
        "",
        " ",
        "\"",
        "\\",
        "\n",
        "\\n",
        "a\"b\\c\nd",
        "\r\n",
        "\t\u{1}\u{7f}",
        "{}=,#",
        "# TYPE a gauge",
        "東京 größe",
        "\u{feff}\u{202e}",
        "🦀",
        &"x".repeat(4_000),
    ];
    for (n, name) in awkward.into_iter().enumerate() {
        let instances = vec![StackInstance::new(name, name.to_owned(), name.to_owned())];
        let product = ProvisionedProduct::stack_set(n, instances).named(name);
        world.add(ACCOUNT, REGION, product.with_status(name.to_owned()));
        let mut product = ProvisionedProduct::healthy(100 + n).typed(name.to_owned()).named(name);
        product.product_id = Some(name.to_owned());
        world.add(ACCOUNT, REGION, product);
    }
    world.add(ACCOUNT, REGION, ProvisionedProduct::default());
    let rig = Rig::new(world).await;
    let scrape = rig.scan_and_scrape().await;
    let shown = scrape.all("servicecatalog_provisioned_product_info", &[]).len();
    assert_eq!(shown, 2 * awkward.len());
    assert_flawless(&rig).await;
    rig.stop().await;
}
