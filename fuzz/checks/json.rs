//! What JSON has to look like to be what a service model describes.

use serde_json::Value;

/// A part of a model. A value may be null but for the items of a list, and hold
/// anything under a name that is unknown.
pub enum Shape {
    Text,
    /// Seconds since 1970-01-01 UTC, up to the year 9999.
    Time,
    /// A number of 32 bits.
    Whole,
    Truth,
    List(&'static Shape),
    Map(&'static [(&'static str, Shape)]),
}

impl Shape {
    /// Whether the value is one.
    pub fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) | (Self::Text, Value::String(_)) | (Self::Truth, Value::Bool(_)) => {
                true
            }
            (Self::Time, Value::Number(number)) => {
                number.as_f64().is_some_and(|seconds| (0.0..253_402_300_800.0).contains(&seconds))
            }
            (Self::Whole, Value::Number(number)) => {
                number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
            }
            (Self::List(item), Value::Array(items)) => {
                items.iter().all(|value| !value.is_null() && item.fits(value))
            }
            (Self::Map(known), Value::Object(entries)) => known
                .iter()
                .all(|(name, shape)| shape.fits(entries.get(*name).unwrap_or(&Value::Null))),
            _ => false,
        }
    }
}
