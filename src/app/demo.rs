//! The demo: the same exporter, against a simulated AWS in the same process, over real sockets.

use std::sync::Arc;
use std::time::Duration;

use super::daemon::{App, Source, hangups, stop_on_signal};
use super::{limits, system_clock};
use crate::aws::Session;
use crate::config::{Config, Loader, Web};
use crate::model::Region;
use crate::scan::Ticks;
use crate::sim::{self, Simulator, World};

/// Serves the demo until a signal. The world moves every `step`.
///
/// # Errors
/// When an address cannot be bound.
pub async fn demo(
    mut config: Config,
    loader: Loader,
    seed: u64,
    step: Duration,
) -> anyhow::Result<()> {
    // No queue knows of a simulated world.
    config.events = None;
    let shutdown = stop_on_signal()?;
    let now = system_clock().now().unix;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds since 1970"
    )]
    let simulator = Simulator::start(World::demo(seed, now as u64)).await?;
    let session = Session::fixed(
        &simulator.endpoint_url(),
        &Region::parse(sim::REGION)?,
        sim::ACCESS_KEY_ID,
        sim::SECRET_ACCESS_KEY,
        limits(&config.aws),
    );
    let (web, interval) = (config.web.clone(), config.scan.interval);
    let app = App::bind(config, Source::Fixed(Arc::new(session)), Ticks::Timer)?;
    let app = app.reloading(loader, hangups()?).managed();
    print_welcome(&app, &web, &simulator.endpoint_url(), seed, interval, step);
    let moving = async {
        let mut steps = tokio::time::interval(step);
        // The first tick comes at once; the first scan is to see the world as the seed made it.
        steps.tick().await;
        loop {
            steps.tick().await;
            simulator.with_world(World::step);
        }
    };
    tokio::select! {
        ended = app.run(shutdown) => ended?,
        () = moving => (),
    }
    tracing::info!("stopped");
    Ok(())
}

#[allow(clippy::print_stdout, reason = "this is what the command is for")]
fn print_welcome(
    app: &App,
    web: &Web,
    endpoint: &str,
    seed: u64,
    interval: Duration,
    step: Duration,
) {
    let port = app.addresses().first().map_or(0, std::net::SocketAddr::port);
    let at =
        |path: &str| format!("{}://localhost:{port}{}", app.scheme(), web.route_prefix.path(path));
    let (url, metrics) = (at("/"), at(&web.telemetry_path));
    println!(
        "\
The exporter scans a simulated AWS (seed {seed}) every {interval:?}; its world moves every {step:?}.

  {url:<32}  the status page
  {metrics:<32}  the metrics
  {endpoint:<32}  the simulated AWS itself

Look at:
  servicecatalog_provisioned_products{{status=\"TAINTED\"}}   products that need a hand
  servicecatalog_stack_instances{{status=\"OUTDATED\"}}       instances behind their stack set
  servicecatalog_provisioned_product_status == 1            every product and its status
  servicecatalog_scan_last_success_timestamp_seconds        how old the data is

  curl -s {metrics} | grep -E '(TAINTED|ERROR|OUTDATED|INOPERABLE)\"}} [1-9]'

Ctrl-C ends it."
    );
}
