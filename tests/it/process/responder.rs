//! A tiny HTTP server for what is no AWS API: the endpoints that hand out credentials, a proxy, a
//! stranger on a port.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::PATIENCE;

/// What it answers.
pub enum Reply {
    /// 200 with this body.
    Text(String),
    /// Another status.
    Status(u16),
    /// Exactly these bytes.
    Raw(&'static [u8]),
    /// Nothing, and the connection stays open.
    Never,
}

/// A server on a free port of 127.0.0.1, which ends when it is dropped.
pub struct Responder {
    pub address: SocketAddr,
    heads: watch::Receiver<Vec<String>>,
    _serving: JoinSet<()>,
}

impl Responder {
    /// Answers every request by its head, from `GET / HTTP/1.1` to the empty line.
    pub async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (came, heads) = watch::channel(Vec::new());
        let (reply, came) = (Arc::new(reply), Arc::new(came));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(answer(stream, Arc::clone(&came), Arc::clone(&reply)));
            }
        });
        Self { address, heads, _serving: serving }
    }

    /// Its URL, with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for a request whose head contains `text`.
    pub async fn asked(&self, text: &str) -> String {
        let mut heads = self.heads.clone();
        let there = heads.wait_for(|heads| heads.iter().any(|head| head.contains(text)));
        let there = tokio::time::timeout(PATIENCE, there).await;
        let heads = there.unwrap_or_else(|_| panic!("{text:?} was never asked for")).unwrap();
        heads.iter().find(|head| head.contains(text)).unwrap().clone()
    }
}

async fn answer<F>(mut stream: TcpStream, came: Arc<watch::Sender<Vec<String>>>, reply: Arc<F>)
where
    F: Fn(&str) -> Reply,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    came.send_modify(|heads| heads.push(head.clone()));
    let bytes = match reply(&head) {
        Reply::Text(body) => whole("200 OK", &body),
        Reply::Status(status) => whole(&format!("{status} As Scripted"), ""),
        Reply::Raw(bytes) => bytes.to_vec(),
        Reply::Never => pending().await,
    };
    // The client may be gone.
    let _ = stream.write_all(&bytes).await;
}

fn whole(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
