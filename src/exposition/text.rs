//! Escaping and the form of numbers.

use std::io::Write as _;

/// Appends a label value: `\`, `"` and line feed are escaped, everything else stands as it is.
pub(super) fn push_label_value(out: &mut Vec<u8>, value: &str) {
    push_escaped(out, value, |byte| match byte {
        b'\\' => Some(br"\\"),
        b'"' => Some(b"\\\""),
        b'\n' => Some(br"\n"),
        _ => None,
    });
}

/// Appends a HELP text, in which quotes need no escape.
pub(super) fn push_help(out: &mut Vec<u8>, help: &str) {
    push_escaped(out, help, |byte| match byte {
        b'\\' => Some(br"\\"),
        b'\n' => Some(br"\n"),
        _ => None,
    });
}

fn push_escaped(out: &mut Vec<u8>, text: &str, escape: impl Fn(u8) -> Option<&'static [u8; 2]>) {
    let bytes = text.as_bytes();
    // Few texts have any such byte, and without an early end many are looked at together.
    if !bytes.iter().fold(false, |any, byte| any | escape(*byte).is_some()) {
        out.extend_from_slice(bytes);
        return;
    }
    for byte in bytes {
        match escape(*byte) {
            Some(escaped) => out.extend_from_slice(escaped),
            None => out.push(*byte),
        }
    }
}

/// Appends a sample's value: the shortest text that reads back as the same number.
pub(super) fn push_number(out: &mut Vec<u8>, value: f64) {
    const ONE: u64 = 1.0_f64.to_bits();
    // Most values are states: 0 or 1.
    if value.to_bits() == 0 {
        out.push(b'0');
    } else if value.to_bits() == ONE {
        out.push(b'1');
    } else if let Some(thousandths) = exact_thousandths(value) {
        push_thousandths(out, thousandths);
    } else if value.is_finite() {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{value}");
    } else {
        out.extend_from_slice(if value.is_nan() {
            b"NaN"
        } else if value > 0.0 {
            b"+Inf"
        } else {
            b"-Inf"
        });
    }
}

/// Nearly every value is a state, a count or a time in milliseconds. With at most 15 digits such a
/// decimal is the only one so short that reads back as this number, so it needs no search.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a value for which a cast is not exact is not equal to what it came from"
)]
fn exact_thousandths(value: f64) -> Option<u64> {
    const LIMIT: u64 = 1_000_000_000_000_000;
    let thousandths = (value * 1000.0 + 0.5) as u64;
    let same = (thousandths as f64 / 1000.0).to_bits() == value.to_bits();
    (same && thousandths < LIMIT).then_some(thousandths)
}

fn push_thousandths(out: &mut Vec<u8>, thousandths: u64) {
    let (whole, fraction) = (thousandths / 1000, thousandths % 1000);
    if whole < 10 {
        out.push(digit(whole));
    } else {
        // 10^15 thousandths have 13 digits before the point.
        let mut digits = [0; 13];
        let (mut begin, mut left) = (digits.len(), whole);
        while left > 0 {
            begin -= 1;
            digits[begin] = digit(left % 10);
            left /= 10;
        }
        out.extend_from_slice(&digits[begin..]);
    }
    if fraction > 0 {
        let digits = [digit(fraction / 100), digit(fraction / 10 % 10), digit(fraction % 10)];
        let shown = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        out.push(b'.');
        out.extend_from_slice(&digits[..shown]);
    }
}

#[allow(clippy::cast_possible_truncation, reason = "less than ten")]
fn digit(value: u64) -> u8 {
    b'0' + value as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(value: f64) -> String {
        let mut out = Vec::new();
        push_number(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_have_their_shortest_form() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (7.0, "7"),
            (10.0, "10"),
            (1_536_068_318.933, "1536068318.933"),
            (0.05, "0.05"),
            (1.5, "1.5"),
            (0.001, "0.001"),
            (0.0005, "0.0005"),
            (-1.0, "-1"),
            (999_999_999_999.999, "999999999999.999"),
            (1_000_000_000_000.5, "1000000000000.5"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    proptest! {
        #[test]
        fn a_number_has_the_form_that_the_standard_library_gives_it(
            thousandths in 0..2_000_000_000_000_000_u64,
            bits in any::<u64>(),
        ) {
            for value in [thousandths as f64 / 1000.0, (thousandths % 100_000) as f64 / 1000.0, f64::from_bits(bits)] {
                prop_assume!(value.is_finite());
                prop_assert_eq!(number(value), format!("{value}"));
            }
        }
    }

    #[test]
    fn label_values_escape_what_would_end_them_and_nothing_else() {
        let mut out = Vec::new();
        push_label_value(&mut out, "a\"b\\c\nd é\t'{}");
        assert_eq!(String::from_utf8(out).unwrap(), "a\\\"b\\\\c\\nd é\t'{}");
    }
}
