//! AWS: the only place that names an `aws_*` crate.
//!
//! A [`Session`] is an identity and a region to call from; a [`TargetClient`] makes the calls of
//! one target, each with a deadline, through one rate limiter and one retry loop of ours.

mod caller;
mod classify;
mod client;
mod connector;
mod convert;
mod enrich;
mod limiter;
mod session;

pub use caller::{Limits, Shared};
pub use classify::CallError;
pub use client::{Identity, InstancesPage, ProductsPage, TargetClient};
pub use enrich::NamesPage;
pub use session::{Session, SessionError};
