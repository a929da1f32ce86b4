//! `demo`: something to look at, without an account.

use std::net::SocketAddr;

use servicecatalog_exporter::sim::{self, World};

use super::program::{Program, scrape, scrape_until};
use super::{exporter, on_a_free_port};
use crate::support::exposition::Scrape;
use crate::support::http;

/// A demo whose world stands still, and whose first scan is served.
async fn still(seed: &str) -> (Program, Scrape) {
    let args = ["demo", "--demo.seed", seed, "--demo.step=1h", "--scan.interval=1h"];
    let program = on_a_free_port(&args).start();
    program.logs("every target was tried").await;
    let scrape = scrape(address(&program).await).await;
    (program, scrape)
}

/// Where it serves, as it tells people.
pub(super) async fn address(program: &Program) -> SocketAddr {
    let line = program.says("the metrics").await;
    let port = line.trim().strip_prefix("http://localhost:").expect(&line);
    let port = port.split('/').next().unwrap().parse().expect(&line);
    ([127, 0, 0, 1], port).into()
}

/// Every series of products and instances that does not tell a time.
fn timeless(scrape: &Scrape) -> Vec<String> {
    let lines = scrape.text.lines().filter(|line| {
        let name = line.split(['{', ' ']).next().unwrap();
        let is_of_the_world = name.starts_with("servicecatalog_provisioned_product")
            || name.starts_with("servicecatalog_stack_instance");
        is_of_the_world && !name.ends_with("_timestamp_seconds")
    });
    lines.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_where_to_look_and_answers_there() {
    let program = on_a_free_port(&["demo", "--web.telemetry-path=/m"]).start();
    program.says("the status page").await;
    let line = program.says("the metrics").await;
    assert!(line.contains("/m "), "{line}");
    let endpoint = program.says("the simulated AWS itself").await;
    let endpoint = endpoint.trim().strip_prefix("http://").unwrap().split(' ').next().unwrap();
    http::get(endpoint.parse().unwrap(), "/", &[]).await;
    program.logs("every target was tried").await;
    let address = address(&program).await;
    for (path, text) in [
        ("/", "servicecatalog-exporter"),
        ("/m", "servicecatalog_provisioned_products{"),
        ("/-/ready", "Ready"),
        ("/-/healthy", "Healthy"),
    ] {
        let answer = http::get(address, path, &[]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.text().contains(text), "{path}: {}", answer.text());
    }
    program.signal("INT");
    let ended = program.end().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_scan_shows_the_world_of_the_seed_as_it_begins() {
    let (_program, scrape) = still("7").await;
    let truth = World::demo(7, 0).counts(sim::ACCOUNT, sim::REGION);
    for ((kind, product, status), count) in truth {
        let labels =
            [("provisioned_product_type", &*kind), ("product_id", &*product), ("status", &*status)];
        let served = scrape.value("servicecatalog_provisioned_products", &labels);
        assert_eq!(served, Some(count as f64), "{labels:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_shows_the_same_and_another_shows_another() {
    let (_one, first) = still("7").await;
    let (_two, second) = still("7").await;
    let (_three, other) = still("8").await;
    assert!(timeless(&first).len() > 500);
    assert_eq!(timeless(&first), timeless(&second));
    assert_ne!(timeless(&first), timeless(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_world_moves_from_scan_to_scan() {
    let program = on_a_free_port(&["demo", "--demo.step=100ms", "--scan.interval=1s"]).start();
    program.logs("every target was tried").await;
    let address = address(&program).await;
    let first = timeless(&scrape(address).await);
    // The first scan had ended: what differs came with a later one.
    scrape_until(address, |scrape| timeless(scrape) != first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_asks_nobody_but_its_own_aws() {
    let program = exporter(&["demo", "--web.listen-address=127.0.0.1:0"])
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_REGION", "nowhere")
        .env("AWS_PROFILE", "missing")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .start();
    program.logs("every target was tried").await;
    let scrape = scrape(address(&program).await).await;
    let success = scrape.value("servicecatalog_scan_success", &[("stage", "products")]);
    assert_eq!(success, Some(1.0));
}
