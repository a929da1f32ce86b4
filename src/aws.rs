//! AWS: the only place that names an `aws_*` crate.
//!
//! A [`Session`] is an identity and a region to call from; a [`TargetClient`] makes the calls of
//! one target and a [`DirectoryClient`] those that find targets, each with a deadline, through one
//! rate limiter and one retry loop of ours.

mod caller;
mod classify;
mod client;
mod clients;
mod connector;
mod convert;
mod credentials;
mod directory;
mod enrich;
mod identity;
mod in_flight;
mod ledger;
mod limiter;
mod queue;
mod session;
mod versions;

pub use caller::{Limits, Shared};
pub use classify::CallError;
pub use client::{InstancesPage, ProductsPage, TargetClient};
pub use directory::{DirectoryClient, Member};
pub use enrich::NamesPage;
pub use identity::Identity;
pub use queue::{QueueClient, QueueMessage, Receive};
pub use session::{Session, SessionError};
