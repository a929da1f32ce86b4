//! Those who scrape all the time: some as Prometheus does, some as nobody should.

use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::exporter::Watch;
use super::judge::Witness;
use super::truth::History;
use crate::support::exposition::Scrape;

/// Between two scrapes of one client.
const PAUSE: Duration = Duration::from_millis(150);

/// What a client does, again and again.
#[derive(Clone, Copy, Debug)]
enum Habit {
    /// Scrapes and has the result judged.
    Judged { gzip: bool, keeps_alive: bool },
    /// Asks, takes the begin of the answer and leaves.
    BreaksOff,
    /// Connects and sends nothing, or half of a request, and leaves much later.
    SaysNothing,
}

const HABITS: [Habit; 6] = [
    Habit::Judged { gzip: false, keeps_alive: true },
    Habit::Judged { gzip: true, keeps_alive: true },
    Habit::Judged { gzip: true, keeps_alive: false },
    Habit::BreaksOff,
    Habit::BreaksOff,
    Habit::SaysNothing,
];

/// What all of them share.
#[derive(Clone)]
pub struct Scraping {
    pub address: SocketAddr,
    pub watch: Watch,
    pub history: Arc<Mutex<History>>,
    /// What was wrong; whoever drives looks here.
    pub complaints: Arc<Mutex<Vec<String>>>,
}

/// Running clients; those that judge go on with what they remember when they are started again.
pub struct Scrapers {
    witnesses: Vec<Witness>,
    running: JoinSet<Option<Witness>>,
    stop: CancellationToken,
}

impl Scrapers {
    /// Nobody yet; data is to be kept for `keep` seconds.
    pub fn new(keep: f64) -> Self {
        let judged = HABITS.iter().filter(|habit| matches!(habit, Habit::Judged { .. }));
        let witnesses = judged.map(|_| Witness::new(keep)).collect();
        Self { witnesses, running: JoinSet::new(), stop: CancellationToken::new() }
    }

    /// Lets them scrape.
    pub fn start(&mut self, with: &Scraping) {
        self.stop = CancellationToken::new();
        for habit in HABITS {
            let (with, stop) = (with.clone(), self.stop.clone());
            let witness = matches!(habit, Habit::Judged { .. }).then(|| self.witnesses.pop());
            let witness = witness.flatten();
            self.running.spawn(async move { with.scrape(habit, witness, &stop).await });
        }
    }

    /// Waits until all have closed their connections.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        while let Some(ended) = self.running.join_next().await {
            self.witnesses.extend(ended.expect("a scrape could not be read; see above"));
        }
    }

    /// Scrapes that were judged, by those that are stopped.
    pub fn judged(&self) -> u64 {
        self.witnesses.iter().map(|witness| witness.scrapes).sum()
    }
}

impl Scraping {
    async fn scrape(
        self,
        habit: Habit,
        mut witness: Option<Witness>,
        stop: &CancellationToken,
    ) -> Option<Witness> {
        let mut kept: Option<Connection> = None;
        while !stop.is_cancelled() {
            let done = match (habit, &mut witness) {
                (Habit::Judged { gzip, keeps_alive }, Some(witness)) => {
                    let done = self.judged(gzip, &mut kept, witness).await;
                    kept = kept.filter(|_| keeps_alive && done.is_ok());
                    done
                }
                (Habit::SaysNothing, _) => self.say_nothing(stop).await,
                _ => self.break_off().await,
            };
            if let Err(error) = done {
                self.complain(vec![format!("a scrape failed: {error}")]);
            }
            tokio::select! {
                () = stop.cancelled() => {}
                // poll: another process is scraped at intervals, as Prometheus does
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
        witness
    }

    async fn judged(
        &self,
        gzip: bool,
        kept: &mut Option<Connection>,
        witness: &mut Witness,
    ) -> io::Result<()> {
        let connection = match kept {
            Some(connection) => connection,
            None => kept.insert(Connection::open(self.address).await?),
        };
        let began = self.watch.begins();
        let text = connection.metrics(gzip).await?;
        let times = self.watch.times(began);
        let scrape = Scrape::read(&text);
        let wrong = witness.judge(&self.history.lock().unwrap(), &scrape, times);
        self.complain(wrong);
        Ok(())
    }

    fn complain(&self, wrong: Vec<String>) {
        let mut complaints = self.complaints.lock().unwrap();
        // The first ones tell most, and the others may be many.
        if complaints.len() < 20 {
            complaints.extend(wrong);
        }
    }

    async fn break_off(&self) -> io::Result<()> {
        let mut connection = Connection::open(self.address).await?;
        connection.ask(true).await?;
        let mut begin = [0; 200];
        connection.stream.read_exact(&mut begin).await?;
        Ok(())
    }

    async fn say_nothing(&self, stop: &CancellationToken) -> io::Result<()> {
        let silent = TcpStream::connect(self.address).await?;
        let mut half = TcpStream::connect(self.address).await?;
        half.write_all(b"GET /metrics HTTP/1.1\r\nHost: soak\r\nX-Half").await?;
        // Until the server has enough of it.
        let mut answer = [0; 1];
        tokio::select! {
            () = stop.cancelled() => {}
            _ = half.read(&mut answer) => {}
        }
        drop(silent);
        Ok(())
    }
}

/// A connection that may be used again.
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: TcpStream::connect(address).await?, read: Vec::new() })
    }

    async fn ask(&mut self, gzip: bool) -> io::Result<()> {
        let encoding = if gzip { "Accept-Encoding: gzip\r\n" } else { "" };
        let request = format!("GET /metrics HTTP/1.1\r\nHost: soak\r\n{encoding}\r\n");
        self.stream.write_all(request.as_bytes()).await
    }

    async fn metrics(&mut self, gzip: bool) -> io::Result<String> {
        self.ask(gzip).await?;
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8_lossy(&self.read[..end]).to_lowercase();
        if !head.starts_with("http/1.1 200 ") {
            return Err(io::Error::other(head));
        }
        let header = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim())
        };
        let length = header("content-length:").and_then(|length| length.parse::<usize>().ok());
        let length = length.ok_or_else(|| io::Error::other("an answer without a length"))?;
        let is_gzip = header("content-encoding:") == Some("gzip");
        if is_gzip != gzip {
            return Err(io::Error::other(format!("asked for gzip: {gzip}; {head}")));
        }
        while self.read.len() < end + length {
            self.more().await?;
        }
        let body: Vec<u8> = self.read.drain(..end + length).skip(end).collect();
        let mut text = String::new();
        if is_gzip {
            flate2::read::GzDecoder::new(&*body).read_to_string(&mut text)?;
        } else {
            text = String::from_utf8(body).map_err(io::Error::other)?;
        }
        Ok(text)
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}
