//! The Prometheus exporter for AWS Service Catalog.
//!
//! A pure middle between thin edges. The middle (`model` → `snapshot` → `families` →
//! `exposition`) has no async, no I/O and no clock; values alone test it. The edges are `aws`
//! (answers come in), `http` (scrapes go out) and `sim` (the other side of the wire, for the demo
//! and the tests). One pump (`scan`) and one cell (`publish`) join them; `aws` and `http` never
//! see each other.
//!
//! Imports go down only, and siblings of a floor never import one another:
//!
//! | floor | modules |
//! |---|---|
//! | F6 | `main` |
//! | F5 | [`cli`], [`app`] |
//! | F4 | [`scan`] |
//! | F3 | [`aws`], [`http`], [`policy`], [`sim`] |
//! | F2 | [`publish`], [`telemetry`], [`config`], [`families`], [`storage`] |
//! | F1 | [`snapshot`], [`serve`], [`shard`], [`tls`] |
//! | F0 | [`exposition`], [`memory`], [`model`], [`password`], [`version`] |

pub mod app;
pub mod aws;
pub mod cli;
pub mod config;
pub mod exposition;
pub mod families;
pub mod http;
pub mod memory;
pub mod model;
pub mod password;
pub mod policy;
pub mod publish;
pub mod scan;
pub mod serve;
pub mod shard;
pub mod sim;
pub mod snapshot;
pub mod storage;
pub mod telemetry;
pub mod tls;
pub mod version;
