//! A stand-in for SQS: a queue whose messages and failures are the test's.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use servicecatalog_exporter::config::{Defaults, Events, Overrides, parse};
use tokio::sync::watch;

use crate::identities::aws::{Answer, Asked, Aws, error};
use crate::support::PATIENCE;

/// The region of the queue, which is none that is scanned.
pub const REGION: &str = "us-west-2";
/// Whose queue it is.
pub const ACCOUNT: &str = "999999999999";

/// A queue. It answers at once, also when nothing is there.
pub struct Queue {
    aws: Aws,
    state: Arc<watch::Sender<State>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(String, Duration)>,
    taken: u64,
    given: Vec<(String, String)>,
    deleted: usize,
    failing: Option<(&'static str, &'static str)>,
    refuses_deletes: bool,
    hangs: bool,
    asked: usize,
}

impl Queue {
    /// An empty queue.
    pub async fn start() -> Self {
        let state = Arc::new(watch::Sender::new(State::default()));
        let behind = Arc::clone(&state);
        let reply = move |asked: &Asked| {
            let mut answer = None;
            behind.send_modify(|state| answer = Some(state.answer(asked)));
            answer.unwrap()
        };
        let aws = Aws::start(reply).await;
        Self { aws, state }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("{}/{ACCOUNT}/events", self.aws.url)
    }

    /// The configuration that reads it.
    pub fn yaml(&self) -> String {
        format!("events: {{queue_url: '{}', region: {REGION}}}\n", self.url())
    }

    /// The same, as it is meant.
    pub fn events(&self) -> Option<Events> {
        parse("test", &self.yaml(), &Overrides::new(), Defaults::Production).unwrap().events
    }

    /// Puts a message on it.
    pub fn send(&self, body: impl Into<String>) {
        self.send_late(body, Duration::ZERO);
    }

    /// Puts a message on it that has been there for a while.
    pub fn send_late(&self, body: impl Into<String>, late: Duration) {
        self.state.send_modify(|state| state.waiting.push_back((body.into(), late)));
    }

    /// Lets every call fail from now on, with that code and message.
    pub fn fail(&self, code: &'static str, message: &'static str) {
        self.state.send_modify(|state| state.failing = Some((code, message)));
    }

    /// Whether it takes no message back.
    pub fn refuse_deletes(&self, refuse: bool) {
        self.state.send_modify(|state| state.refuses_deletes = refuse);
    }

    /// Answers nothing any more.
    pub fn hang(&self) {
        self.state.send_modify(|state| state.hangs = true);
    }

    /// Waits until it is asked for anything.
    pub async fn until_asked(&self) {
        self.until("it is asked", |state| state.asked > 0).await;
    }

    /// Lets calls succeed again.
    pub fn mend(&self) {
        self.state.send_modify(|state| state.failing = None);
    }

    /// Waits until so many messages were taken from it.
    pub async fn deleted(&self, messages: usize) {
        self.until("messages are deleted", |state| state.deleted >= messages).await;
    }

    async fn until(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        let mut state = self.state.subscribe();
        let waited = tokio::time::timeout(PATIENCE, state.wait_for(|state| is_so(state))).await;
        assert!(waited.is_ok(), "waited in vain until {what}");
    }

    /// The calls of that operation.
    pub fn asked(&self, operation: &str) -> Vec<Asked> {
        self.aws.asked(operation)
    }

    /// How many are on it that nobody has read.
    pub fn waiting(&self) -> usize {
        self.state.borrow().waiting.len()
    }
}

impl State {
    fn answer(&mut self, asked: &Asked) -> Answer {
        self.asked += 1;
        if self.hangs {
            return Answer::Never;
        }
        if let Some((code, message)) = self.failing {
            return error(400, code, message);
        }
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        assert!(body["QueueUrl"].as_str().unwrap().ends_with("/999999999999/events"), "{body}");
        match asked.operation.as_str() {
            "ReceiveMessage" => self.receive(&body),
            "DeleteMessageBatch" => self.delete(&body),
            other => panic!("nobody asks a queue for {other}"),
        }
    }

    fn receive(&mut self, body: &Value) -> Answer {
        assert_eq!(body["MessageSystemAttributeNames"], json!(["SentTimestamp"]));
        let most = body["MaxNumberOfMessages"].as_u64().unwrap();
        let looking = body["VisibilityTimeout"] == 0;
        let mut messages = Vec::new();
        while (messages.len() as u64) < most
            && let Some((text, late)) = self.waiting.pop_front()
        {
            self.taken += 1;
            let handle = format!("handle-{}", self.taken);
            let sent = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() - late;
            messages.push(json!({
                "MessageId": format!("message-{}", self.taken),
                "ReceiptHandle": handle,
                "Body": text,
                "Attributes": { "SentTimestamp": sent.as_millis().to_string() },
            }));
            if looking {
                self.waiting.push_front((text, late));
                break;
            }
            self.given.push((handle, text));
        }
        let answer = if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) };
        Answer::Ok(answer.to_string())
    }

    fn delete(&mut self, body: &Value) -> Answer {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in body["Entries"].as_array().unwrap() {
            let handle = entry["ReceiptHandle"].as_str().unwrap();
            let known = self.given.iter().position(|(given, _)| given == handle);
            let known = known.filter(|_| !self.refuses_deletes);
            match known {
                Some(place) => {
                    self.given.remove(place);
                    self.deleted += 1;
                    successful.push(json!({ "Id": entry["Id"] }));
                }
                None => failed.push(json!({
                    "Id": entry["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": true,
                })),
            }
        }
        Answer::Ok(json!({ "Successful": successful, "Failed": failed }).to_string())
    }
}
