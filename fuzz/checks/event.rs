//! A message of the event queue: anybody who may write to it can write anything.

use serde_json::Value;
use servicecatalog_exporter::model::{AccountId, Hint, Ignored, LONGEST_EVENT, Region};

/// Reads the input as a message.
pub fn check(input: &[u8]) {
    // SQS takes no other.
    let Ok(body) = std::str::from_utf8(input) else { return };
    let outcome = Hint::read(body);
    assert_eq!(outcome, Hint::read(body), "the same message is read in two ways");

    let event: Option<Value> = serde_json::from_str(body).ok();
    if body.len() > LONGEST_EVENT || !event.as_ref().is_some_and(Value::is_object) {
        assert_eq!(outcome, Err(Ignored::Malformed), "no event is taken for one");
        return;
    }
    let Ok(Hint { account, region, product }) = outcome else { return };
    let event = event.unwrap_or_default();
    let sources = ["aws.cloudformation", "aws.servicecatalog", "aws.controltower"];
    let source = event["source"].as_str().unwrap_or_default();
    assert!(sources.contains(&source), "nobody else is heard: {source}");
    let mut said = vec![account.as_str(), region.as_str()];
    assert!(AccountId::parse(account.as_str()).is_ok(), "{account} is no account");
    assert!(Region::parse(region.as_str()).is_ok(), "{region} is no region");
    if let Some(product) = &product {
        let id = product.strip_prefix("pp-").unwrap_or_default();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        assert!((1..=30).contains(&id.len()) && id.bytes().all(plain), "{product} is no product");
        said.push(product);
    }
    for what in said {
        assert!(holds(&event, what), "{what} is not in the message");
    }
}

/// Whether a text somewhere in the value holds `what`.
fn holds(value: &Value, what: &str) -> bool {
    match value {
        Value::String(text) => text.contains(what),
        Value::Array(items) => items.iter().any(|item| holds(item, what)),
        Value::Object(entries) => entries.values().any(|value| holds(value, what)),
        _ => false,
    }
}
