//! Reads the queue of events, and hands what its messages hint at to the pump.
//!
//! A hint says where to look and nothing else: whatever is lost here, comes twice or was made up
//! changes no number. So a message is taken from the queue as soon as it was read, also one that
//! says nothing, and what the pump has no room for is dropped.
//!
//! To inject a hint, in a test or to try it out, put an event of EventBridge on the queue:
//!
//! ```text
//! aws sqs send-message --queue-url … --message-body '{"source": "aws.cloudformation",
//!   "detail-type": "CloudFormation StackSet Status Change", "account": "123456789012",
//!   "region": "eu-central-1", "detail": {"stack-set-arn":
//!   "arn:aws:cloudformation:eu-central-1:123456789012:stackset/SC-123456789012-pp-abc123:1"}}'
//! ```
//!
//! `fuzz/corpus/event` has one of each kind.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::aws::{CallError, QueueClient, QueueMessage, Receive};
use crate::model::{AccountId, CallCounts, Clock, Hint, Ignored, Reason};
use crate::telemetry::SelfMetrics;

/// Hints that wait for the pump, which takes them at once unless it encodes a snapshot.
const WAITING: usize = 1_000;
/// Rounds that bring messages begin at least so far apart: two hundred messages a second at most.
const ROUND: Duration = Duration::from_millis(50);
/// Those that bring none, where the other side does not wait for messages as it is asked to.
const EMPTY_ROUND: Duration = Duration::from_secs(1);
/// The pause after a failure; after each further one twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Reads one queue.
#[derive(Debug)]
pub struct Events {
    queue: Arc<QueueClient>,
    hints: mpsc::Sender<Hint>,
    clock: Clock,
    metrics: Arc<SelfMetrics>,
    failures: Failures,
}

/// What the pump hears of it.
#[derive(Debug)]
pub struct Hints {
    hints: mpsc::Receiver<Hint>,
    /// Whose queue is read, and who counts the calls.
    queue: Option<(AccountId, Arc<QueueClient>)>,
}

impl Hints {
    /// Those of nobody.
    #[must_use]
    pub fn none() -> Self {
        Self { hints: mpsc::channel(1).1, queue: None }
    }

    /// The next one; `None` where none can come.
    pub(super) async fn next(&mut self) -> Option<Hint> {
        self.hints.recv().await
    }

    /// Those calls, by the account that was asked, and the calls of the queue.
    pub(super) fn and_calls(
        &self,
        calls: &[(AccountId, CallCounts)],
    ) -> Vec<(AccountId, CallCounts)> {
        let mut calls = calls.to_vec();
        if let Some((account, queue)) = &self.queue {
            match calls.iter_mut().find(|(known, _)| known == account) {
                Some((_, counts)) => counts.add(&queue.counts()),
                None => calls.push((account.clone(), queue.counts())),
            }
        }
        calls
    }
}

/// Failures in a row.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
    /// The reason of the last one, which was said.
    last: Option<Reason>,
}

impl Events {
    /// A reader that begins with [`Events::run`], and where its hints come out. The queue is that
    /// account's.
    #[must_use]
    pub fn new(
        queue: QueueClient,
        account: AccountId,
        clock: Clock,
        metrics: Arc<SelfMetrics>,
    ) -> (Self, Hints) {
        let (sender, hints) = mpsc::channel(WAITING);
        metrics.events().configured();
        let queue = Arc::new(queue);
        let hints = Hints { hints, queue: Some((account, Arc::clone(&queue))) };
        (Self { queue, hints: sender, clock, metrics, failures: Failures::default() }, hints)
    }

    /// Reads for ever.
    pub async fn run(mut self) {
        loop {
            let begun = Instant::now();
            // Ten long messages are more than one answer may hold.
            let how = if self.failures.last == Some(Reason::Limit) {
                Receive::One
            } else {
                Receive::Waiting
            };
            let round = async {
                let messages = self.queue.receive(how).await?;
                self.received(&messages);
                if !messages.is_empty() {
                    self.queue.delete(&messages).await?;
                }
                Ok::<_, CallError>(messages.is_empty())
            };
            match round.await {
                Ok(empty) => {
                    self.failures.over();
                    sleep_until(begun + if empty { EMPTY_ROUND } else { ROUND }).await;
                }
                Err(error) => {
                    self.metrics.events().failed(error.reason);
                    sleep(self.failures.add(&error)).await;
                }
            }
        }
    }

    fn received(&self, messages: &[QueueMessage]) {
        let now = self.clock.now().unix;
        let sent = messages.iter().filter_map(|message| message.sent).max();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2^53")]
        let lag = sent.map(|sent| (now - sent as f64 / 1000.0).max(0.0));
        self.metrics.events().received(messages.len(), now, lag);
        // Several messages of one stack are the rule: each of its changes is one.
        let mut hints = HashSet::new();
        for message in messages {
            match Hint::read(&message.body) {
                Ok(hint) => {
                    if hints.insert(hint.clone()) && self.hints.try_send(hint).is_err() {
                        self.ignored(Ignored::Dropped);
                    }
                }
                Err(reason) => self.ignored(reason),
            }
        }
    }

    fn ignored(&self, reason: Ignored) {
        // Never what it says: anybody may have written it.
        tracing::debug!(reason = reason.as_str(), "a message of the queue of events is ignored");
        self.metrics.events().ignored(reason);
    }
}

impl Failures {
    fn over(&mut self) {
        if std::mem::take(self).count > 0 {
            tracing::info!("the queue of events is read again");
        }
    }

    /// Another failure: how long to wait.
    fn add(&mut self, error: &CallError) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.count.min(16)).min(LONGEST_PAUSE);
        self.count = self.count.saturating_add(1);
        if self.last.replace(error.reason) != Some(error.reason) {
            tracing::warn!(
                reason = error.reason.as_str(),
                operation = error.operation.as_str(),
                code = error.code,
                request_id = error.request_id,
                error = error.message,
                remedy = error.reason.remedy(error.operation),
                "the queue of events cannot be read; scans go on by their interval"
            );
        }
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Operation;

    #[test]
    fn pauses_double_from_a_second_to_five_minutes_and_begin_anew_after_a_success() {
        let error = CallError::local(Operation::ReceiveMessage, Reason::Network, "gone");
        let mut failures = Failures::default();
        let pauses: Vec<_> = (0..11).map(|_| failures.add(&error).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        failures.over();
        assert_eq!(failures.add(&error).as_secs(), 1);
    }
}
