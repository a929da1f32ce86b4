//! Turns snapshots into publications: one at a time, the latest one only, and never with more
//! than a twentieth of a core.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::families::{self, Shown};
use crate::memory;
use crate::publish::{Published, Publisher, Readiness};
use crate::snapshot::{Found, Snapshot};
use crate::telemetry::SelfMetrics;

/// The next encoding begins no sooner than this many times the last one's duration.
const PAUSE: u32 = 20;
/// But no later than this: a process that stood still in the middle of an encoding must not take
/// that for its price, and publish nothing for hours.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is to be published, and how.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) shown: Shown,
}

/// The encoder has time: it is sent what is new, as soon as something is. So what it gets is the
/// latest, and snapshots that nobody would publish are never made.
pub(super) type Ask = oneshot::Sender<Submission>;

/// Where it publishes, and who is told.
#[derive(Debug)]
pub(super) struct Encoder {
    pub(super) publisher: Publisher,
    pub(super) metrics: Arc<SelfMetrics>,
    pub(super) readiness: Readiness,
}

impl Encoder {
    /// Publishes every snapshot that is the latest one when there is time for it.
    pub(super) async fn run(self, asking: mpsc::Sender<Ask>) {
        loop {
            let (ask, answer) = oneshot::channel();
            if asking.send(ask).await.is_err() {
                return;
            }
            let Ok(Submission { snapshot, shown }) = answer.await else { return };
            let encoding = tokio::task::spawn_blocking(move || {
                // Not the wait for a thread: that costs nothing.
                let began = Instant::now();
                let (exposition, kept) = families::encode_and_plan(&snapshot, &shown);
                (Published { snapshot, exposition, kept: kept.into() }, began.elapsed())
            });
            let took = match encoding.await {
                Ok((published, took)) => {
                    self.publish(published);
                    took
                }
                Err(_) => {
                    tracing::error!("publishing failed; what was published before stays");
                    Duration::ZERO
                }
            };
            // What the snapshot before had allocated is free now.
            let _ = tokio::task::spawn_blocking(memory::give_back).await;
            tokio::time::sleep(pause_after(took)).await;
        }
    }

    fn publish(&self, published: Published) {
        let snapshot = &published.snapshot;
        let all_tried = snapshot.targets.iter().all(|target| target.is_tried());
        let any = snapshot.found == Found::Wholly && !snapshot.targets.is_empty();
        self.metrics.set_exposition_size(published.exposition.plain_len());
        self.publisher.publish(published);
        // Only now: whoever waits for readiness scrapes next.
        if any && all_tried {
            become_ready(&self.readiness, &self.metrics, "every target was tried");
        }
    }
}

fn pause_after(took: Duration) -> Duration {
    took.saturating_mul(PAUSE).min(LONGEST_PAUSE)
}

/// Says once that the exporter is ready.
pub(super) fn become_ready(readiness: &Readiness, metrics: &SelfMetrics, why: &str) {
    if !readiness.is_ready() {
        readiness.set_ready();
        metrics.set_ready();
        tracing::info!(why, "ready");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_takes_a_twentieth_of_a_core_at_most_and_never_pauses_for_long() {
        assert_eq!(pause_after(Duration::from_millis(50)), Duration::from_secs(1));
        assert_eq!(pause_after(Duration::from_secs(600)), LONGEST_PAUSE);
    }
}
