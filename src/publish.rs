//! The one cell between the pump and the server: an immutable publication, swapped whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::exposition::Exposition;
use crate::model::Kept;
use crate::snapshot::Snapshot;

/// What every scrape is answered from until the next publication.
#[derive(Debug)]
pub struct Published {
    /// The data.
    pub snapshot: Arc<Snapshot>,
    /// The same as text.
    pub exposition: Exposition,
    /// What the limits left of each target of the snapshot in that text; none is a target without
    /// series.
    pub kept: Arc<[Option<Kept>]>,
}

/// A cell that holds `first`.
#[must_use]
pub fn cell(first: Published) -> (Publisher, Reader) {
    let (sender, receiver) = watch::channel(Arc::new(first));
    (Publisher(sender), Reader(receiver))
}

/// The writing side; there is one.
#[derive(Debug)]
pub struct Publisher(watch::Sender<Arc<Published>>);

impl Publisher {
    /// Replaces what is published; scrapes that run finish with what they began with.
    pub fn publish(&self, published: Published) {
        self.0.send_replace(Arc::new(published));
    }
}

/// The reading side; any number of them.
#[derive(Clone, Debug)]
pub struct Reader(watch::Receiver<Arc<Published>>);

impl Reader {
    /// What is published now.
    #[must_use]
    pub fn latest(&self) -> Arc<Published> {
        Arc::clone(&self.0.borrow())
    }

    /// Waits for a publication that `wanted` accepts, the present one included. `None` when
    /// nobody will publish any more.
    pub async fn wait_for(
        &self,
        mut wanted: impl FnMut(&Published) -> bool,
    ) -> Option<Arc<Published>> {
        let mut receiver = self.0.clone();
        let found = receiver.wait_for(|published| wanted(published)).await.ok()?;
        Some(Arc::clone(&found))
    }
}

/// Whether every initial target was tried once, or `scan.ready_after` has passed. Never becomes false again.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Whether it is.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// From now on it is.
    pub fn set_ready(&self) {
        self.0.store(true, Ordering::Release);
    }
}
