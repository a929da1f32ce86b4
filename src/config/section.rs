//! Reading a mapping key by key: unknown and repeated keys are refused, and every value
//! remembers where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use super::document::{Entry, Node, Position, Value};
use super::error::{Complaint, ConfigError, Origin};
use super::field::{Field, expected};

/// What flags and environment variables say: by key path of the file, such as `scan.interval`.
pub type Overrides = BTreeMap<&'static str, Given>;

/// The text of a flag or variable; the values of a repeated flag are joined by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// As typed.
    pub text: String,
    /// By which flag or variable.
    pub origin: Origin,
}

impl Given {
    /// Reads the text, or says which flag or variable is wrong.
    pub fn read<T: Field>(&self) -> Result<T, ConfigError> {
        T::read(&Value::Text(self.text.clone()))
            .map_err(|complaint| ConfigError::of_origin(self.origin.clone(), complaint))
    }
}

/// One mapping of the file, possibly absent, with what overrides it.
pub struct Section<'a> {
    file: &'a str,
    path: &'static str,
    entries: &'a [Entry],
    overrides: &'a Overrides,
}

impl<'a> Section<'a> {
    /// The document itself, whose keys are the sections.
    pub fn root(
        file: &'a str,
        document: &'a Node,
        overrides: &'a Overrides,
        keys: &[&str],
    ) -> Result<Self, ConfigError> {
        Self { file, path: "", entries: &[], overrides }.with(Some(document), keys)
    }

    /// The section `key`, which may hold `keys`.
    pub fn section(&self, key: &'static str, keys: &[&str]) -> Result<Section<'a>, ConfigError> {
        let node = self.entry(key).map(|entry| &entry.node);
        Section { path: key, entries: &[], ..*self }.with(node, keys)
    }

    fn with(mut self, node: Option<&'a Node>, keys: &[&str]) -> Result<Self, ConfigError> {
        match node {
            // A section whose keys are all commented out.
            None | Some(Node { value: Value::Null, .. }) => return Ok(self),
            Some(Node { value: Value::Map(entries), .. }) => self.entries = entries,
            Some(Node { value, at, .. }) => {
                let remedy = format!("write its keys below it, indented: {}", keys.join(", "));
                let complaint = Complaint::new(expected("a mapping", value), remedy);
                return Err(self.error(self.path.to_owned(), *at, complaint));
            }
        }
        for (index, entry) in self.entries.iter().enumerate() {
            self.refuse_unknown(entry, keys)?;
            if let Some(first) = self.entries[..index].iter().find(|e| e.key == entry.key) {
                let what = format!("is set twice, first on line {}", first.at.line);
                let complaint = Complaint::new(what, "keep one of the two");
                return Err(self.error(self.path_of(&entry.key), entry.at, complaint));
            }
        }
        Ok(self)
    }

    fn refuse_unknown(&self, entry: &Entry, keys: &[&str]) -> Result<(), ConfigError> {
        if keys.contains(&entry.key.as_str()) {
            return Ok(());
        }
        let remedy = format!("known here: {}", keys.join(", "));
        // What does not look like a key may be a value that lost its key, even a secret.
        let (path, what) = if is_name(&entry.key) {
            (self.path_of(&entry.key), "unknown key")
        } else {
            (self.path.to_owned(), "unknown key, not shown because it is no plain name")
        };
        Err(self.error(path, entry.at, Complaint::new(what, remedy)))
    }

    /// The merged setting: flag, variable, file, default. What the file holds must be valid even
    /// where it is overridden.
    pub fn setting<T: Field>(
        &self,
        key: &'static str,
        default: T,
        allowed: impl Fn(&T) -> Result<(), Complaint>,
    ) -> Result<Setting<T>, ConfigError> {
        let set = self.optional(key, allowed)?;
        Ok(set.unwrap_or_else(|| Setting {
            key: self.path_of(key),
            value: default,
            origin: Origin::Default,
        }))
    }

    /// Like [`Section::setting`], for a key without a default.
    pub fn optional<T: Field>(
        &self,
        key: &'static str,
        allowed: impl Fn(&T) -> Result<(), Complaint>,
    ) -> Result<Option<Setting<T>>, ConfigError> {
        let path = self.path_of(key);
        let mut setting = None;
        if let Some(Entry { node, .. }) = self.entry(key) {
            let value = T::read(&node.value)
                .and_then(|value| allowed(&value).map(|()| value))
                .map_err(|complaint| self.error(path.clone(), node.at, complaint))?;
            let origin = Origin::File { name: self.file.to_owned(), at: Some(node.at) };
            setting = Some(Setting { key: path.clone(), value, origin });
        }
        if let Some(given) = self.overrides.get(path.as_str()) {
            let value = given.read()?;
            let origin = given.origin.clone();
            allowed(&value)
                .map_err(|complaint| ConfigError::of_origin(origin.clone(), complaint))?;
            setting = Some(Setting { key: path, value, origin });
        }
        Ok(setting)
    }

    fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn error(&self, key: String, at: Position, complaint: Complaint) -> ConfigError {
        let origin = Origin::File { name: self.file.to_owned(), at: Some(at) };
        ConfigError { origin, key, complaint }
    }
}

fn is_name(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 40
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// A value and where it came from, for checks that compare two of them.
#[derive(Clone, Debug)]
pub struct Setting<T> {
    pub key: String,
    pub value: T,
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// Refuses the value, which is not repeated.
    pub fn refuse(&self, what: &str, remedy: &str) -> ConfigError {
        let complaint = Complaint::new(what, remedy);
        ConfigError { origin: self.origin.clone(), key: self.key.clone(), complaint }
    }
}

impl<T: fmt::Display> Setting<T> {
    /// Refuses this setting beside `other`. The line begins with the one that somebody set.
    pub fn conflict<U: fmt::Display>(
        &self,
        must: &str,
        other: &Setting<U>,
        remedy: impl Into<String>,
    ) -> ConfigError {
        let what = format!("{self} must be {must} {other}");
        let (key, origin) = match self.origin {
            Origin::Default => (&other.key, &other.origin),
            _ => (&self.key, &self.origin),
        };
        ConfigError {
            origin: origin.clone(),
            key: key.clone(),
            complaint: Complaint::new(what, remedy),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.key, self.value, self.origin)
    }
}

/// Allows every value.
pub fn any<T>(_: &T) -> Result<(), Complaint> {
    Ok(())
}

/// Allows what lies in `range`.
pub fn within<T: PartialOrd + fmt::Display>(
    range: RangeInclusive<T>,
) -> impl Fn(&T) -> Result<(), Complaint> {
    move |value| {
        if range.contains(value) {
            return Ok(());
        }
        let remedy = format!("choose from {} to {}", range.start(), range.end());
        Err(Complaint::new(format!("{value} is out of range"), remedy))
    }
}
