//! YAML text as a tree of values that know where they stand.
//!
//! The tree is generic on purpose: which keys exist is said once, where they are read, and every
//! complaint about them can name its key path and position. Nothing here puts a value of the file
//! into a message.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{
    DuplicateKeyPolicy, Error, Location, MergeKeyPolicy, NonFiniteFloatPolicy, Spanned,
};
use sha2::{Digest, Sha256};

/// Keys whose values are secrets, wherever they stand. Their values never count for
/// [`fingerprint`]. The external ids are keys of the configuration; the others are ready for what
/// may come.
pub const SECRET_KEYS: &[&str] = &[
    "basic_auth_users",
    "external_id",
    "management_external_id",
    "password",
    "secret_access_key",
    "session_token",
    "token",
];

/// A place in the file: line and column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: u64,
    pub column: u64,
}

/// A value of the document and where it is written.
#[derive(Clone, Debug)]
pub struct Node {
    pub value: Value,
    pub at: Position,
    /// Bytes of the text that hold the value; of an alias, those of its anchor.
    bytes: Range<usize>,
}

/// What YAML can hold, with the scalars resolved by the YAML 1.2 rules.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One `key: value` of a mapping. Repeated keys are all there; the reader refuses them.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub at: Position,
    pub node: Node,
}

/// Why the text is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub at: Option<Position>,
    pub what: String,
    pub remedy: &'static str,
}

/// Reads exactly one YAML document; an empty text is [`Value::Null`].
///
/// Aliases and nesting are bounded, so that a small file cannot become a large tree.
pub fn parse(text: &str) -> Result<Node, SyntaxError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            // Room for targets that fill the file, and that all share one list of regions by alias;
            // what aliases may become is bounded below.
            max_events: 400_000,
            max_nodes: 200_000,
            max_aliases: 10_000,
            enforce_alias_anchor_ratio: false,
            max_anchors: 1_000,
            max_depth: 32,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        // Refused where it is read, with its key.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| syntax_error(&error))
}

/// The first 48 bits of the SHA-256 of `text` with the values of [`SECRET_KEYS`] left out, so
/// that the published hash helps nobody to guess them. Without secrets it is the beginning of
/// what `sha256sum` prints for the file. 48 bits, because a sample is a double.
pub fn fingerprint(text: &str, document: &Node) -> u64 {
    let mut secret = Vec::new();
    secrets(document, false, &mut secret);
    secret.sort_by_key(|range| range.start);

    let mut hash = Sha256::new();
    let mut from = 0;
    for range in secret {
        let end = range.start.clamp(from, text.len());
        hash.update(&text.as_bytes()[from..end]);
        from = range.end.clamp(end, text.len());
    }
    hash.update(&text.as_bytes()[from..]);
    hash.finalize().iter().take(6).fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

/// Collects the bytes of every scalar below a secret key.
fn secrets(node: &Node, inside: bool, found: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let secret = inside || SECRET_KEYS.contains(&entry.key.as_str());
                secrets(&entry.node, secret, found);
            }
        }
        Value::List(nodes) => nodes.iter().for_each(|node| secrets(node, inside, found)),
        _ if inside => found.push(node.bytes.clone()),
        _ => {}
    }
}

/// Says what is wrong with the YAML. The library's own words are used only where they come from
/// its scanner, which speaks of syntax and quotes one character at most; its other messages quote
/// values.
fn syntax_error(error: &Error) -> SyntaxError {
    let (what, remedy) = match error.without_snippet() {
        Error::ExternalMessage { msg, .. } => (
            format!("is not valid YAML: {}", msg.replace('\n', " ")),
            "check the indentation, quotes and brackets here and on the line before",
        ),
        Error::MultipleDocuments { .. } => (
            "holds more than one YAML document".into(),
            "keep one and remove the line --- before the other",
        ),
        Error::MergeKeyNotAllowed { .. } => {
            ("merge keys (<<) are not supported".into(), "write the keys out")
        }
        Error::UnknownAnchor { .. } => (
            "an alias (*name) refers to an anchor that is not defined before it".into(),
            "define &name first, or put the value into quotes if it is meant to begin with *",
        ),
        Error::Budget { .. }
        | Error::AliasError { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::RecursiveReferencesRequireWeakTypes { .. } => (
            "is nested too deeply, or too large once its aliases are expanded".into(),
            "write it flat, without aliases",
        ),
        _ => (
            "holds something that cannot be read as a plain key or value".into(),
            "use text keys, and text, numbers, true or false, lists and mappings as values, without tags",
        ),
    };
    SyntaxError { at: error.location().and_then(Position::of), what, remedy }
}

impl Position {
    /// The library counts from 1 and gives 0 for an unknown place.
    fn of(location: Location) -> Option<Self> {
        (location.line() > 0).then(|| Self { line: location.line(), column: location.column() })
    }
}

impl Node {
    /// The same with numbers and booleans as the text that they are in `text`, for a reader who
    /// decides for each key what its scalars are.
    pub fn with_scalars_as_text(self, text: &str) -> Self {
        let Self { value, at, bytes } = self;
        let written = |otherwise: String| {
            Value::Text(text.get(bytes.clone()).map_or(otherwise, |text| text.trim().to_owned()))
        };
        let value = match value {
            Value::Bool(value) => written(value.to_string()),
            Value::Integer(value) => written(value.to_string()),
            Value::Float(value) => written(value.to_string()),
            Value::List(nodes) => {
                Value::List(nodes.into_iter().map(|node| node.with_scalars_as_text(text)).collect())
            }
            Value::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|Entry { key, at, node }| Entry {
                        key,
                        at,
                        node: node.with_scalars_as_text(text),
                    })
                    .collect(),
            ),
            value @ (Value::Null | Value::Text(_)) => value,
        };
        Self { value, at, bytes }
    }
}

/// Files are far smaller than the address space.
fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, defined } = Spanned::deserialize(deserializer)?;
        let span = defined.span();
        let start = size(span.byte_offset().unwrap_or(0));
        // Without byte positions everything counts as the value: a hash that says too little.
        let end = span.byte_len().map_or(usize::MAX, |len| start.saturating_add(size(len)));
        let at = Position::of(referenced).unwrap_or(Position { line: 1, column: 1 });
        Ok(Self { value, at, bytes: start..end })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry::<Spanned<String>, Node>()? {
            let at = Position::of(key.referenced).unwrap_or(node.at);
            entries.push(Entry { key: key.value, at, node });
        }
        Ok(Value::Map(entries))
    }
}
