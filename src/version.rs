//! What this binary is and what it was built from; build.rs finds it out.

/// The version of the package, such as `1.2.3`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The git commit, 12 digits, with `-dirty` if the sources differed from it; `unknown` where
/// there was neither git nor `SERVICECATALOG_EXPORTER_REVISION` at build time.
pub const REVISION: &str = env!("SERVICECATALOG_EXPORTER_BUILD_REVISION");

/// The version of the compiler, such as `1.95.0`.
pub const RUSTC: &str = env!("SERVICECATALOG_EXPORTER_BUILD_RUSTC");

/// The target triple, such as `x86_64-unknown-linux-gnu`.
pub const TARGET: &str = env!("SERVICECATALOG_EXPORTER_BUILD_TARGET");
