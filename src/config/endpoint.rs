//! The address of an AWS endpoint other than the public one.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

use super::document::Value;
use super::error::Complaint;
use super::field::{Field, text};

/// An `http` or `https` URL without user information, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointUrl(String);

impl EndpointUrl {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if requests would cross a network in the clear: with them go the session token and
    /// the signature, and back comes whatever somebody on the way likes to answer.
    pub fn is_insecure(&self) -> bool {
        is_insecure(&self.0.parse().unwrap_or_default())
    }
}

/// Whether requests to that URL cross a network in the clear.
pub(super) fn is_insecure(uri: &Uri) -> bool {
    uri.scheme_str() != Some("https") && !uri.host().is_some_and(is_loopback)
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Field for EndpointUrl {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write a URL such as https://vpce-0123456789abcdef0.servicecatalog.eu-central-1.vpce.amazonaws.com";
        let text = text(value, "a URL", REMEDY)?;
        plain_url(text, REMEDY, "remove them; credentials come from the AWS credentials chain")?;
        Ok(Self(text.to_owned()))
    }
}

/// Reads an `http` or `https` URL that has a host, and neither user information nor query nor
/// fragment. No complaint repeats it: one that is refused may hold a password.
pub(super) fn plain_url(text: &str, remedy: &str, of_user: &str) -> Result<Uri, Complaint> {
    let refuse = |what: &str| Err(Complaint::new(what, remedy));
    let Ok(uri) = text.parse::<Uri>() else {
        return refuse("is not a URL");
    };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return refuse("the URL does not begin with https:// or http://");
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(Complaint::new("the URL holds a user name or password", of_user));
    }
    if uri.host().is_none_or(str::is_empty) {
        return refuse("the URL has no host");
    }
    if text.contains(['?', '#']) {
        return refuse("the URL holds a query or fragment");
    }
    Ok(uri)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
