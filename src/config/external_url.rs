//! Where the exporter is found from outside, and where its paths begin.

use super::document::Value;
use super::endpoint::plain_url;
use super::error::Complaint;
use super::field::{Field, plain_path, quote, text};

/// An `http` or `https` URL without user information, query or fragment, and without a slash at
/// its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalUrl {
    url: String,
    prefix: RoutePrefix,
}

impl ExternalUrl {
    /// As written, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Its path: where the routes begin if nothing else is said, as Prometheus has it.
    pub fn prefix(&self) -> &RoutePrefix {
        &self.prefix
    }
}

impl Field for ExternalUrl {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str =
            "write the URL that people type, such as https://tools.example.com/servicecatalog/";
        let text = text(value, "a URL", REMEDY)?;
        let uri = plain_url(text, REMEDY, "remove them; a URL is shown to everybody")?;
        let prefix = RoutePrefix::parse(uri.path())?;
        Ok(Self { url: text.trim_end_matches('/').to_owned(), prefix })
    }
}

/// What stands before every path: nothing, or `/` and what follows, without a slash at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutePrefix(String);

impl RoutePrefix {
    /// Empty where there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path below it.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Slashes at either end count for nothing, as Prometheus has it.
    fn parse(text: &str) -> Result<Self, Complaint> {
        plain_path(text)?;
        let bare = text.trim_matches('/');
        if bare.split('/').any(|part| part.is_empty() || part == "." || part == "..")
            && !bare.is_empty()
        {
            let what = format!("{} is not a plain path", quote(text));
            return Err(Complaint::new(what, "remove \"//\", \".\" and \"..\" from it"));
        }
        // Its own paths begin so: a prefix that does would make them hard to tell apart.
        if bare == "-" || bare.starts_with("-/") {
            let what = format!("{} is reserved for health checks, as all of /-/ is", quote(text));
            return Err(Complaint::new(what, "choose another prefix"));
        }
        Ok(Self(if bare.is_empty() { String::new() } else { format!("/{bare}") }))
    }
}

impl Field for RoutePrefix {
    fn read(value: &Value) -> Result<Self, Complaint> {
        Self::parse(text(value, "a path", "write a path such as /servicecatalog, or / for none")?)
    }
}
