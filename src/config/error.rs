//! What is wrong with a configuration, in one line that says where and what to do.

use std::fmt;

use super::document::Position;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File {
        /// As given.
        name: String,
        /// Where in it; none is the file as a whole.
        at: Option<Position>,
    },
    /// As typed, such as `--scan.interval`.
    Flag(String),
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File { name, at: None } => f.write_str(name),
            Self::File { name, at: Some(at) } => write!(f, "{name}:{}:{}", at.line, at.column),
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
        }
    }
}

/// What is wrong with one value and what to do about it; where it stands is added by the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Complaint {
    /// Joins the two.
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// A configuration that is refused. It displays as one line,
/// `FILE:LINE:COLUMN: key.path: what is wrong; remedy`, or with the flag or the environment
/// variable in the place of file and key. Values appear in it only where the key holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub(super) origin: Origin,
    /// Key path in the file; empty where there is none, as in a syntax error.
    pub(super) key: String,
    pub(super) complaint: Complaint,
}

impl ConfigError {
    /// Something is wrong with the whole of `origin`, rather than with one of its keys.
    pub fn of_origin(origin: Origin, complaint: Complaint) -> Self {
        Self { origin, key: String::new(), complaint }
    }

    /// True if the command line itself is wrong, rather than what it is combined with.
    pub fn is_usage(&self) -> bool {
        matches!(self.origin, Origin::Flag(_)) && self.key.is_empty()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, key, complaint: Complaint { what, remedy } } = self;
        match origin {
            // Flags and variables are named after their keys.
            Origin::File { .. } if !key.is_empty() => {
                write!(f, "{origin}: {key}: {what}; {remedy}")
            }
            _ => write!(f, "{origin}: {what}; {remedy}"),
        }
    }
}

impl std::error::Error for ConfigError {}
