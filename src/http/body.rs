//! The body of a response: bytes that are there already, with their length known.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use http_body::{Frame, SizeHint};

use super::run::Run;
use super::slots::Slot;
use crate::exposition::Chunks;

/// A body whose pieces are shared with whoever made them; nothing is copied.
pub struct Body {
    pieces: Pieces,
    /// Bytes that are left.
    left: u64,
    /// Given back when the answer is out.
    slot: Option<Slot>,
}

enum Pieces {
    AtOnce(Run),
    Many(Box<dyn Iterator<Item = Bytes> + Send>),
}

impl Body {
    /// No body.
    pub fn empty() -> Self {
        Body::from(Bytes::new())
    }

    /// A body in pieces that are made as the client takes them. `length` is the sum of their
    /// lengths in bytes. If they hold less, hyper cuts the connection, so that the client sees a
    /// failure and no short list.
    pub fn in_pieces(length: u64, pieces: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        Body { pieces: Pieces::Many(Box::new(pieces)), left: length, slot: None }
    }

    /// The same body, which keeps its place among the answers until it is dropped.
    pub(super) fn holding(mut self, slot: Slot) -> Self {
        self.slot = Some(slot);
        self
    }

    /// Bytes that are left.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Body::from(Run::from(bytes))
    }
}

impl From<Run> for Body {
    fn from(run: Run) -> Self {
        Body { left: run.remaining() as u64, pieces: Pieces::AtOnce(run), slot: None }
    }
}

impl From<Chunks> for Body {
    fn from(chunks: Chunks) -> Self {
        match chunks.at_hand() {
            Ok(pieces) => Body::from(Run::new(pieces)),
            Err(chunks) => Body::in_pieces(chunks.byte_len(), chunks),
        }
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Body::from(Bytes::from(text))
    }
}

impl http_body::Body for Body {
    type Data = Run;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Run>, Infallible>>> {
        let piece = match &mut self.pieces {
            Pieces::AtOnce(run) => Some(std::mem::take(run)).filter(Run::has_remaining),
            Pieces::Many(pieces) => pieces.next().map(Run::from),
        };
        if let Some(piece) = &piece {
            self.left = self.left.saturating_sub(piece.remaining() as u64);
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("left", &self.left).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::exposition::{BodyBuilder, Tail};

    fn next(body: &mut Body) -> Option<Run> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        match Pin::new(body).poll_frame(&mut cx) {
            Poll::Ready(frame) => frame.map(|Ok(frame)| frame.into_data().unwrap()),
            Poll::Pending => panic!("a body never waits"),
        }
    }

    #[test]
    fn the_length_is_exact_before_between_and_after_the_pieces() {
        let pieces = ["ab", "", "cde"].map(Bytes::from);
        let mut body = Body::in_pieces(5, pieces.into_iter());
        let mut lengths = vec![body.size_hint().exact().unwrap()];
        while next(&mut body).is_some() {
            lengths.push(body.size_hint().exact().unwrap());
        }
        assert_eq!(lengths, [5, 3, 3, 0]);
        assert!(body.is_end_stream());
    }

    #[test]
    fn a_piece_is_shared_and_not_copied() {
        let bytes = Bytes::from(vec![b'x'; 100]);
        let mut whole = Body::from(bytes.clone());
        let mut pieces = Body::in_pieces(100, std::iter::once(bytes.clone()));
        assert_eq!(next(&mut whole).unwrap().chunk().as_ptr(), bytes.as_ptr());
        assert_eq!(next(&mut pieces).unwrap().chunk().as_ptr(), bytes.as_ptr());
    }

    #[test]
    fn what_is_at_hand_goes_out_in_one_frame_and_what_is_made_in_several() {
        let text = [b'x'; 200_000];
        let tail = Tail::new(b"tail 1\n".to_vec());
        for (kept, frames_of_plain) in [(1_000_000, 1), (0, 5)] {
            let mut builder = BodyBuilder::keeping_plain_up_to(kept);
            builder.room().extend_from_slice(&text);
            let exposition = builder.finish();
            let frames = |chunks: Chunks| {
                let mut body = Body::from(chunks);
                std::iter::from_fn(|| next(&mut body)).count()
            };
            assert_eq!(frames(exposition.gzip(&tail)), 1);
            assert_eq!(frames(exposition.plain(&tail)), frames_of_plain);
        }
    }

    #[tokio::test]
    async fn an_empty_body_has_ended_before_it_began() {
        let body = Body::empty();
        assert!(body.is_end_stream());
        assert_eq!(body.collect().await.unwrap().to_bytes(), Bytes::new());
    }
}
