//! A password becomes a line of the web file, and is shown to nobody.

use std::io::{self, IsTerminal as _, Read as _};

use anyhow::{Context as _, ensure};

use crate::password::{LONGEST, hash};

/// Reads a password, from the terminal twice or else from standard input, and gives a line for
/// `basic_auth_users`, or without a user the hash alone.
///
/// # Errors
/// When there is no password, or one that bcrypt would cut.
pub fn hash_password(user: Option<&str>, cost: u32) -> anyhow::Result<String> {
    let password = match io::stdin().is_terminal() {
        true => typed()?,
        false => piped(io::stdin().lock())?,
    };
    Ok(line(user, &hash(&password, cost)?))
}

fn typed() -> anyhow::Result<Vec<u8>> {
    let ask = |prompt| rpassword::prompt_password(prompt).context("cannot read from the terminal");
    let password = ask("Password: ")?;
    ensure!(password == ask("The same again: ")?, "the two differ; try again");
    Ok(password.into_bytes())
}

/// All of it but the line break at its end.
fn piped(input: impl io::Read) -> anyhow::Result<Vec<u8>> {
    let mut password = Vec::new();
    // Far more than counts, to tell how much too long it is.
    let most = 16 * LONGEST as u64;
    input.take(most).read_to_end(&mut password).context("cannot read standard input")?;
    if password.last() == Some(&b'\n') {
        password.pop();
        if password.last() == Some(&b'\r') {
            password.pop();
        }
    }
    Ok(password)
}

/// In YAML. A name in quotes is a text whatever it looks like, and a hash needs none.
fn line(user: Option<&str>, hash: &str) -> String {
    match user {
        None => format!("{hash}\n"),
        Some(user) if is_plain(user) => format!("  {user}: {hash}\n"),
        Some(user) => format!("  '{}': {hash}\n", user.replace('\'', "''")),
    }
}

fn is_plain(user: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    user.starts_with(|first: char| first.is_ascii_alphabetic())
        && user.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        && !WORDS.contains(&&*user.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_a_password() {
        for (given, password) in [
            ("one\n", "one"),
            ("one\r\n", "one"),
            ("one", "one"),
            ("one\n\n", "one\n"),
            (" one ", " one "),
            ("\n", ""),
            ("", ""),
        ] {
            assert_eq!(piped(given.as_bytes()).unwrap(), password.as_bytes(), "{given:?}");
        }
        assert_eq!(piped(io::repeat(b'x')).unwrap().len(), 16 * LONGEST, "it ends");
    }

    #[test]
    fn a_name_that_yaml_would_take_for_something_else_is_quoted() {
        for (user, written) in [
            ("ann", "  ann: H\n"),
            ("no", "  'no': H\n"),
            ("12", "  '12': H\n"),
            ("it's: me", "  'it''s: me': H\n"),
            ("", "  '': H\n"),
        ] {
            assert_eq!(line(Some(user), "H"), written);
        }
        assert_eq!(line(None, "H"), "H\n");
    }
}
