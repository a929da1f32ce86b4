//! From a request to its response, and to the moment when that is out.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::request::Parts;
use http::{Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::Server;
use super::activity::{Activity, Answering};
use super::pace::Pace;

/// Answers one request from its head. hyper gets the body in pieces of `piece` bytes at most.
pub(super) fn answer<S, F, B>(
    server: &Arc<Server<S>>,
    activity: &Arc<Activity>,
    request: Request<Incoming>,
    piece: usize,
) -> impl Future<Output = Result<Response<Tracked<B>>, Infallible>> + use<S, F, B>
where
    S: Fn(Parts) -> F,
    F: Future<Output = Response<B>>,
{
    let (head, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    let mut answering = Activity::answer(activity, has_body);
    let server = Arc::clone(server);
    async move {
        let closes = has_body && head.version < Version::HTTP_2;
        let mut response = (server.service)(head).await;
        answering.goes_on();
        if closes {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let rest = Bytes::new();
        let pace = Pace::of_this_task();
        Ok(response.map(|body| Tracked { body, rest, piece, answering, pace }))
    }
}

/// A body that tells when the client takes some of it and, dropped, that the response is out.
pub(super) struct Tracked<B> {
    body: B,
    /// What is left of the last frame of `body`.
    rest: Bytes,
    piece: usize,
    answering: Answering,
    /// In HTTP/2.
    pace: Option<Arc<Pace>>,
}

impl<B: Body<Data = Bytes, Error = Infallible> + Unpin> Body for Tracked<B> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // hyper asks for more when it has got rid of what it had.
        self.answering.goes_on();
        if let Some(pace) = &self.pace {
            pace.goes_on();
        }
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                None => return Poll::Ready(None),
            }
        }
        let piece = self.piece.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let hint = self.body.size_hint();
        let mut sum = SizeHint::new();
        sum.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            sum.set_upper(upper + rest);
        }
        sum
    }
}
