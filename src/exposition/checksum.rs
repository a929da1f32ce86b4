//! The checksum of a text that is known in two parts.
//!
//! gzip's trailer is over body and tail together, and each has its own time: a body lives for a
//! scan, a tail for a second. To put two sums together takes a matrix that follows from the length
//! of the second text alone, which is most of the work and is done once for each tail.

use zlib_rs::crc32;

/// CRC-32 (RFC 1952) and length of a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checksum {
    sum: u32,
    length: u64,
}

impl Checksum {
    /// Goes on with these bytes.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sum = crc32::crc32(self.sum, bytes);
        self.length += bytes.len() as u64;
    }

    /// The length of the text in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

/// The checksum of a text that will stand behind others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suffix {
    of: Checksum,
    operator: u32,
}

impl Suffix {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut of = Checksum::default();
        of.update(text);
        Self { of, operator: crc32::crc32_combine_gen(of.length) }
    }

    /// The trailer of a gzip member that holds `text` and then this one: sum and length.
    pub(super) fn trailer(&self, text: &Checksum) -> [u8; 8] {
        let sum = crc32::crc32_combine_op(text.sum, self.of.sum, self.operator);
        let length = text.length.wrapping_add(self.of.length);
        // RFC 1952 takes the length modulo 2^32: the lower four bytes.
        let ([a, b, c, d], [e, f, g, h, ..]) = (sum.to_le_bytes(), length.to_le_bytes());
        [a, b, c, d, e, f, g, h]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_parts_have_the_trailer_of_the_whole() {
        let text: Vec<u8> = (0..=255).cycle().take(100_003).collect();
        let mut whole = flate2::Crc::new();
        whole.update(&text);
        let wanted = [whole.sum().to_le_bytes(), whole.amount().to_le_bytes()].concat();
        for cut in [0, 1, 255, 65_536, text.len() - 1, text.len()] {
            let (body, tail) = text.split_at(cut);
            let mut sum = Checksum::default();
            for piece in body.chunks(1000) {
                sum.update(piece);
            }
            assert_eq!(Suffix::of(tail).trailer(&sum), *wanted);
        }
    }
}
