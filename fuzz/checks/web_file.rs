//! The web file: any text is one, or one line says what is wrong with it.

use std::fs;

use servicecatalog_exporter::config::{WebLoader, check_web_text};

use super::secret::{SECRET, is_refusal, is_shown};

/// How messages call the file.
const NAME: &str = "web.yml";
const USERS: &str = "basic_auth_users";

/// Reads the input as a web file; with what it holds inline it is also put to use.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let outcome = check_web_text(NAME, text);
    assert_eq!(outcome, check_web_text(NAME, text), "the same text is read in two ways");
    let mut said = Vec::new();
    if let Err(error) = &outcome {
        said.push(error.to_string());
        is_refusal(&said[0], NAME);
    }

    // Other files could be anything on this machine; an escape could name one.
    if !text.contains("_file") && !text.contains('\\') {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(NAME);
        fs::write(&path, text).expect("a file");
        let loader = WebLoader::new(path.clone());
        match (loader.load(), outcome) {
            (Ok(loaded), Ok(())) => {
                assert_eq!(loaded.contents, loader.contents(), "seems to have changed");
                for warning in &loaded.warnings {
                    assert!(!warning.contains(char::is_control), "is no single line: {warning:?}");
                }
                said.push(format!("{loaded:?} {}", loaded.warnings.join(" ")));
            }
            (Ok(_), Err(error)) => panic!("is put to use, and refused: {error}"),
            (Err(error), outcome) => {
                let line = error.to_string();
                is_refusal(&line, &path.display().to_string());
                let place = &line[path.display().to_string().len()..];
                if let Err(error) = outcome {
                    assert_eq!(error.to_string().strip_prefix(NAME), Some(place));
                }
                said.push(line);
            }
        }
    }
    if text.contains(SECRET) && !is_shown(text, is_hidden) {
        let said = said.join("\n");
        assert!(!said.contains(SECRET), "tells a secret: {said}");
    }
}

/// The key and the hashes of passwords; a user may be named.
fn is_hidden(keys: &[String]) -> bool {
    keys.iter().any(|key| key == "key")
        || keys.len() > 1 && keys.last().is_some_and(|key| key == USERS)
}
