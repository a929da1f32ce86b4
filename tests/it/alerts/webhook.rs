//! Where the messages of Alertmanager arrive.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// No message takes this long: the slowest is told after a minute.
const PATIENCE: Duration = Duration::from_secs(90);

type Labels = BTreeMap<String, String>;

/// One message, to one receiver, about one group of alerts.
#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    pub receiver: String,
    pub alerts: Vec<Alert>,
}

/// What it says of an alert.
#[derive(Clone, Debug, Deserialize)]
pub struct Alert {
    /// `firing` or `resolved`
    pub status: String,
    pub labels: Labels,
    pub annotations: Labels,
}

impl Alert {
    /// A label; empty if it has none of that name.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// Whether it has these labels.
    pub fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().all(|(name, value)| self.label(name) == *value)
    }
}

/// It ends when it is dropped.
pub struct Webhook {
    pub address: SocketAddr,
    messages: watch::Receiver<Vec<Message>>,
    _serving: JoinSet<()>,
}

impl Webhook {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (came, messages) = watch::channel(Vec::new());
        let came = Arc::new(came);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(take(stream, Arc::clone(&came)));
            }
        });
        Self { address, messages, _serving: serving }
    }

    /// All messages so far.
    pub fn messages(&self) -> Vec<Message> {
        self.messages.borrow().clone()
    }

    /// Waits for a message in which an alert is as wanted (or takes one that has come already).
    pub async fn told(&self, receiver: &str, wanted: impl Fn(&Alert) -> bool) -> Option<Alert> {
        let find = |messages: &Vec<Message>| {
            let to = messages.iter().filter(|message| message.receiver == receiver);
            to.flat_map(|message| &message.alerts).find(|alert| wanted(alert)).cloned()
        };
        let mut messages = self.messages.clone();
        let there = messages.wait_for(|messages| find(messages).is_some());
        let there = tokio::time::timeout(PATIENCE, there).await.ok()?.unwrap();
        find(&there)
    }
}

/// Takes one message and thanks for it.
async fn take(stream: TcpStream, came: Arc<watch::Sender<Vec<Message>>>) -> Option<()> {
    let mut stream = BufStream::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(_) => (),
            None if line == "\r\n" => break,
            None => (),
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let message: Message = serde_json::from_slice(&body).unwrap();
    let thanks = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    stream.write_all(thanks).await.ok()?;
    stream.flush().await.ok()?;
    came.send_modify(|messages| messages.push(message));
    Some(())
}
