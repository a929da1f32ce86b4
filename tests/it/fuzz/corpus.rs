//! The stored inputs of a target and the words of its dictionary.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// What mutations begin with.
pub struct Corpus {
    pub inputs: Vec<Vec<u8>>,
    pub words: Vec<Vec<u8>>,
}

impl Corpus {
    /// That of a target.
    pub fn of(target: &str) -> Self {
        let inputs = files(&root().join("corpus").join(target));
        let dictionary = root().join("dictionaries").join(format!("{target}.dict"));
        let dictionary = fs::read_to_string(dictionary).unwrap();
        let lines = dictionary.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let corpus = Self {
            inputs: inputs.into_iter().map(|(_, input)| input).collect(),
            words: lines.map(word).collect(),
        };
        assert!(!corpus.inputs.is_empty() && !corpus.words.is_empty(), "{target}");
        corpus
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The files of a folder by name, and what they hold.
pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// A name for an input: the same input has the same one.
pub fn name(input: &[u8]) -> String {
    Sha256::digest(input).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A line of a dictionary as libFuzzer reads it: a word in quotes, with `\\`, `\"` and `\xNN`.
fn word(line: &str) -> Vec<u8> {
    let quoted = line.strip_prefix('"').and_then(|line| line.strip_suffix('"'));
    let mut rest = quoted.unwrap_or_else(|| panic!("a word in quotes: {line}")).as_bytes();
    let mut word = Vec::new();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        word.push(match (byte, behind) {
            (b'\\', [b'x', hex @ ..]) if hex.len() >= 2 => {
                rest = &hex[2..];
                u8::from_str_radix(std::str::from_utf8(&hex[..2]).unwrap(), 16).unwrap()
            }
            (b'\\', [escaped @ (b'\\' | b'"'), ..]) => {
                rest = &behind[1..];
                *escaped
            }
            (b'\\', _) => panic!("libFuzzer knows no such escape: {line}"),
            (byte, _) => *byte,
        });
    }
    word
}

#[test]
fn words_of_a_dictionary_are_read_as_libfuzzer_reads_them() {
    assert_eq!(word(r#""a\x0a\\\"b""#), b"a\n\\\"b");
}
