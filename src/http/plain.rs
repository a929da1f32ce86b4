//! Text from outside, to be shown on a terminal.

use std::borrow::Cow;

/// Without what moves the cursor, colours, ends the line or turns it round.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    match text.contains(is_harmful) {
        true => text.replace(is_harmful, "\u{fffd}").into(),
        false => text.into(),
    }
}

/// Whether that is such a character.
#[must_use]
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}')
        // Marks, embeddings and isolates of bidirectional text.
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_replaced_and_other_text_stays() {
        assert_eq!(plain("Größe 山 🙂"), "Größe 山 🙂");
        let hostile = "a\u{1b}[2Jb\u{9b}31mc\nd\u{202e}e\u{2028}f\u{7f}";
        let shown = plain(hostile);
        assert_eq!(shown, "a\u{fffd}[2Jb\u{fffd}31mc\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}");
    }
}
