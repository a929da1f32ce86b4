//! The process as a user runs it: the built binary, in an environment of its own, against the
//! simulated AWS.

mod commands;
mod credentials;
mod demo;
mod environment;
mod events;
mod explain;
mod lifetime;
mod live_check;
mod one_scan;
mod policies;
pub mod program;
mod refusals;
mod reload;
mod responder;
mod settings;
mod systemd;

use servicecatalog_exporter::sim::{self, Call, Operation, Simulator, World};

use self::program::{Invocation, exporter};
use crate::support::PATIENCE;

const SCAN: Operation = Operation::ScanProvisionedProducts;

/// Some products in more than one page, with two stack sets.
async fn some_products() -> Simulator {
    Simulator::start(World::sized(25, 2, 3)).await.unwrap()
}

/// Waits for an event, and fails when it does not come.
async fn soon<F: Future>(event: F) -> F::Output {
    tokio::time::timeout(PATIENCE, event).await.expect("what the test waits for does not happen")
}

/// Waits until the simulated AWS is asked for `operation`.
async fn asked_for(simulator: &Simulator, operation: Operation) -> Call {
    soon(simulator.wait_for_call(|call| call.operation == Some(operation))).await
}

/// The exporter on a free port of 127.0.0.1.
fn on_a_free_port(args: &[&str]) -> Invocation {
    exporter(args).args(&["--web.listen-address", "127.0.0.1:0"])
}

/// The same with what the simulated AWS needs in the environment.
fn scanning(simulator: &Simulator, args: &[&str]) -> Invocation {
    on_a_free_port(args).scanning(simulator)
}

impl Invocation {
    /// The usual variables, for the simulated AWS.
    pub fn scanning(self, simulator: &Simulator) -> Self {
        self.env("AWS_ENDPOINT_URL", simulator.endpoint_url())
            .env("AWS_REGION", sim::REGION)
            .env("AWS_ACCESS_KEY_ID", sim::ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", sim::SECRET_ACCESS_KEY)
    }
}
