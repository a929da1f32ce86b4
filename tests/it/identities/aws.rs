//! A stand-in for AWS: reads whole requests and answers each as the test says.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of the header, or of the form of STS, or the path of a service that has neither.
    pub operation: String,
    /// Who signed, for which region and service.
    pub key: String,
    pub region: String,
    pub service: String,
    pub body: String,
}

/// What it answers.
pub enum Answer {
    /// 200 with this body.
    Ok(String),
    /// That status with this body.
    Failed(u16, String),
    /// Nothing, and the connection stays open.
    Never,
}

/// A stand-in on a free port of 127.0.0.1, which ends when it is dropped.
pub struct Aws {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    _serving: JoinSet<()>,
}

impl Aws {
    pub async fn start(reply: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, reply) = (Arc::clone(&asked), Arc::new(reply));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(answer(stream, Arc::clone(&log), Arc::clone(&reply)));
            }
        });
        Self { url, asked, _serving: serving }
    }

    /// The requests for that operation so far.
    pub fn asked(&self, operation: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.operation == operation).cloned().collect()
    }
}

/// Credentials that expire so long from now, as STS hands them out; the key names the role's
/// account.
pub fn assumed(asked: &Asked, life: Duration) -> Answer {
    let arn = asked.body.split('&').find_map(|pair| pair.strip_prefix("RoleArn=")).unwrap();
    let account = arn.split("%3A").nth(4).unwrap();
    let expiry = humantime::format_rfc3339_seconds(SystemTime::now() + life);
    Answer::Ok(format!(
        "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:x\
         </AssumedRoleId><Arn>arn:aws:sts::{account}:assumed-role/Exporter/x</Arn>\
         </AssumedRoleUser><Credentials><AccessKeyId>ASIA{account}</AccessKeyId>\
         <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
         <Expiration>{expiry}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    ))
}

/// An error of STS.
pub fn sts_error(status: u16, code: &str, message: &str) -> Answer {
    let error =
        format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>");
    Answer::Failed(status, format!("<ErrorResponse>{error}</Error></ErrorResponse>"))
}

/// An error of a service that speaks JSON.
pub fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::Failed(status, format!(r#"{{"__type":"{code}","Message":"{message}"}}"#))
}

pub fn no_products() -> Answer {
    Answer::Ok(r#"{"ProvisionedProducts":[]}"#.into())
}

async fn answer<F>(mut stream: TcpStream, log: Arc<Mutex<Vec<Asked>>>, reply: Arc<F>)
where
    F: Fn(&Asked) -> Answer,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let body = String::from_utf8(body).unwrap();
    let by_header = header("x-amz-target").map(|t| t.rsplit('.').next().unwrap().to_owned());
    let by_form =
        || body.split('&').find_map(|pair| pair.strip_prefix("Action=")?.to_owned().into());
    let path = || head.split(' ').nth(1).unwrap().to_owned();
    let authorization = header("authorization").unwrap_or_default();
    let scope = authorization.split_once("Credential=").map_or("", |(_, scope)| scope);
    let mut scope = scope.split(',').next().unwrap().split('/').map(str::to_owned);
    let (key, _, region, service) = (scope.next(), scope.next(), scope.next(), scope.next());
    let asked = Asked {
        operation: by_header.or_else(by_form).unwrap_or_else(path),
        key: key.unwrap_or_default(),
        region: region.unwrap_or_default(),
        service: service.unwrap_or_default(),
        body,
    };
    log.lock().unwrap().push(asked.clone());
    let (status, body) = match reply(&asked) {
        Answer::Ok(body) => (200, body),
        Answer::Failed(status, body) => (status, body),
        Answer::Never => pending().await,
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} As Scripted\r\nContent-Length: {length}\r\n");
    let whole = format!("{head}Connection: close\r\n\r\n{body}");
    // The client may be gone.
    let _ = stream.write_all(whole.as_bytes()).await;
}
