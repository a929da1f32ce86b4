//! From what happens in AWS to the message that somebody reads: the exporter, a real Prometheus
//! with the shipped rules and a real Alertmanager with the shipped configuration, on compressed
//! times.

mod chain;
mod compressed;
mod exporter;
mod products;
mod routes;
mod targets;
mod webhook;

pub use self::chain::Chain;
