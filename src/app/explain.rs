//! `explain`: asks a running exporter why a series is there, old or missing, and prints it.

use std::fmt::Write as _;

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use crate::config::Config;
use crate::http::{Inquiry, inquire, is_harmful, plain};

/// The answer of the exporter of this configuration, or of the one that is named: for people, or
/// as it came.
///
/// # Errors
/// When it does not answer in time, or refuses.
pub fn explain(config: &Config, inquiry: &Inquiry, as_json: bool) -> anyhow::Result<String> {
    let body = inquire(&config.web, inquiry)?;
    let answer: Value = serde_json::from_slice(&body).context(NO_EXPLANATION)?;
    match as_json {
        true => Ok(escaped(&serde_json::to_string_pretty(&answer)?)),
        false => text(&answer).ok_or_else(|| anyhow!(NO_EXPLANATION)),
    }
}

const NO_EXPLANATION: &str =
    "the answer is no explanation; is it an exporter that answers there, of this version?";

/// The summary, then a line for each fact.
fn text(answer: &Value) -> Option<String> {
    let mut text = String::new();
    for sentence in answer.get("summary")?.as_array()? {
        let _ = writeln!(text, "{}", plain(sentence.as_str()?));
    }
    let facts = answer.get("facts")?.as_array()?.iter();
    let facts = facts.map(|fact| {
        let about = fact.get("about")?.as_str()?.replace('_', " ");
        Some((plain(&about).into_owned(), plain(fact.get("says")?.as_str()?)))
    });
    let facts: Vec<_> = facts.collect::<Option<_>>()?;
    let width = facts.iter().map(|(about, _)| about.chars().count()).max().unwrap_or_default();
    text.push('\n');
    for (about, says) in facts {
        let _ = writeln!(text, "{about:width$}  {says}");
    }
    Some(text)
}

/// JSON with its text escaped that a terminal would obey: it stands in strings only.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => text.push('\n'),
            c if is_harmful(c) => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_comes_first_and_then_a_line_for_each_fact() {
        let answer = serde_json::json!({
            "summary": ["One.", "Two\u{1b}[2J."],
            "facts": [
                {"about": "next_attempt", "says": "soon"},
                {"about": "why", "says": "a\nb\u{202e}c"},
            ],
        });
        assert_eq!(
            text(&answer).unwrap(),
            "One.\nTwo\u{fffd}[2J.\n\nnext attempt  soon\nwhy           a\u{fffd}b\u{fffd}c\n"
        );
        for other in
            ["null", "{}", r#"{"summary": "x", "facts": []}"#, r#"{"summary": [], "facts": [1]}"#]
        {
            assert_eq!(text(&serde_json::from_str(other).unwrap()), None, "{other}");
        }
    }

    #[test]
    fn json_that_is_printed_is_the_same_json_without_what_a_terminal_obeys() {
        let answer = serde_json::json!({ "name": "a\u{9b}31m\u{202e}\u{7f}ü\n" });
        let printed = escaped(&serde_json::to_string_pretty(&answer).unwrap());
        assert!(printed.contains(r"\u009b31m\u202e\u007fü\n"), "{printed}");
        assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), answer);
    }
}
