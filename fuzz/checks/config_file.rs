//! The configuration file: any text is a configuration or one line that says what is wrong with it.

use servicecatalog_exporter::config::{Defaults, Overrides, parse};

use super::secret::{OTHER_SECRET, SECRET, is_refusal, is_shown};

/// How messages call the file.
const NAME: &str = "fuzzed.yml";
/// Keys whose values no message shows: secrets, and a URL, which may hold a password where it is
/// refused.
const SECRET_KEYS: [&str; 5] =
    ["external_id", "management_external_id", "endpoint_url", "external_url", "queue_url"];
const URL: &str = "_url";

/// Reads the input as a configuration file.
pub fn check(input: &[u8]) {
    // What is no UTF-8 is refused before it is read as YAML.
    let Ok(text) = std::str::from_utf8(input) else { return };
    let read = |text: &str| parse(NAME, text, &Overrides::new(), Defaults::Production);
    let outcome = read(text);
    assert_eq!(outcome, read(text), "the same text is read in two ways");

    let said = match &outcome {
        Ok(config) => format!("{config:?} {}", config.warnings().join(" ")),
        Err(error) => {
            let line = error.to_string();
            is_refusal(&line, NAME);
            line
        }
    };
    // A URL that is accepted has no password in it, and is shown.
    let may_show = outcome.is_ok() && text.contains(URL);
    if text.contains(SECRET) && !may_show && !is_shown(text, is_hidden) {
        assert!(!said.contains(SECRET), "tells a secret: {said}");
        // A secret in a comment counts as any comment does.
        if let Ok(config) = &outcome
            && !text.contains('#')
            && let Ok(other) = read(&text.replace(SECRET, OTHER_SECRET))
        {
            assert_eq!(config.hash, other.hash, "the hash depends on a secret");
        }
    }
}

fn is_hidden(keys: &[String]) -> bool {
    keys.iter().any(|key| SECRET_KEYS.contains(&key.as_str()))
}
