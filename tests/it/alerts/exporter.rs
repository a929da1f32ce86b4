//! The exporter itself goes and comes back.

use std::net::SocketAddr;

use servicecatalog_exporter::sim::{ACCOUNT, ProvisionedProduct, REGION, Simulator, World};

use super::*;
use crate::process::program::{Program, exporter};

/// The program, on that address.
fn start(simulator: &Simulator, address: &str) -> Program {
    let program = exporter(&["--web.listen-address", address]).scanning(simulator);
    program.config("scan: {interval: 2s}\naws: {max_requests_per_second: 0}\n").start()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus and prometheus-alertmanager"]
async fn an_exporter_that_is_killed_is_told_and_no_product_is_told_as_mended_meanwhile() {
    let product = ProvisionedProduct::tainted(1);
    let id = product.id.clone().unwrap();
    let mut world = World::empty(ACCOUNT, REGION);
    world.add(ACCOUNT, REGION, product);
    let simulator = Simulator::start(world).await.unwrap();
    // On an address of loopback on which nobody else looks for a free port, so that this one is
    // still free when the exporter comes back.
    let program = start(&simulator, "127.0.77.1:0");
    let address: SocketAddr = program.ready().await;
    let chain = Chain::over(address).await;
    let (alert, this) = ("ProductTainted", ("provisioned_product_id", id.as_str()));
    chain.firing("team-platform", alert, &[this]).await;

    program.signal("KILL");
    program.end().await;
    let down = [("job", "servicecatalog"), ("severity", "critical")];
    chain.firing("pager", "ExporterDown", &down).await;
    chain.firing("operators", "ExporterDown", &down).await;
    chain.inhibited(alert, this, "ExporterDown").await;
    chain.ended(alert, this).await;

    // Once it is back the alert comes back too, for those who were told before.
    let program = start(&simulator, &address.to_string());
    chain.resolved("pager", "ExporterDown", &down).await;
    chain.fires(alert, this).await;
    assert_eq!(chain.story("team-platform", alert, &[this]), ["firing"]);

    simulator.with_world(|world| {
        let product = world.catalog_mut(ACCOUNT, REGION).product_mut(&id).unwrap();
        product.status = Some("AVAILABLE".into());
    });
    chain.resolved("team-platform", alert, &[this]).await;
    assert_eq!(chain.story("team-platform", alert, &[this]), ["firing", "resolved"]);
    drop(program);
}
