//! Keeps what is known on the disk: one writing at a time, the latest only, and now and then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::model::{Clock, Moment, RoleArn};
use crate::snapshot::{SavedTarget, TargetState};
use crate::storage::Storage;
use crate::telemetry::SelfMetrics;

/// From the end of one writing to the begin of the next. What a process knows that is killed is
/// lost for that long; one that is told to stop loses nothing.
const PAUSE: Duration = Duration::from_secs(30);
/// The last writing may take so long: an exit waits for no disk that hangs.
const LAST: Duration = Duration::from_secs(5);

/// What is to be kept.
#[derive(Debug)]
pub(super) struct Known {
    /// Each with the role through which it is read.
    pub(super) targets: Vec<(Option<RoleArn>, Arc<TargetState>)>,
    /// What an earlier process knew of targets that are not found again yet.
    pub(super) unclaimed: Vec<SavedTarget<'static>>,
}

/// The keeper has time: it is told what is known, as soon as that is something new.
pub(super) type Wish = oneshot::Sender<Known>;

/// Where it is kept.
#[derive(Clone, Debug)]
pub(super) struct Keeper {
    storage: Arc<Mutex<Storage>>,
    /// The last writing failed, and it was said: a full disk is full every 30 seconds.
    failing: Arc<AtomicBool>,
    clock: Clock,
    metrics: Arc<SelfMetrics>,
}

impl Keeper {
    pub(super) fn new(storage: Storage, clock: Clock, metrics: Arc<SelfMetrics>) -> Self {
        Self { storage: Arc::new(Mutex::new(storage)), failing: Arc::default(), clock, metrics }
    }

    /// Keeps what is known, again and again.
    pub(super) async fn run(self, asking: mpsc::Sender<Wish>) {
        loop {
            let (wish, answer) = oneshot::channel();
            if asking.send(wish).await.is_err() {
                return;
            }
            let Ok(known) = answer.await else { return };
            self.keep(known, false).await;
            sleep(PAUSE).await;
        }
    }

    /// Keeps what is known at the end of the process.
    pub(super) async fn keep_last(&self, known: Known) {
        if tokio::time::timeout(LAST, self.keep(known, true)).await.is_err() {
            self.metrics.storage().failed();
            tracing::warn!("storage.path hangs; what was learnt last is not kept");
        }
    }

    async fn keep(&self, known: Known, is_last: bool) {
        let (storage, now) = (Arc::clone(&self.storage), self.clock.now());
        let writing = tokio::task::spawn_blocking(move || {
            let storage = storage.lock().unwrap_or_else(PoisonError::into_inner);
            storage.keep(saved(&known, now), is_last)
        });
        let error = match writing.await {
            Ok(Ok(bytes)) => {
                self.metrics.storage().kept(now.unix, bytes);
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("what is known is kept again");
                }
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked; see the log above".to_owned(),
        };
        self.metrics.storage().failed();
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                error,
                "what is known cannot be kept in storage.path; it is served all the same, and what \
                 was kept before stays"
            );
        }
    }
}

fn saved(known: &Known, now: Moment) -> impl Iterator<Item = SavedTarget<'_>> {
    let targets = known
        .targets
        .iter()
        .filter_map(move |(role, state)| state.save(role.as_ref().map(RoleArn::as_str), now));
    targets.chain(known.unclaimed.iter().cloned())
}
