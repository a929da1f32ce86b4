//! Bodies that are compressed while they are written, and joined with a tail when they are sent.
//!
//! A gzip answer is one ordinary member: the deflated body up to a sync flush, which ends on a
//! byte boundary, then the tail as *stored* deflate blocks, then a trailer for which the two
//! checksums are combined. So the daemon's own families stay live while a scrape compresses
//! nothing. (Two members, one after the other, would be simpler, but many readers stop at the
//! end of the first.)

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use super::checksum::{Checksum, Suffix};

/// Text is deflated in pieces of this size while it is written.
const PIECE: usize = 64 * 1024;
/// No sample is expected to be longer; one that is only makes a piece longer.
const SLACK: usize = 4 * 1024;
/// Up to this size the plain text is kept beside the compressed one, in bytes. Above, it is
/// inflated again for the rare client that asks for it.
const PLAIN_KEPT: usize = 8 * 1024 * 1024;
/// RFC 1952: magic, deflate, no flags, no time, fastest compression, unknown system.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
/// The longest stored block, in bytes (RFC 1951, 3.2.4).
const STORED_MAX: usize = 65_535;
/// An answer has a body, a tail and, compressed, a trailer.
const PARTS: usize = 3;

/// Takes text, deflates it piece by piece.
pub struct BodyBuilder {
    piece: Vec<u8>,
    plain: Option<Vec<u8>>,
    plain_kept: usize,
    gzip: Vec<u8>,
    /// None: the text is counted and forgotten.
    deflate: Option<Compress>,
    sum: Checksum,
    /// Of what was deflated or forgotten.
    length: u64,
}

impl std::fmt::Debug for BodyBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BodyBuilder({} bytes)", self.text_len())
    }
}

impl Default for BodyBuilder {
    fn default() -> Self {
        Self::keeping_plain_up_to(PLAIN_KEPT)
    }
}

impl BodyBuilder {
    /// A builder that keeps the plain text up to that many bytes.
    #[must_use]
    pub fn keeping_plain_up_to(plain_kept: usize) -> Self {
        Self {
            piece: Vec::with_capacity(PIECE + SLACK),
            plain: Some(Vec::new()),
            plain_kept,
            gzip: GZIP_HEAD.to_vec(),
            // Level 1: a sixth of the size for a quarter of the time that the default takes.
            deflate: Some(Compress::new(Compression::new(1), false)),
            sum: Checksum::default(),
            length: 0,
        }
    }

    /// A builder that counts what it takes and forgets it, so that the writing of the text can be
    /// measured without its compression. It is not for finishing.
    #[must_use]
    pub fn forgetting() -> Self {
        Self {
            piece: Vec::with_capacity(PIECE + SLACK),
            plain: None,
            plain_kept: 0,
            gzip: Vec::new(),
            deflate: None,
            sum: Checksum::default(),
            length: 0,
        }
    }

    /// Where the next sample is appended.
    pub fn room(&mut self) -> &mut Vec<u8> {
        if self.piece.len() >= PIECE {
            self.deflate(FlushCompress::None);
        }
        &mut self.piece
    }

    /// So many bytes follow at least. If the plain text would not be kept to the end, it is not
    /// begun: what is thrown away in the middle would be the peak of the memory.
    pub fn expect(&mut self, more: u64) {
        let whole = usize::try_from(self.text_len().saturating_add(more)).unwrap_or(usize::MAX);
        self.plain = self.plain.take().filter(|_| whole <= self.plain_kept);
    }

    /// How long the text is so far, in bytes.
    #[must_use]
    pub fn text_len(&self) -> u64 {
        self.length + self.piece.len() as u64
    }

    fn deflate(&mut self, flush: FlushCompress) {
        self.length += self.piece.len() as u64;
        let Some(deflate) = &mut self.deflate else {
            self.piece.clear();
            return;
        };
        self.sum.update(&self.piece);
        if let Some(plain) = &mut self.plain {
            if plain.len() + self.piece.len() <= self.plain_kept {
                plain.extend_from_slice(&self.piece);
            } else {
                self.plain = None;
            }
        }
        let begin = deflate.total_in();
        loop {
            let done = usize::try_from(deflate.total_in() - begin).unwrap_or(usize::MAX);
            let input = self.piece.get(done..).unwrap_or_default();
            let room = self.gzip.capacity() - self.gzip.len();
            if room < PIECE / 2 {
                // Grown by an eighth: doubling a buffer of megabytes would be the peak of the scan.
                self.gzip.reserve_exact(PIECE.max(self.gzip.len() / 8));
            }
            // Deflate has no failing state: it takes any bytes, and there is always room.
            let _ = deflate.compress_vec(input, &mut self.gzip, flush);
            let taken = deflate.total_in() - begin == self.piece.len() as u64;
            if taken && self.gzip.len() < self.gzip.capacity() {
                break;
            }
        }
        self.piece.clear();
    }

    /// The finished body.
    #[must_use]
    pub fn finish(mut self) -> Exposition {
        self.deflate(FlushCompress::Sync);
        self.gzip.shrink_to_fit();
        Exposition {
            plain: self.plain.map(|mut plain| {
                plain.shrink_to_fit();
                Bytes::from(plain)
            }),
            gzip: Bytes::from(self.gzip),
            sum: self.sum,
        }
    }
}

/// A finished body, ready to be sent to any number of clients at once.
#[derive(Debug)]
pub struct Exposition {
    plain: Option<Bytes>,
    gzip: Bytes,
    sum: Checksum,
}

impl Exposition {
    /// Plain size in bytes, without the tail.
    #[must_use]
    pub fn plain_len(&self) -> u64 {
        self.sum.length()
    }

    /// Compressed size in bytes, without the tail.
    #[must_use]
    pub fn gzip_len(&self) -> u64 {
        self.gzip.len() as u64
    }

    /// The whole answer as one gzip member.
    #[must_use]
    pub fn gzip(&self, tail: &Tail) -> Chunks {
        let trailer = tail.suffix.trailer(&self.sum);
        Chunks::of(Part::Ready(self.gzip.clone()), self.gzip.len() as u64)
            .then(tail.stored.clone())
            .then(Bytes::copy_from_slice(&trailer))
    }

    /// The whole answer as plain text.
    #[must_use]
    pub fn plain(&self, tail: &Tail) -> Chunks {
        let body = match &self.plain {
            Some(plain) => Part::Ready(plain.clone()),
            None => Part::Inflated(Box::new(Inflate {
                input: self.gzip.slice(GZIP_HEAD.len()..),
                inflate: Decompress::new(false),
                left: self.plain_len(),
            })),
        };
        Chunks::of(body, self.plain_len()).then(tail.plain.clone())
    }
}

/// What follows the body: rendered seldom, shared, never compressed.
#[derive(Debug)]
pub struct Tail {
    plain: Bytes,
    stored: Bytes,
    suffix: Suffix,
}

impl Default for Tail {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Tail {
    /// Frames a text as stored deflate blocks.
    #[must_use]
    pub fn new(text: Vec<u8>) -> Self {
        let suffix = Suffix::of(&text);
        let mut stored = Vec::with_capacity(text.len() + 5 * (1 + text.len() / STORED_MAX));
        let mut rest = &*text;
        loop {
            let (block, behind) = rest.split_at(rest.len().min(STORED_MAX));
            // At most STORED_MAX, so it fits.
            let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
            stored.push(u8::from(behind.is_empty()));
            stored.extend_from_slice(&length.to_le_bytes());
            stored.extend_from_slice(&(!length).to_le_bytes());
            stored.extend_from_slice(block);
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        Self { plain: Bytes::from(text), stored: Bytes::from(stored), suffix }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.plain
    }
}

/// The pieces of an answer in order; those that are at hand are shared, not copied.
#[derive(Debug)]
pub struct Chunks {
    parts: [Part; PARTS],
    next: usize,
    used: usize,
    left: u64,
}

#[derive(Debug)]
enum Part {
    Ready(Bytes),
    Inflated(Box<Inflate>),
}

#[derive(Debug)]
struct Inflate {
    input: Bytes,
    inflate: Decompress,
    left: u64,
}

impl Inflate {
    fn piece(&mut self) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        let room = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        let mut piece = Vec::with_capacity(room);
        let begin = usize::try_from(self.inflate.total_in()).unwrap_or(usize::MAX);
        let input = self.input.get(begin..).unwrap_or_default();
        let read = self.inflate.decompress_vec(input, &mut piece, FlushDecompress::None);
        if read.is_err() || piece.is_empty() {
            // Cannot happen with bytes of our own; ending early is seen by the client, since the
            // length was announced.
            self.left = 0;
            return None;
        }
        self.left = self.left.saturating_sub(piece.len() as u64);
        Some(Bytes::from(piece))
    }
}

impl Chunks {
    fn of(first: Part, length: u64) -> Self {
        let none = || Part::Ready(Bytes::new());
        Self { parts: [first, none(), none()], next: 0, used: 1, left: length }
    }

    fn then(mut self, part: Bytes) -> Self {
        self.left += part.len() as u64;
        self.parts[self.used] = Part::Ready(part);
        self.used += 1;
        self
    }

    /// All parts, if each is there already and so can go out at once.
    ///
    /// # Errors
    /// With the same chunks, when some of them are still to be made.
    pub fn at_hand(self) -> Result<[Bytes; PARTS], Self> {
        match self.parts {
            [Part::Ready(body), Part::Ready(tail), Part::Ready(trailer)] => {
                Ok([body, tail, trailer])
            }
            parts => Err(Self { parts, ..self }),
        }
    }

    /// Exact length of all that is left, in bytes.
    #[must_use]
    pub fn byte_len(&self) -> u64 {
        self.left
    }
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        while let Some(part) = self.parts.get_mut(self.next) {
            let chunk = match part {
                Part::Ready(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
                Part::Inflated(inflate) => inflate.piece(),
            };
            if let Some(chunk) = chunk {
                self.left = self.left.saturating_sub(chunk.len() as u64);
                return Some(chunk);
            }
            self.next += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn built(text: &[u8], plain_kept: usize) -> Exposition {
        let mut builder = BodyBuilder::keeping_plain_up_to(plain_kept);
        for line in text.chunks(100) {
            builder.room().extend_from_slice(line);
        }
        builder.finish()
    }

    fn joined(chunks: Chunks) -> Vec<u8> {
        let announced = chunks.byte_len();
        let bytes: Vec<u8> = chunks.flatten().collect();
        assert_eq!(bytes.len() as u64, announced, "the announced length is exact");
        bytes
    }

    fn gunzip(bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).unwrap();
        text
    }

    /// Text that compresses badly, so that every buffer runs full once.
    fn noise(length: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(7);
        (0..length).map(|_| random.u8(b' '..=b'~')).collect()
    }

    #[test]
    fn gzip_is_one_member_that_holds_body_and_tail_whatever_their_sizes() {
        for body in [0, 1, 99, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 17] {
            for tail in [0, 1, STORED_MAX - 1, STORED_MAX, STORED_MAX + 1, 3 * STORED_MAX] {
                let (body, tail) = (noise(body), noise(tail));
                let both = [&*body, &*tail].concat();
                let exposition = built(&body, PLAIN_KEPT);
                let bytes = joined(exposition.gzip(&Tail::new(tail)));
                assert_eq!(gunzip(&bytes), both);
            }
        }
    }

    #[test]
    fn plain_is_the_same_text_whether_it_was_kept_or_is_inflated_again() {
        let text = noise(3 * PIECE + 5);
        let tail = Tail::new(b"tail 1\n".to_vec());
        let kept = joined(built(&text, PLAIN_KEPT).plain(&tail));
        let inflated = built(&text, PIECE);
        assert!(inflated.plain.is_none());
        assert_eq!(kept, [&*text, b"tail 1\n"].concat());
        assert_eq!(joined(inflated.plain(&tail)), kept);
    }

    #[test]
    fn a_text_that_is_announced_as_too_long_is_not_kept_from_its_beginning() {
        for (announced, is_kept) in [(90, true), (91, false), (u64::MAX, false)] {
            let mut builder = BodyBuilder::keeping_plain_up_to(100);
            builder.room().extend_from_slice(b"0123456789");
            builder.expect(announced);
            assert_eq!(builder.plain.is_some(), is_kept, "{announced}");
        }
    }

    #[test]
    fn pieces_of_an_inflated_text_are_small() {
        let text = noise(5 * PIECE);
        let exposition = built(&text, 0);
        assert!(exposition.plain(&Tail::default()).all(|chunk| chunk.len() <= PIECE));
    }

    #[test]
    fn one_body_serves_many_tails() {
        let exposition = built(b"body 1\n", PLAIN_KEPT);
        for tail in [&b"a 1\n"[..], b"b 2\n", b""] {
            let bytes = joined(exposition.gzip(&Tail::new(tail.to_vec())));
            assert_eq!(gunzip(&bytes), [b"body 1\n", tail].concat());
        }
    }
}
