//! How many answers of one kind may be on their way at the same time.

use std::sync::Arc;

use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Body, text, with};

/// Places for answers. One that is out, or whose client is gone, gives its place back.
#[derive(Debug)]
pub(super) struct Slots(Arc<Semaphore>);

/// One of them.
pub(super) type Slot = OwnedSemaphorePermit;

impl Slots {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))))
    }

    /// The answer that `make` makes, or word to come again, which costs nothing to make.
    pub(super) fn answer(&self, make: impl FnOnce() -> Response<Body>) -> Response<Body> {
        match Arc::clone(&self.0).try_acquire_owned() {
            Ok(slot) => make().map(|body| body.holding(slot)),
            Err(_) => {
                let words = "Too many answers are on their way; ask again in a second\n";
                let refusal = text(StatusCode::SERVICE_UNAVAILABLE, words);
                with(refusal, RETRY_AFTER, HeaderValue::from_static("1"))
            }
        }
    }
}
