//! Rust files as text: what is code, what is a comment, and which names the code uses.
#![allow(
    clippy::string_slice,
    reason = "every offset comes from a search in the same text, or from the length of a character"
)]

use std::ops::Range;

/// A file below the repository.
pub struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// As it is on disk.
    pub text: String,
    /// `text` with everything in comments and literals blanked, line for line.
    pub code: String,
    /// The lines, from 0, that only tests compile.
    pub tests: Range<usize>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank_comments_and_literals(text);
        let lines = code.lines().count();
        let whole = !path.starts_with("src/") || path.ends_with("/tests.rs");
        let tests = if whole { 0..lines } else { test_module(&code).unwrap_or(lines..lines) };
        Self { path: path.to_owned(), text: text.to_owned(), code, tests }
    }

    /// The module right below the crate's root: `aws` for `src/aws.rs` and all of `src/aws/`.
    pub fn module(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
    }

    /// How many lines are not tests.
    pub fn length(&self) -> usize {
        self.code.lines().count() - self.tests.len()
    }

    /// `path:line` of a line counted from 0.
    pub fn place(&self, line: usize) -> String {
        format!("{}:{}", self.path, line + 1)
    }

    /// The modules that the code takes from the crate's root, each with its line from 0.
    pub fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for at in words(&self.code, "crate") {
            let Some(rest) = self.code[at + "crate".len()..].strip_prefix("::") else { continue };
            let line = self.line_of(at);
            let names = match rest.trim_start().strip_prefix('{') {
                Some(group) => heads_of_group(group),
                None => vec![leading_name(rest)],
            };
            found.extend(names.into_iter().filter(|n| !n.is_empty()).map(|n| (line, n)));
        }
        found
    }

    /// The lines, from 0, where the code names the crate `name`.
    pub fn uses_of_crate(&self, name: &str) -> Vec<usize> {
        let names_it = |at: &usize| {
            let before = self.code[..*at].trim_end();
            let path = before.strip_suffix("::");
            // `a::name::b` is a module of somebody else; `::name::b` is the crate.
            let own = path.is_none_or(|p| !p.ends_with(|c: char| is_name(c) || c == '>'));
            let after = &self.code[at + name.len()..];
            own && (after.starts_with("::") || before.ends_with("use") || before.ends_with("crate"))
        };
        words(&self.code, name).into_iter().filter(names_it).map(|at| self.line_of(at)).collect()
    }

    /// The lines, from 0, where the code has `word` as a word of its own.
    pub fn lines_with(&self, word: &str) -> Vec<usize> {
        words(&self.code, word).into_iter().map(|at| self.line_of(at)).collect()
    }

    fn line_of(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count()
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn leading_name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| is_name(*c)).collect()
}

/// The offsets of `word` where it is no part of a longer name.
fn words(code: &str, word: &str) -> Vec<usize> {
    let alone = |at: &usize| {
        !code[..*at].ends_with(is_name) && !code[at + word.len()..].starts_with(is_name)
    };
    code.match_indices(word).map(|(at, _)| at).filter(alone).collect()
}

/// `a, c` of `a::b, c::{d, e}}…`.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut heads = vec![leading_name(group)];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(leading_name(&group[at + 1..])),
            _ => {}
        }
    }
    heads
}

/// The first inline module under `#[cfg(test)]`. It is the end of the file by convention, so
/// that all below it counts as tests.
fn test_module(code: &str) -> Option<Range<usize>> {
    let lines: Vec<&str> = code.lines().collect();
    let is_start = |at: &usize| {
        let opens = |line: &str| line.starts_with("mod ") && line.ends_with('{');
        lines[*at].trim() == "#[cfg(test)]"
            && lines[at + 1..].iter().find(|l| !l.starts_with("#[")).is_some_and(|l| opens(l))
    };
    (0..lines.len()).find(is_start).map(|start| start..lines.len())
}

/// Blanks comments and what stands between quotes; the quotes and the lines stay.
fn blank_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (kept, blanked) = next_blank(rest);
        code.push_str(&rest[..kept]);
        code.extend(rest[kept..kept + blanked].chars().map(|c| if c == '\n' { c } else { ' ' }));
        let taken = kept + blanked;
        if taken == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            rest = &rest[taken..];
        }
        // A name is taken whole, so that the r of `for` never opens a raw string.
        if taken == 0 && is_name(c) {
            let name = rest.len() - rest.trim_start_matches(is_name).len();
            code.push_str(&rest[..name]);
            rest = &rest[name..];
        }
    }
    code
}

/// For text that begins with a comment or literal: the bytes to keep, then the bytes to blank.
fn next_blank(rest: &str) -> (usize, usize) {
    let until = |from: usize, end: &str| rest[from..].find(end).unwrap_or(rest.len() - from);
    if rest.starts_with("//") {
        return (0, until(0, "\n"));
    }
    if rest.starts_with("/*") {
        return (0, block_comment(rest));
    }
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r')).unwrap_or("");
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if raw[hashes..].starts_with('"') {
        let open = rest.len() - raw.len() + hashes + 1;
        return (open, until(open, &format!("\"{}", "#".repeat(hashes))) + 1 + hashes);
    }
    if rest.starts_with('"') || rest.starts_with("b\"") {
        let open = rest.find('"').map_or(0, |at| at + 1);
        return (open, quoted(&rest[open..]));
    }
    let mut after = rest.strip_prefix('\'').unwrap_or("").chars();
    match (after.next(), after.next()) {
        (Some('\\'), Some(escaped)) => {
            let open = 2 + escaped.len_utf8();
            (1, open - 1 + until(open, "'") + 1)
        }
        (Some(c), Some('\'')) => (1, c.len_utf8()),
        _ => (0, 0),
    }
}

/// The length of a block comment, which may hold others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length of a string's content and its closing quote.
fn quoted(content: &str) -> usize {
    let mut escaped = false;
    for (at, c) in content.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    content.len()
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = r####"let a = "crate::b \" // c"; // crate::d
/* crate::e /* crate::f */ crate::g */ let h = 'x'; let q = '"'; let l: &'static str = r#"crate::i "j" "#;
let nl = '\n'; let uni = '\u{7f}'; for_r("crate::k"); crate::m::n();"####;
    let source = Source::new("src/a.rs", text);
    assert_eq!(source.imports(), [(2, "m".to_owned())]);
    assert_eq!(source.code.lines().count(), 3);
    assert!(source.code.contains("&'static str") && source.code.contains("let uni"));
}

#[test]
fn imports_are_found_in_groups_and_in_paths() {
    let text = "use crate::{aws::{fetch, Call}, model};\nfn f() -> crate::config::Config {}\npub(crate) fn g() {}\n";
    let expected = [(0, "aws".to_owned()), (0, "model".to_owned()), (1, "config".to_owned())];
    assert_eq!(Source::new("src/scan.rs", text).imports(), expected);
}

#[test]
fn a_crate_is_told_from_a_module_or_variable_of_its_name() {
    let uses = |text: &str| Source::new("src/a.rs", text).uses_of_crate("prometheus").len();
    assert_eq!(uses("use prometheus;"), 1);
    assert_eq!(uses("let r = ::prometheus::Registry::new();"), 1);
    assert_eq!(uses("let r = prometheus::Registry::new();"), 1);
    assert_eq!(uses("let prometheus = 1; foo::prometheus::bar(); my_prometheus::x();"), 0);
}

#[test]
fn what_follows_the_test_module_is_not_counted_as_code() {
    let text = "fn f() {}\n\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    use super::*;\n}\n";
    assert_eq!(Source::new("src/a.rs", text).length(), 2);
    assert_eq!(Source::new("src/a.rs", "#[cfg(test)]\nmod tests;\nfn f() {}\n").length(), 3);
    assert_eq!(Source::new("src/a/tests.rs", text).length(), 0);
}
