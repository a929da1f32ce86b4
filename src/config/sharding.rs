//! Which part of the targets this process scans.

use std::fmt;

use super::Shard;
use super::document::Value;
use super::error::{Complaint, ConfigError};
use super::field::{Field, expected, quote};
use super::section::{HOST_NAME, Section, Setting, within};

/// Processes that one fleet can be divided among. Each costs every target a hash, and 20,000
/// targets are no load for a hundred.
const MOST_SHARDS: u32 = 100;

/// Reads `sharding`: both keys or none.
pub fn sharding(root: &Section<'_>) -> Result<Shard, ConfigError> {
    let sharding = root.section("sharding", &["shard", "total_shards"])?;
    let shard = sharding.optional("shard", |_: &Ordinal| Ok(()))?;
    let total = sharding.optional("total_shards", within(1..=MOST_SHARDS))?;
    let (shard, total) = match (shard, total) {
        (None, None) => return Ok(Shard { ordinal: 0, total: 1 }),
        (Some(shard), None) => {
            let remedy = "set --total-shards or sharding.total_shards to the number of processes";
            return Err(shard.refuse("of how many shards is not said", remedy));
        }
        (None, Some(total)) if total.value == 1 => return Ok(Shard { ordinal: 0, total: 1 }),
        (None, Some(total)) => {
            let remedy = "set --shard or sharding.shard to a number from 0, or to auto in the pods \
                          of a StatefulSet";
            return Err(total.refuse("which of these shards this process is is not said", remedy));
        }
        (Some(shard), Some(total)) => (shard, total),
    };
    let ordinal = match shard.value {
        Ordinal::Number(ordinal) => ordinal,
        Ordinal::Auto => ordinal_of_pod(root, &shard)?,
    };
    if ordinal >= total.value {
        let what = match shard.value {
            Ordinal::Number(_) => shard.to_string(),
            Ordinal::Auto => format!("the ordinal {ordinal} of this pod"),
        };
        let what = format!("{what} must be less than {total}: shards are counted from 0");
        let remedy = "lower the one or raise the other; every shard needs the same total";
        return Err(shard.refuse(what, remedy));
    }
    Ok(Shard { ordinal, total: total.value })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ordinal {
    Number(u32),
    /// That of the StatefulSet's pod.
    Auto,
}

const REMEDY: &str = "write a number from 0, or auto in the pods of a StatefulSet";

impl Field for Ordinal {
    fn read(value: &Value) -> Result<Self, Complaint> {
        match value {
            Value::Text(text) if text == "auto" => Ok(Self::Auto),
            Value::Integer(_) => u32::read(value).map(Self::Number),
            other => Err(Complaint::new(expected("a number or auto", other), REMEDY)),
        }
    }

    fn typed(text: &str) -> Result<Self, Complaint> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Number).map_err(|_| {
            Complaint::new(format!("{} is neither a number nor auto", quote(text)), REMEDY)
        })
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

/// The pods of a StatefulSet are called after it, with `-0`, `-1`, … at the end; a domain may
/// follow.
fn ordinal_of_pod(root: &Section<'_>, shard: &Setting<Ordinal>) -> Result<u32, ConfigError> {
    const REMEDY: &str =
        "run it as a StatefulSet, or say --shard with a number; any will do for a check";
    let Some(name) = root.given(HOST_NAME) else {
        return Err(shard.refuse(format!("is auto, but {HOST_NAME} is not set"), REMEDY));
    };
    let pod = name.text.split('.').next().unwrap_or_default();
    let digits = pod.rsplit_once('-').map_or("", |(_, digits)| digits);
    let ordinal = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok());
    ordinal.flatten().ok_or_else(|| {
        let what = format!(
            "is auto, but {HOST_NAME} ({}) does not end with - and a number, as the name of a \
             StatefulSet's pod does",
            quote(&name.text)
        );
        shard.refuse(what, REMEDY)
    })
}
