//! From a request to its response, and to the moment when that is out.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{CONNECTION, HeaderValue};
use http::request::Parts;
use http::{Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::Server;
use super::activity::{Activity, Answering};
use super::pace::Pace;

/// Answers one request from its head. hyper gets the body as `shape` makes it.
pub(super) fn answer<S, F, B, C, M>(
    server: &Arc<Server<S>>,
    activity: &Arc<Activity>,
    request: Request<Incoming>,
    shape: M,
) -> impl Future<Output = Result<Response<Tracked<C>>, Infallible>> + use<S, F, B, C, M>
where
    S: Fn(Parts) -> F,
    F: Future<Output = Response<B>>,
    M: FnOnce(B) -> C,
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
        let pace = Pace::of_this_task();
        Ok(response.map(|body| Tracked { body: shape(body), answering, pace }))
    }
}

/// A body that tells when the client takes some of it and, dropped, that the response is out.
pub(super) struct Tracked<B> {
    body: B,
    answering: Answering,
    /// In HTTP/2.
    pace: Option<Arc<Pace>>,
}

impl<B: Body<Error = Infallible> + Unpin> Body for Tracked<B> {
    type Data = B::Data;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Infallible>>> {
        // hyper asks for more when it has got rid of what it had.
        self.answering.goes_on();
        if let Some(pace) = &self.pace {
            pace.goes_on();
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
