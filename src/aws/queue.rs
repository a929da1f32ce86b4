//! The queue of events: the next messages, and taking those that were read.
//!
//! Its calls are made beside those of scans. A receive waits for messages most of its time, so it
//! takes no place among the calls in flight and is not timed; it is counted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, MessageSystemAttributeName};

use super::classify::{CallError, failure};
use super::clients::sdk_region;
use super::session::Session;
use crate::model::{CallCounts, Operation, Reason, Region};

/// The most that SQS gives and takes at once (service model).
const MOST: usize = 10;
/// The longest that SQS waits for a message (service model).
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How a receive is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receive {
    /// Waits for messages, and takes as many as there are.
    Waiting,
    /// Waits, and takes one: several together may be too much for one answer.
    One,
    /// Does not wait, and leaves what it sees for others to see at once.
    Looking,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// What was sent.
    pub body: String,
    /// When the queue got it, milliseconds of Unix time; it is the queue that says so.
    pub sent: Option<u64>,
    /// By which it is taken from the queue.
    handle: String,
}

/// Receives from one queue, as one identity.
#[derive(Debug)]
pub struct QueueClient {
    client: aws_sdk_sqs::Client,
    url: String,
    counts: Arc<Mutex<CallCounts>>,
}

impl Session {
    /// A client for the queue of that URL, asked for at `endpoint_url` in its region.
    #[must_use]
    pub fn queue(&self, queue_url: &str, endpoint_url: &str, region: &Region) -> QueueClient {
        let limits = self.limits();
        let patience = LONGEST_WAIT + limits.attempt_timeout;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(limits.connect_timeout)
            .read_timeout(patience)
            .operation_attempt_timeout(patience)
            .build();
        let config = aws_sdk_sqs::config::Builder::from(self.clients().config())
            .region(sdk_region(region))
            .endpoint_url(endpoint_url)
            .timeout_config(timeouts)
            .build();
        let client = aws_sdk_sqs::Client::from_conf(config);
        QueueClient { client, url: queue_url.to_owned(), counts: Arc::default() }
    }
}

impl QueueClient {
    /// All calls so far.
    #[must_use]
    pub fn counts(&self) -> CallCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next messages, ten at most; none where none came in twenty seconds.
    ///
    /// # Errors
    /// When the one attempt failed.
    pub async fn receive(&self, how: Receive) -> Result<Vec<QueueMessage>, CallError> {
        const RECEIVE: Operation = Operation::ReceiveMessage;
        let (most, wait, visibility) = match how {
            Receive::Waiting => (10, 20, None),
            Receive::One => (1, 20, None),
            Receive::Looking => (1, 0, Some(0)),
        };
        let request = self.client.receive_message().queue_url(&self.url);
        let request = request.max_number_of_messages(most).wait_time_seconds(wait);
        let request = request
            .set_visibility_timeout(visibility)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let answer = request.send().await.map_err(|error| failure(RECEIVE, &error).error);
        let answer = self.counted(RECEIVE, answer)?;
        let message = |message: aws_sdk_sqs::types::Message| {
            let sent = message.attributes.as_ref();
            let sent = sent.and_then(|all| all.get(&MessageSystemAttributeName::SentTimestamp));
            let sent = sent.and_then(|sent| sent.parse().ok());
            let body = message.body.unwrap_or_default();
            // Without a handle it cannot be taken, so it comes again.
            Some(QueueMessage { body, sent, handle: message.receipt_handle? })
        };
        let messages = answer.messages.unwrap_or_default().into_iter();
        Ok(messages.filter_map(message).take(MOST).collect())
    }

    /// Takes messages from the queue. Those that it does not take come again, later.
    ///
    /// # Errors
    /// When the one attempt failed, or the queue took none of them.
    pub async fn delete(&self, messages: &[QueueMessage]) -> Result<(), CallError> {
        let handles: Vec<&str> = messages.iter().map(|message| &*message.handle).collect();
        match self.take(&handles).await? {
            0 if !handles.is_empty() => Err(CallError::local(
                Operation::DeleteMessageBatch,
                Reason::InvalidResponse,
                "the queue took none of the messages that were read; they come again",
            )),
            _ => Ok(()),
        }
    }

    /// Whether messages might be taken: tries it with what is no message.
    ///
    /// # Errors
    /// When the one attempt failed.
    pub async fn may_delete(&self) -> Result<(), CallError> {
        self.take(&["nothing"]).await.map(drop)
    }

    /// How many were taken.
    async fn take(&self, handles: &[&str]) -> Result<usize, CallError> {
        const DELETE: Operation = Operation::DeleteMessageBatch;
        let mut request = self.client.delete_message_batch().queue_url(&self.url);
        for (place, handle) in handles.iter().take(MOST).enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder();
            let entry = entry.id(place.to_string()).receipt_handle(*handle).build();
            request = request.entries(
                entry
                    .map_err(|error| CallError::local(DELETE, Reason::Other, error.to_string()))?,
            );
        }
        let answer = request.send().await.map_err(|error| failure(DELETE, &error).error);
        Ok(self.counted(DELETE, answer)?.successful.len())
    }

    fn counted<T>(
        &self,
        operation: Operation,
        answer: Result<T, CallError>,
    ) -> Result<T, CallError> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = counts.operations.entry(operation).or_default();
        counts.requests += 1;
        if let Err(error) = &answer {
            *counts.failures.entry(error.reason).or_default() += 1;
        }
        answer
    }
}
