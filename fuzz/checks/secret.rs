//! What files of settings have in common: how they are refused, and that no message tells a secret.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// What stands for a secret in the corpus. No message has such a word by itself.
pub const SECRET: &str = "Xq7secret9Zk";
/// Another one that is as long.
pub const OTHER_SECRET: &str = "Wp3SECRET4Jm";

/// A message may quote a value, or list the keys that are known.
const LONGEST_MESSAGE: usize = 4_000;

/// Whether the secret stands where a message may show it. `is_hidden` is asked for each place with
/// the keys above it, innermost first; a key is no key above itself. A text that is no YAML has no
/// places, and no message shows any of it.
pub fn is_shown(text: &str, is_hidden: impl Fn(&[String]) -> bool) -> bool {
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    };
    let places: Places = serde_saphyr::from_str_with_options(text, options).unwrap_or_default();
    places.0.iter().any(|keys| !is_hidden(keys))
}

/// What every refusal of a file is: one line that begins with the file and ends with a remedy.
pub fn is_refusal(line: &str, name: &str) {
    assert!(line.starts_with(name), "does not begin with the file: {line}");
    assert!(!line.contains(char::is_control), "is no single line: {line:?}");
    assert!(line.len() <= LONGEST_MESSAGE, "is too long: {line}");
    assert!(line.contains("; "), "has no remedy: {line}");
}

/// For each place of the secret the keys above it, innermost first.
#[derive(Default)]
struct Places(Vec<Vec<String>>);

impl Places {
    fn of(text: &str) -> Self {
        Self(text.contains(SECRET).then(Vec::new).into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlacesVisitor)
    }
}

struct PlacesVisitor;

impl<'de> Visitor<'de> for PlacesVisitor {
    type Value = Places;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Places, E> {
        Ok(Places::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Places, E> {
        Ok(Places::of(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Places, A::Error> {
        let mut all = Places::default();
        while let Some(Places(places)) = seq.next_element()? {
            all.0.extend(places);
        }
        Ok(all)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Places, A::Error> {
        let mut all = Places::default();
        while let Some((key, Places(places))) = map.next_entry::<String, Places>()? {
            all.0.extend(Places::of(&key).0);
            for mut path in places {
                path.push(key.clone());
                all.0.push(path);
            }
        }
        Ok(all)
    }
}
