//! The web file: TLS, HTTP headers, users and a rate limit, in the format that every exporter
//! built on prometheus/exporter-toolkit reads.
//!
//! A file that works there works here; what is refused there is refused here. The differences are
//! in README.md. Reading it takes three steps: the text becomes a [`draft::Draft`], the files that
//! it names are read, and all of it together becomes what is served with.

mod draft;
mod fields;
mod loader;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use rustls::ServerConfig;

use super::error::ConfigError;
use crate::password::PasswordHash;

pub use self::loader::{Contents, Loaded, WebLoader};

/// What is in force of a web file. Without one: plain HTTP for everybody.
#[derive(Clone, Default)]
pub struct WebFile {
    /// None: plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    /// Headers of every response.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Who may log in; nobody means that nobody has to.
    pub users: Users,
    /// How often requests are answered, all clients together.
    pub rate_limit: Option<RateLimit>,
}

impl fmt::Debug for WebFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebFile")
            .field("tls", &self.tls.is_some())
            .field("headers", &self.headers)
            .field("users", &self.users)
            .field("rate_limit", &self.rate_limit)
            .finish()
    }
}

/// Users and their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users(pub BTreeMap<String, PasswordHash>);

/// A token bucket, full at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// For one more request; longer than nothing.
    pub interval: Duration,
    /// Requests at once; with 0 there is never one.
    pub burst: u32,
}

/// Whether `text` is a web file, as far as that can be said without the files that it names;
/// `name` is how messages call it.
///
/// # Errors
/// When it is refused.
pub fn check_web_text(name: &str, text: &str) -> Result<(), ConfigError> {
    draft::parse(name, text).map(|_| ())
}

#[cfg(test)]
mod tests;
