//! Reading a mapping key by key: unknown and repeated keys are refused, and every value
//! remembers where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use super::document::{Entry, Node, Position, Value};
use super::error::{Complaint, ConfigError, Origin};
use super::field::{Field, expected};

/// What flags and environment variables say: by key path of the file, such as `scan.interval`, or
/// [`HOST_NAME`].
pub type Overrides = BTreeMap<&'static str, Given>;

/// The name of this machine or pod as the environment says it; no key of the file.
pub const HOST_NAME: &str = "HOSTNAME";

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
        T::typed(&self.text)
            .map_err(|complaint| ConfigError::of_origin(self.origin.clone(), complaint))
    }
}

/// One mapping of the file, possibly absent, with what overrides it.
pub struct Section<'a> {
    file: &'a str,
    /// Key path; empty for the document.
    path: String,
    /// Where it begins; of a section that is absent, where the one round it begins.
    at: Position,
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
        let at = document.at;
        Self { file, path: String::new(), at, entries: &[], overrides }.with(Some(document), keys)
    }

    /// The section `key`, which may hold `keys`.
    pub fn section(&self, key: &str, keys: &[&str]) -> Result<Section<'a>, ConfigError> {
        let node = self.entry(key).map(|entry| &entry.node);
        self.below(self.path_of(key), node.map_or(self.at, |node| node.at)).with(node, keys)
    }

    /// Like [`Section::section`], for one whose absence means something.
    pub fn optional_section(
        &self,
        key: &str,
        keys: &[&str],
    ) -> Result<Option<Section<'a>>, ConfigError> {
        match self.entry(key) {
            None | Some(Entry { node: Node { value: Value::Null, .. }, .. }) => Ok(None),
            Some(_) => self.section(key, keys).map(Some),
        }
    }

    /// The mappings that are listed at `key`, each of which may hold `keys`; none if the key is
    /// absent. An empty list is refused: it could mean everything as well as nothing.
    pub fn items(&self, key: &str, keys: &[&str]) -> Result<Vec<Section<'a>>, ConfigError> {
        let items = self.nodes(key, "mappings")?.into_iter();
        items.map(|(path, node)| self.below(path, node.at).with(Some(node), keys)).collect()
    }

    /// The values that are listed at `key`, none twice; none if the key is absent. An empty list
    /// is refused, as with [`Section::items`].
    pub fn values<T: Field + Ord + Clone>(&self, key: &str) -> Result<Vec<T>, ConfigError> {
        let mut lines = BTreeMap::new();
        let mut values = Vec::new();
        for (path, node) in self.nodes(key, "values")? {
            let value = T::read(&node.value)
                .map_err(|complaint| self.error(path.clone(), node.at, complaint))?;
            if let Some(first) = lines.insert(value.clone(), node.at.line) {
                let what = format!("is listed twice, first on line {first}");
                let complaint = Complaint::new(what, "keep one of the two");
                return Err(self.error(path, node.at, complaint));
            }
            values.push(value);
        }
        Ok(values)
    }

    /// The values that are listed at `key`, which may be none and the same again; none if the key
    /// is absent or has no value.
    pub fn list<T: Field>(&self, key: &str) -> Result<Option<Setting<Vec<T>>>, ConfigError> {
        let path = self.path_of(key);
        let (at, nodes) = match self.entry(key).map(|entry| &entry.node) {
            None | Some(Node { value: Value::Null, .. }) => return Ok(None),
            Some(Node { value: Value::List(nodes), at, .. }) => (*at, nodes),
            Some(Node { value, at, .. }) => {
                let remedy = "write each on a line of its own that begins with -";
                let complaint = Complaint::new(expected("a list", value), remedy);
                return Err(self.error(path, *at, complaint));
            }
        };
        let values = nodes.iter().enumerate().map(|(index, node)| {
            T::read(&node.value)
                .map_err(|complaint| self.error(format!("{path}[{index}]"), node.at, complaint))
        });
        let value = values.collect::<Result<_, _>>()?;
        Ok(Some(Setting { key: path, value, origin: self.origin(at) }))
    }

    /// The mapping at `key`, whose keys are free; none if it is absent.
    pub fn pairs<T: Field>(&self, key: &str) -> Result<Vec<(Setting<String>, T)>, ConfigError> {
        let path = self.path_of(key);
        let entries = match self.entry(key).map(|entry| &entry.node) {
            None | Some(Node { value: Value::Null, .. }) => return Ok(Vec::new()),
            Some(Node { value: Value::Map(entries), .. }) => entries,
            Some(Node { value, at, .. }) => {
                let remedy = "write key: value pairs below it, indented";
                let complaint = Complaint::new(expected("a mapping", value), remedy);
                return Err(self.error(path, *at, complaint));
            }
        };
        let mapping = Section { entries, ..self.below(path, self.at) };
        let mut lines = BTreeMap::new();
        let mut pairs = Vec::new();
        for Entry { key, at, node } in entries {
            // As in `refuse_unknown`: what does not look like a key is not shown.
            let path = if is_name(key) { mapping.path_of(key) } else { mapping.path.clone() };
            if let Some(first) = lines.insert(key, at.line) {
                let what = format!("is set twice, first on line {first}");
                return Err(self.error(path, *at, Complaint::new(what, "keep one of the two")));
            }
            let value = T::read(&node.value)
                .map_err(|complaint| self.error(path.clone(), node.at, complaint))?;
            pairs
                .push((Setting { key: path, value: key.clone(), origin: self.origin(*at) }, value));
        }
        Ok(pairs)
    }

    /// What flags and variables say of `key`, which no file holds.
    pub fn given(&self, key: &str) -> Option<&'a Given> {
        self.overrides.get(key)
    }

    /// Refuses the section as a whole.
    pub fn refuse(&self, what: impl Into<String>, remedy: impl Into<String>) -> ConfigError {
        self.error(self.path.clone(), self.at, Complaint::new(what, remedy))
    }

    /// Where the section is written.
    pub fn place(&self) -> Setting<()> {
        Setting { key: self.path.clone(), value: (), origin: self.origin(self.at) }
    }

    /// The items of the list at `key` with their key paths.
    fn nodes(&self, key: &str, of: &str) -> Result<Vec<(String, &'a Node)>, ConfigError> {
        let path = self.path_of(key);
        let Some(Entry { node, .. }) = self.entry(key) else {
            return Ok(Vec::new());
        };
        let complaint = match &node.value {
            Value::Null => return Ok(Vec::new()),
            Value::List(nodes) if nodes.is_empty() => {
                Complaint::new("the list is empty", "list something, or remove the key")
            }
            Value::List(nodes) => {
                let paths = (0..nodes.len()).map(|index| format!("{path}[{index}]"));
                return Ok(paths.zip(nodes).collect());
            }
            other => Complaint::new(
                expected(&format!("a list of {of}"), other),
                "write each on a line of its own that begins with -, or all between [ and ]",
            ),
        };
        Err(self.error(path, node.at, complaint))
    }

    fn below(&self, path: String, at: Position) -> Section<'a> {
        Section { path, at, entries: &[], file: self.file, overrides: self.overrides }
    }

    fn with(mut self, node: Option<&'a Node>, keys: &[&str]) -> Result<Self, ConfigError> {
        match node {
            // A section whose keys are all commented out.
            None | Some(Node { value: Value::Null, .. }) => return Ok(self),
            Some(Node { value: Value::Map(entries), .. }) => self.entries = entries,
            Some(Node { value, .. }) => {
                let remedy = format!("write its keys below it, indented: {}", keys.join(", "));
                return Err(self.refuse(expected("a mapping", value), remedy));
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
            (self.path.clone(), "unknown key, not shown because it is no plain name")
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
            setting = Some(Setting { key: path.clone(), value, origin: self.origin(node.at) });
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

    /// Like [`Section::optional`], for a key that must be there.
    pub fn required<T: Field>(
        &self,
        key: &'static str,
        remedy: &str,
    ) -> Result<Setting<T>, ConfigError> {
        self.optional(key, any)?.ok_or_else(|| {
            self.error(self.path_of(key), self.at, Complaint::new("is missing", remedy))
        })
    }

    fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn origin(&self, at: Position) -> Origin {
        Origin::File { name: self.file.to_owned(), at: Some(at) }
    }

    fn error(&self, key: String, at: Position, complaint: Complaint) -> ConfigError {
        ConfigError { origin: self.origin(at), key, complaint }
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
    /// Where it is written.
    pub fn place(&self) -> Setting<()> {
        Setting { key: self.key.clone(), value: (), origin: self.origin.clone() }
    }

    /// Refuses the value, which is not repeated.
    pub fn refuse(&self, what: impl Into<String>, remedy: impl Into<String>) -> ConfigError {
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
