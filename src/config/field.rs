//! How each kind of value is read: one parser for the file, flags and environment variables.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::document::Value;
use super::error::Complaint;
use crate::model::{PerInstance, PerProduct, Region};
use crate::serve::ListenAddress;

/// A value that a setting can hold.
pub trait Field: Sized {
    /// From the file.
    fn read(value: &Value) -> Result<Self, Complaint>;

    /// From a flag or variable, where everything is text.
    fn typed(text: &str) -> Result<Self, Complaint> {
        Self::read(&Value::Text(text.to_owned()))
    }
}

/// A span of time as people write it: `30s`, `5m`, `1h30m`, `1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(pub Duration);

const DURATION_REMEDY: &str = "write a number with a unit, such as 30s, 5m, 1h30m or 1d";

impl FromStr for HumanDuration {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        humantime::parse_duration(text).map(Self).map_err(|_| {
            Complaint::new(format!("{} is not a duration", quote(text)), DURATION_REMEDY)
        })
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The library writes `1day 1h 30m`.
        let long = humantime::format_duration(self.0).to_string();
        f.write_str(&long.replace(' ', "").replace("days", "d").replace("day", "d"))
    }
}

impl Field for HumanDuration {
    fn read(value: &Value) -> Result<Self, Complaint> {
        match value {
            Value::Text(text) => text.parse(),
            other => Err(Complaint::new(expected("a duration", other), DURATION_REMEDY)),
        }
    }
}

impl Field for bool {
    fn read(value: &Value) -> Result<Self, Complaint> {
        match value {
            Value::Bool(value) => Ok(*value),
            other => Err(Complaint::new(expected("true or false", other), "write true or false")),
        }
    }

    fn typed(text: &str) -> Result<Self, Complaint> {
        text.parse().map_err(|_| {
            Complaint::new(
                format!("{} is neither true nor false", quote(text)),
                "write true or false",
            )
        })
    }
}

impl Field for u32 {
    fn read(value: &Value) -> Result<Self, Complaint> {
        whole_number(value)
    }

    fn typed(text: &str) -> Result<Self, Complaint> {
        digits(text)
    }
}

impl Field for usize {
    fn read(value: &Value) -> Result<Self, Complaint> {
        whole_number(value)
    }

    fn typed(text: &str) -> Result<Self, Complaint> {
        digits(text)
    }
}

fn digits<T: std::str::FromStr>(text: &str) -> Result<T, Complaint> {
    let remedy = "write digits only";
    text.parse()
        .map_err(|_| Complaint::new(format!("{} is not a whole number", quote(text)), remedy))
}

fn whole_number<T: TryFrom<i128>>(value: &Value) -> Result<T, Complaint> {
    let refuse = |what: String| {
        Err(Complaint::new(what, "write a whole number, without sign, quotes and unit"))
    };
    match value {
        Value::Integer(number) => {
            T::try_from(*number).or_else(|_| refuse(format!("{number} is out of range")))
        }
        Value::Float(_) => refuse("is not a whole number, or far too large".into()),
        other => refuse(expected("a whole number", other)),
    }
}

impl Field for f64 {
    fn read(value: &Value) -> Result<Self, Complaint> {
        match value {
            Value::Integer(number) => Ok(*number as f64),
            Value::Float(number) => Ok(*number),
            other => Err(Complaint::new(
                expected("a number", other),
                "write a number without quotes and unit",
            )),
        }
    }
}

impl Field for Region {
    fn read(value: &Value) -> Result<Self, Complaint> {
        let text = text(value, "an AWS region", "write a region code such as eu-central-1")?;
        Region::parse(text).map_err(|_| {
            Complaint::new(
                format!("{} is not an AWS region", quote(text)),
                "write a region code such as eu-central-1, without an availability zone",
            )
        })
    }
}

/// The addresses of `web.listen_addresses`: a list in the file, separated by commas elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddresses(pub Vec<ListenAddress>);

impl ListenAddresses {
    /// One socket on every address of the host.
    pub fn standard() -> Self {
        let address = ":10419".parse().unwrap_or_else(|_| unreachable!("the default is valid"));
        Self(vec![address])
    }
}

impl Field for ListenAddresses {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str =
            "write addresses such as \":10419\", \"127.0.0.1:10419\" or \"[::1]:10419\"";
        let texts = match value {
            Value::Text(list) => list.split(',').map(str::trim).collect::<Vec<_>>(),
            Value::List(nodes) => nodes
                .iter()
                .map(|node| text(&node.value, "an address", REMEDY))
                .collect::<Result<_, _>>()?,
            other => return Err(Complaint::new(expected("a list of addresses", other), REMEDY)),
        };
        let mut addresses: Vec<ListenAddress> = Vec::new();
        for text in texts {
            let address = text.parse().map_err(|_| {
                Complaint::new(format!("{} is not an address to listen on", quote(text)), REMEDY)
            })?;
            if addresses.contains(&address) {
                let what = format!("{} is listed twice", quote(text));
                return Err(Complaint::new(what, "list every address once"));
            }
            addresses.push(address);
        }
        if addresses.is_empty() {
            return Err(Complaint::new("no address is listed", REMEDY));
        }
        Ok(Self(addresses))
    }
}

/// The path that serves the metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryPath(pub String);

impl Field for TelemetryPath {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write a path such as /metrics";
        let path = text(value, "a path", REMEDY)?;
        let refuse = |what: &str, remedy: &str| {
            Err(Complaint::new(format!("{} {what}", quote(path)), remedy))
        };
        if !path.starts_with('/') {
            return refuse("does not start with /", REMEDY);
        }
        plain_path(path)?;
        if path == "/" {
            return refuse("is the status page", REMEDY);
        }
        if path == "/docs" {
            return refuse("is the reference of the metrics", REMEDY);
        }
        if path == "/api/v1/status" {
            return refuse("is the status page as JSON", REMEDY);
        }
        if path.starts_with("/-/") {
            return refuse("is reserved for health checks, as all of /-/ is", REMEDY);
        }
        Ok(Self(path.to_owned()))
    }
}

/// The name of a file; empty is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(pub Option<PathBuf>);

impl Field for FileName {
    fn read(value: &Value) -> Result<Self, Complaint> {
        let name = text(value, "the name of a file", "write a path, in quotes if in doubt")?;
        Ok(Self((!name.is_empty()).then(|| PathBuf::from(name))))
    }
}

/// Refuses what a request for the path would spell in more than one way: requests are compared as
/// they come, not decoded.
pub(super) fn plain_path(path: &str) -> Result<(), Complaint> {
    match path.chars().find(|c| !c.is_ascii_graphic() || "?#%\\\"<>".contains(*c)) {
        None => Ok(()),
        Some(bad) => Err(Complaint::new(
            format!("{} contains {bad:?}", quote(path)),
            "use letters, digits, '-', '_', '.' and '/' only",
        )),
    }
}

/// A closed set of words.
pub trait Choice: Copy + PartialEq + 'static {
    /// Every word and what it means.
    const CHOICES: &'static [(&'static str, Self)];

    /// The words, in the order of the table.
    fn words() -> impl Iterator<Item = &'static str> {
        Self::CHOICES.iter().map(|(word, _)| *word)
    }
}

impl<T: Choice> Field for T {
    fn read(value: &Value) -> Result<Self, Complaint> {
        let remedy = || format!("use one of {}", T::words().collect::<Vec<_>>().join(", "));
        let text = text(value, "a word", &remedy())?;
        T::CHOICES
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, choice)| *choice)
            .ok_or_else(|| Complaint::new(format!("{} is not known here", quote(text)), remedy()))
    }
}

impl Choice for PerProduct {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("all", Self::All), ("problems", Self::Problems)];
}

impl Choice for PerInstance {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("problems", Self::Problems), ("all", Self::All), ("none", Self::None)];
}

/// The text of `value`, or a complaint that names what was expected instead.
pub(super) fn text<'a>(value: &'a Value, what: &str, remedy: &str) -> Result<&'a str, Complaint> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(Complaint::new(expected(what, other), remedy)),
    }
}

/// Names kinds, never contents.
pub(super) fn expected(what: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => return "has no value".into(),
        Value::Bool(_) => "true or false",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    };
    format!("expected {what}, found {found}")
}

/// `text` for a message: on one line and not endless.
pub(super) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let begin: String = text.chars().take(LONGEST).collect();
    if begin.len() < text.len() { format!("{begin:?}…") } else { format!("{begin:?}") }
}
