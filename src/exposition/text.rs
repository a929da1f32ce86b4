//! Escaping and the form of numbers.

use std::io::Write as _;

/// Appends a label value: `\`, `"` and line feed are escaped, everything else stands as it is.
pub(super) fn push_label_value(out: &mut Vec<u8>, value: &str) {
    let bytes = value.as_bytes();
    let mut rest = 0;
    for (place, byte) in bytes.iter().enumerate() {
        let escaped: &[u8; 2] = match byte {
            b'\\' => br"\\",
            b'"' => b"\\\"",
            b'\n' => br"\n",
            _ => continue,
        };
        out.extend_from_slice(&bytes[rest..place]);
        out.extend_from_slice(escaped);
        rest = place + 1;
    }
    out.extend_from_slice(&bytes[rest..]);
}

/// Appends a HELP text, in which quotes need no escape.
pub(super) fn push_help(out: &mut Vec<u8>, help: &str) {
    for byte in help.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(br"\\"),
            b'\n' => out.extend_from_slice(br"\n"),
            other => out.push(other),
        }
    }
}

/// Appends a sample's value: the shortest text that reads back as the same number.
pub(super) fn push_number(out: &mut Vec<u8>, value: f64) {
    // Most samples are states and small counts.
    const DIGITS: [f64; 10] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    let digit = DIGITS.iter().position(|digit| digit.to_bits() == value.to_bits());
    if let Some(digit) = digit {
        out.push(b"0123456789"[digit]);
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

#[cfg(test)]
mod tests {
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
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn label_values_escape_what_would_end_them_and_nothing_else() {
        let mut out = Vec::new();
        push_label_value(&mut out, "a\"b\\c\nd é\t'{}");
        assert_eq!(String::from_utf8(out).unwrap(), "a\\\"b\\\\c\\nd é\t'{}");
    }
}
