//! A real Prometheus, with the shipped rules and a real Alertmanager, over a restart while AWS is
//! down.

use std::net::SocketAddr;

use servicecatalog_exporter::sim::{ACCOUNT, REGION, Simulator};

use super::*;
use crate::alerts::Chain;
use crate::process::program::{Program, exporter};
use crate::support::foreign::until;

fn start(simulator: &Simulator, address: &str, directory: &Path) -> Program {
    let program = exporter(&["--web.listen-address", address]).scanning(simulator);
    let program = program.arg("--storage.path").arg(directory);
    program.config("scan: {interval: 2s}\naws: {max_requests_per_second: 0}\n").start()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn a_restart_while_aws_is_down_leaves_no_gap_and_ends_no_alert() {
    let product = ProvisionedProduct::tainted(1);
    let id = product.id.clone().unwrap();
    let mut world = World::empty(ACCOUNT, REGION);
    world.add(ACCOUNT, REGION, product);
    let simulator = Simulator::start(world).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    // On an address of loopback on which nobody else looks for a free port, so that this one is
    // still free when the exporter comes back.
    let program = start(&simulator, "127.0.77.2:0", directory.path());
    let address: SocketAddr = program.ready().await;
    let chain = Chain::over(address).await;
    let (alert, this) = ("ProductTainted", ("provisioned_product_id", id.as_str()));
    chain.firing("team-platform", alert, &[this]).await;

    simulator.inject(Fault::new(What::InternalFailure));
    program.signal("TERM");
    program.end().await;
    let program = start(&simulator, &address.to_string(), directory.path());
    let product = "servicecatalog_provisioned_product_status{status='TAINTED'}";
    until("Prometheus scraped the new process, whose scans fail, for a while", async || {
        let restarts = chain.prometheus.value("changes(process_start_time_seconds[5m])").await;
        let stale = "count_over_time((servicecatalog_scan_stale{stage='products'} == 1)[5m:1s])";
        let scrapes = chain.prometheus.value(stale).await;
        (restarts >= Some(1.0) && scrapes >= Some(10.0)).then_some(())
    })
    .await;
    // Wherever a scrape succeeded, the product was there.
    let missing = format!("count_over_time((up == 1 unless on (instance) {product})[5m:1s])");
    assert_eq!(chain.prometheus.value(&missing).await, None, "no scrape was without it");
    chain.fires(alert, this).await;
    assert_eq!(chain.story("team-platform", alert, &[this]), ["firing"]);
    drop(program);
}
