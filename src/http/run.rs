//! Bytes in a few pieces that go out together.

use std::io::IoSlice;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// An answer has its body, its tail and a trailer.
const PIECES: usize = 3;

/// Shared bytes in up to three pieces, which a socket takes with one call of the system.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pieces: [Bytes; PIECES],
}

impl Run {
    /// These pieces in this order.
    #[must_use]
    pub fn new(pieces: [Bytes; PIECES]) -> Self {
        Self { pieces }
    }

    /// The first piece of which something is left.
    fn first(&mut self) -> Option<&mut Bytes> {
        self.pieces.iter_mut().find(|piece| !piece.is_empty())
    }
}

impl From<Bytes> for Run {
    fn from(piece: Bytes) -> Self {
        Self { pieces: [piece, Bytes::new(), Bytes::new()] }
    }
}

impl Buf for Run {
    fn remaining(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.pieces.iter().find(|piece| !piece.is_empty()).map_or(&[], |piece| piece)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pieces = self.pieces.iter().filter(|piece| !piece.is_empty());
        slices.iter_mut().zip(pieces).map(|(slice, piece)| *slice = IoSlice::new(piece)).count()
    }

    /// # Panics
    /// When less is left, as [`Buf`] has it.
    fn advance(&mut self, mut by: usize) {
        while by > 0 {
            let Some(piece) = self.first() else { return Bytes::new().advance(by) };
            let here = by.min(piece.len());
            piece.advance(here);
            by -= here;
        }
    }

    /// Shared where they lie in one piece, else copied.
    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        match self.first() {
            Some(piece) if length <= piece.len() => piece.split_to(length),
            _ => {
                let mut copy = BytesMut::with_capacity(length);
                copy.put(self.take(length));
                copy.freeze()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run::new([Bytes::from("ab"), Bytes::new(), Bytes::from("cde")])
    }

    #[test]
    fn all_pieces_are_there_for_one_write() {
        let run = run();
        let mut slices = [IoSlice::new(&[]); 4];
        let count = run.chunks_vectored(&mut slices);
        let slices: Vec<&[u8]> = slices[..count].iter().map(|slice| &**slice).collect();
        assert_eq!(slices, [&b"ab"[..], b"cde"]);
    }

    #[test]
    fn a_write_may_end_anywhere() {
        for end in 0..=5 {
            let mut run = run();
            run.advance(end);
            assert_eq!(run.remaining(), 5 - end);
            assert_eq!(run.copy_to_bytes(5 - end), b"abcde"[end..]);
        }
    }

    #[test]
    fn bytes_of_one_piece_are_shared_and_only_others_are_copied() {
        let mut run = run();
        let last = run.pieces[2].as_ptr();
        assert_eq!(run.copy_to_bytes(1), "a");
        assert_eq!(run.clone().copy_to_bytes(3), "bcd");
        assert_eq!(run.copy_to_bytes(1), "b");
        assert_eq!(run.copy_to_bytes(3).as_ptr(), last);
        assert!(!run.has_remaining());
    }
}
