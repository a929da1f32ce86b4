//! A body in pieces of a size.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

/// A body whose frames are cut, where they are longer than a piece. What is cut is shared.
pub(super) struct InPieces<B: Body> {
    body: B,
    piece: usize,
    /// What is left of the last frame of `body`.
    rest: Option<B::Data>,
}

/// No frame is ever pinned.
impl<B: Body + Unpin> Unpin for InPieces<B> {}

impl<B: Body> InPieces<B> {
    /// The same bytes in pieces of so many at most.
    pub(super) fn new(body: B, piece: usize) -> Self {
        Self { body, piece, rest: None }
    }

    fn rest_len(&self) -> usize {
        self.rest.as_ref().map_or(0, Buf::remaining)
    }
}

impl<B> Body for InPieces<B>
where
    B: Body<Error = Infallible> + Unpin,
{
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest_len() == 0 {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = Some(data),
                    Err(rest) => {
                        return Poll::Ready(rest.into_trailers().ok().map(Frame::trailers).map(Ok));
                    }
                },
                None => return Poll::Ready(None),
            }
        }
        let piece = self.piece;
        // Up to the end of what lies together, so that nothing is copied.
        let piece =
            self.rest.as_mut().map(|rest| rest.copy_to_bytes(piece.min(rest.chunk().len())));
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest_len() == 0 && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest_len() as u64;
        let hint = self.body.size_hint();
        let mut sum = SizeHint::new();
        sum.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            sum.set_upper(upper + rest);
        }
        sum
    }
}
