//! How many answers of one kind may be on their way at the same time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{Body, text, with};

/// How long a scrape waits for a place: clients that take nothing of theirs are gone by then.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is said that somebody waits.
const AGAIN: Duration = Duration::from_millis(100);

/// Places for answers. One that is out, or whose client is gone, gives its place back.
#[derive(Debug)]
pub(super) struct Slots(Arc<Semaphore>);

/// One of them.
pub(super) type Slot = OwnedSemaphorePermit;

impl Slots {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))))
    }

    /// Waits a moment for one, in turn, while `room_wanted` is told now and then.
    pub(super) async fn wait(&self, room_wanted: impl Fn()) -> Option<Slot> {
        if let Ok(slot) = Arc::clone(&self.0).try_acquire_owned() {
            return Some(slot);
        }
        let mut place = pin!(Arc::clone(&self.0).acquire_owned());
        let waited = async {
            loop {
                room_wanted();
                if let Ok(place) = timeout(AGAIN, place.as_mut()).await {
                    return place.ok();
                }
            }
        };
        timeout(PATIENCE, waited).await.ok().flatten()
    }

    /// The answer that `make` makes from `slot`, or from one that is free, or word to come again,
    /// which costs nothing to make.
    pub(super) fn answer(
        &self,
        slot: Option<Slot>,
        make: impl FnOnce() -> Response<Body>,
    ) -> Response<Body> {
        match slot.or_else(|| Arc::clone(&self.0).try_acquire_owned().ok()) {
            Some(slot) => make().map(|body| body.holding(slot)),
            None => {
                let words = "Too many answers are on their way; ask again in a second\n";
                let refusal = text(StatusCode::SERVICE_UNAVAILABLE, words);
                with(refusal, RETRY_AFTER, HeaderValue::from_static("1"))
            }
        }
    }
}
