//! The behaviour of the whole, one module a behaviour, in one binary so that the SDK links once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "in a test a panic is the message, and tests own their tasks and clocks; clippy.toml exempts only #[test] functions, not their helpers"
)]

mod alerts;
mod boto3;
mod browser;
mod cli;
mod contract;
mod counted;
mod dashboards;
mod documents;
mod enrich;
mod events;
mod explain;
mod fleet;
mod fuzz;
mod golden;
mod gzip;
mod hostile;
mod house;
mod http_server;
mod identities;
mod logged;
mod moto;
mod oracle;
mod pace;
mod paced;
mod page;
mod policy;
mod process;
mod prometheus;
mod promtool;
mod reasons;
mod reference;
mod restart;
mod soak;
mod support;
mod versions;
mod web_file;
mod wire;
