//! Values as yaml.v2 reads them into the fields of exporter-toolkit.
//!
//! All scalars are text by now, as written (`Node::with_scalars_as_text`): what is a number or a
//! boolean is decided by the field. None of these complaints repeats a text that could be a secret.

use std::time::Duration;

use crate::config::document::Value;
use crate::config::error::Complaint;
use crate::config::field::{Field, expected, quote};
use crate::password::PasswordHash;
use crate::tls::{ClientAuth, Curve, Suite, Version};

/// A value that may be missing, as in `key:`.
pub struct Maybe<T>(pub Option<T>);

impl<T: Field> Field for Maybe<T> {
    fn read(value: &Value) -> Result<Self, Complaint> {
        match value {
            Value::Null => Ok(Self(None)),
            value => T::read(value).map(|value| Self(Some(value))),
        }
    }
}

/// Any scalar.
#[derive(Clone)]
pub struct Text(pub String);

impl Field for Text {
    fn read(value: &Value) -> Result<Self, Complaint> {
        scalar(value, "text", "write text, in quotes if in doubt").map(|text| Self(text.to_owned()))
    }
}

/// A boolean of YAML 1.1.
pub struct Switch(pub bool);

impl Field for Switch {
    fn read(value: &Value) -> Result<Self, Complaint> {
        let text = scalar(value, "true or false", "write true or false")?;
        let is_one_of = |words: &[&str]| {
            let (lower, upper) = (text.to_ascii_lowercase(), text.to_ascii_uppercase());
            // y, Y, yes, Yes and YES, but not yEs.
            let capital = lower.split_at_checked(1);
            let capital = capital.map(|(first, rest)| first.to_ascii_uppercase() + rest);
            words.contains(&&*lower)
                && (text == lower || text == upper || Some(text) == capital.as_deref())
        };
        if is_one_of(&["y", "yes", "on", "true"]) {
            Ok(Self(true))
        } else if is_one_of(&["n", "no", "off", "false"]) {
            Ok(Self(false))
        } else {
            let what = format!("{} is neither true nor false", quote(text));
            Err(Complaint::new(what, "write true or false"))
        }
    }
}

/// A whole number.
pub struct Whole(pub i64);

impl Field for Whole {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write a whole number";
        let text = scalar(value, "a whole number", REMEDY)?;
        text.parse()
            .map(Self)
            .map_err(|_| Complaint::new(format!("{} is not a whole number", quote(text)), REMEDY))
    }
}

/// A span of time as Go writes it, or a number of nanoseconds; it may be negative.
#[derive(Debug, PartialEq)]
pub struct Nanoseconds(pub i128);

impl Nanoseconds {
    /// None if it is negative.
    pub fn duration(&self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_nanos)
    }
}

impl Field for Nanoseconds {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write a number with a unit, such as 500ms, 1s or 1m30s";
        let text = scalar(value, "a duration", REMEDY)?;
        let number = text.parse::<i64>().ok().map(i128::from);
        let nanoseconds = number.or_else(|| go_duration(text));
        // What a duration of Go holds.
        let nanoseconds = nanoseconds.filter(|n| i64::try_from(*n).is_ok()).map(Self);
        nanoseconds
            .ok_or_else(|| Complaint::new(format!("{} is not a duration", quote(text)), REMEDY))
    }
}

/// Nanoseconds of `-1h2m3.5s`.
fn go_duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix(['+', '-']) {
        Some(rest) if text.starts_with('-') => (-1, rest),
        Some(rest) => (1, rest),
        None => (1, text),
    };
    let mut sum: i128 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, tail) = rest.split_at(unit_at);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        // More digits than these are of no consequence, or far too much.
        let digits = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse().ok() };
        let whole: i128 = digits(whole).filter(|n: &i128| *n < 1 << 64)?;
        let fraction: String = fraction.chars().take(15).collect();
        let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        sum += whole * unit + digits(&fraction)? * unit / scale;
        rest = tail;
    }
    Some(sign * sum)
}

/// A bcrypt hash, which is never shown.
pub struct Hash(pub PasswordHash);

impl Field for Hash {
    fn read(value: &Value) -> Result<Self, Complaint> {
        const REMEDY: &str = "write what servicecatalog-exporter hash-password prints";
        let text = match value {
            Value::Null => "",
            value => scalar(value, "a bcrypt hash", REMEDY)?,
        };
        PasswordHash::parse(text)
            .map(Self)
            .map_err(|error| Complaint::new(error.to_string(), REMEDY))
    }
}

impl Field for Version {
    fn read(value: &Value) -> Result<Self, Complaint> {
        known(value, "TLS version", Self::NAMES.iter().map(|(name, _)| *name), |text| {
            Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, version)| *version)
        })
    }
}

impl Field for ClientAuth {
    fn read(value: &Value) -> Result<Self, Complaint> {
        let names = Self::NAMES.iter().map(|(name, _)| *name);
        known(value, "client_auth_type", names, |text| {
            Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, auth)| *auth)
        })
    }
}

impl Field for Suite {
    fn read(value: &Value) -> Result<Self, Complaint> {
        known(value, "cipher suite", Self::ALL.iter().map(|suite| suite.name), Self::named)
    }
}

impl Field for Curve {
    fn read(value: &Value) -> Result<Self, Complaint> {
        known(value, "curve", Self::ALL.iter().map(|curve| curve.name), Self::named)
    }
}

fn known<'a, T>(
    value: &Value,
    kind: &str,
    names: impl Iterator<Item = &'a str>,
    find: impl Fn(&str) -> Option<T>,
) -> Result<T, Complaint> {
    let remedy = || format!("use {}", names.collect::<Vec<_>>().join(", "));
    let text = match value {
        Value::Text(text) => text,
        other => return Err(Complaint::new(expected(&format!("a {kind}"), other), remedy())),
    };
    let what = || format!("{} is no {kind} that is known here", quote(text));
    find(text).ok_or_else(|| Complaint::new(what(), remedy()))
}

fn scalar<'a>(value: &'a Value, what: &str, remedy: &str) -> Result<&'a str, Complaint> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(Complaint::new(expected(what, other), remedy)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("1500", 1500),
            ("1s", 1_000_000_000),
            ("1m30s", 90_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("+3ms", 3_000_000),
            ("-1s", -1_000_000_000),
            ("2us3ns", 2_003),
            ("7µs", 7_000),
            ("0.1000000000000000000000001s", 100_000_000),
        ] {
            let read = Nanoseconds::read(&Value::Text(text.into()));
            assert_eq!(read, Ok(Nanoseconds(nanoseconds)), "{text}");
        }
        for text in
            ["", "s", "1x", "1 s", "1d", "--1s", "1s1", ".s", "9999999999h", "1.5", "1.2.3s", "é"]
        {
            let read = Nanoseconds::read(&Value::Text(text.into()));
            assert!(read.is_err(), "{text}");
        }
    }

    #[test]
    fn switches_are_those_of_yaml_1_1() {
        let read = |text: &str| Switch::read(&Value::Text(text.into())).map(|Switch(on)| on).ok();
        for on in ["true", "True", "TRUE", "yes", "Yes", "on", "ON", "y", "Y"] {
            assert_eq!(read(on), Some(true), "{on}");
        }
        for off in ["false", "no", "NO", "off", "Off", "n"] {
            assert_eq!(read(off), Some(false), "{off}");
        }
        for neither in ["", "tRue", "1", "0", "ja", "ü"] {
            assert_eq!(read(neither), None, "{neither}");
        }
    }
}
