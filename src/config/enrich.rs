//! What is asked besides the products and their instances.

use std::collections::BTreeMap;

use super::Enrich;
use super::document::Value;
use super::error::{Complaint, ConfigError};
use super::field::{Choice, Field, quote, text};
use super::section::{Section, any};

/// Tags of one AWS resource; more can never be there.
/// Source: AWS General Reference, "Tag naming limits and requirements".
const MOST_TAGS: usize = 50;

/// Characters of a tag's key; same source.
const LONGEST_KEY: usize = 128;

/// Reads `enrich`.
pub fn enrich(root: &Section<'_>) -> Result<Enrich, ConfigError> {
    let enrich = root.section("enrich", &["names_and_tags", "tags", "records"])?;
    let names_and_tags = enrich.setting("names_and_tags", false, any)?.value;
    let tags = tags(&enrich, names_and_tags)?;
    let records = enrich.setting("records", Records::Problems, any)?.value == Records::Problems;
    Ok(Enrich { names_and_tags, tags, records })
}

/// The tags sorted by label.
fn tags(enrich: &Section<'_>, names_and_tags: bool) -> Result<Vec<(String, String)>, ConfigError> {
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    for (key, LabelName(label)) in enrich.pairs("tags")? {
        if key.value.is_empty() || key.value.chars().count() > LONGEST_KEY {
            let what = format!("{} is not the key of a tag", quote(&key.value));
            return Err(key.refuse(what, "AWS's keys have 1 to 128 characters"));
        }
        if !names_and_tags {
            let what = "tags are read with names_and_tags only, which is off";
            return Err(key.refuse(what, "set enrich.names_and_tags: true, or remove the tags"));
        }
        if let Some(first) = keys.get(&label) {
            let what = format!(
                "tag_{label} is the label of two tags, {} and {}",
                quote(first),
                quote(&key.value)
            );
            return Err(key.refuse(what, "give each tag a label of its own"));
        }
        if keys.len() == MOST_TAGS {
            let what = format!("is one tag too many: AWS allows {MOST_TAGS} a product");
            return Err(key.refuse(what, "keep those that dashboards and alerts need"));
        }
        keys.insert(label, key.value);
    }
    Ok(keys.into_iter().map(|(label, key)| (key, label)).collect())
}

/// A label name without the `tag_` that goes before it.
struct LabelName(String);

impl Field for LabelName {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str =
            "write letters, digits and _, not beginning with a digit, such as cost_center";
        let text = text(value, "the name of a label", REMEDY)?;
        let refuse =
            |what: &str, remedy| Err(Complaint::new(format!("{} {what}", quote(text)), remedy));
        let letters = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if text.is_empty() || !letters || text.starts_with(|c: char| c.is_ascii_digit()) {
            return refuse("is not the name of a label", REMEDY);
        }
        if text.len() > LONGEST_KEY {
            return refuse("is too long for a label", "write at most 128 characters");
        }
        if text.starts_with("tag_") {
            return refuse("would become tag_tag_…", "leave tag_ out, it is put before each label");
        }
        Ok(Self(text.to_owned()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Records {
    Problems,
    Off,
}

impl Choice for Records {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("problems", Self::Problems), ("off", Self::Off)];
}
