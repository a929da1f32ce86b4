//! How many requests of the whole process may be under way at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Places for requests, given in the order of asking. Their number may change at any time.
#[derive(Debug)]
pub(super) struct InFlight {
    places: Semaphore,
    size: Mutex<Size>,
}

#[derive(Debug)]
struct Size {
    wanted: usize,
    /// Places in use that are not to be given again.
    excess: usize,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    permit: Option<SemaphorePermit<'a>>,
    of: &'a InFlight,
}

impl InFlight {
    pub(super) fn new(places: usize) -> Self {
        let size = Mutex::new(Size { wanted: places, excess: 0 });
        Self { places: Semaphore::new(places), size }
    }

    /// Waits for a place.
    pub(super) async fn place(&self) -> Place<'_> {
        // It is never closed; if it were, a limit is not worth a call.
        Place { permit: self.places.acquire().await.ok(), of: self }
    }

    /// Another number of places. Where there are too many in use, they end with their requests.
    pub(super) fn resize(&self, places: usize) {
        let mut size = self.size();
        let (more, less) = (places.saturating_sub(size.wanted), size.wanted.saturating_sub(places));
        let spared = more.min(size.excess);
        self.places.add_permits(more - spared);
        size.excess += less - self.places.forget_permits(less);
        size.excess -= spared;
        size.wanted = places;
    }

    fn size(&self) -> MutexGuard<'_, Size> {
        self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut size = self.of.size();
        let Some(permit) = self.permit.take() else { return };
        if size.excess > 0 {
            size.excess -= 1;
            permit.forget();
        } else {
            // Given back before `size` is, or a resize in between would miss it.
            drop(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn try_place(places: &InFlight) -> Option<Place<'_>> {
        let mut asking = std::pin::pin!(places.place());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match asking.as_mut().poll(&mut context) {
            std::task::Poll::Ready(place) => Some(place),
            std::task::Poll::Pending => None,
        }
    }

    proptest! {
        #[test]
        fn new_requests_begin_exactly_while_fewer_are_under_way_than_may_be(
            steps in proptest::collection::vec((0_usize..3, 1_usize..8), 1..200),
        ) {
            let places = InFlight::new(4);
            let mut wanted = 4;
            let mut taken = VecDeque::new();
            for (step, size) in steps {
                match step {
                    0 => {
                        places.resize(size);
                        wanted = size;
                    }
                    1 => drop(taken.pop_front()),
                    _ => match try_place(&places) {
                        Some(place) => {
                            prop_assert!(taken.len() < wanted);
                            taken.push_back(place);
                        }
                        None => prop_assert!(taken.len() >= wanted),
                    },
                }
            }
        }
    }
}
