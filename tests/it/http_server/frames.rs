//! A client of HTTP/2 that says on the wire exactly what a test wants.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::client::{soon, written};
use super::secure::{H2, Identity};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const ACK: u8 = 1;
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// The names of settings, as they are in a frame.
pub const INITIAL_WINDOW_SIZE: u16 = 4;

/// Reasons to reset a stream or to go away.
pub const NO_ERROR: u32 = 0;
pub const CANCEL: u32 = 8;
pub const ENHANCE_YOUR_CALM: u32 = 11;

#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }

    /// The reason of a RST_STREAM or a GOAWAY.
    pub fn reason(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

pub struct Peer {
    pub stream: TlsStream<TcpStream>,
    read: Vec<u8>,
}

impl Peer {
    /// A connection on which nothing but the handshake has happened.
    pub async fn silent(address: SocketAddr, identity: &Identity) -> Peer {
        Peer { stream: identity.connect(address, H2).await.stream, read: Vec::new() }
    }

    /// One that has sent the preface and these settings.
    pub async fn connect(
        address: SocketAddr,
        identity: &Identity,
        settings: &[(u16, u32)],
    ) -> Peer {
        let mut peer = Peer::silent(address, identity).await;
        peer.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        let payload = settings
            .iter()
            .flat_map(|(name, value)| name.to_be_bytes().into_iter().chain(value.to_be_bytes()));
        peer.send(frame(SETTINGS, 0, 0, &payload.collect::<Vec<u8>>())).await;
        peer
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        assert!(self.try_send(bytes).await, "the server has closed");
    }

    /// False when the server has closed.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        soon(written(&mut self.stream, bytes.as_ref())).await.is_ok()
    }

    pub async fn get(&mut self, stream: u32, path: &str) {
        self.send(get(stream, path)).await;
    }

    /// The next frame, or `None` at the end of the connection.
    pub async fn next(&mut self) -> Option<Frame> {
        soon(self.read(9)).await.then_some(())?;
        let length = u32::from_be_bytes([0, self.read[0], self.read[1], self.read[2]]) as usize;
        soon(self.read(9 + length)).await.then_some(())?;
        let bytes: Vec<u8> = self.read.drain(..9 + length).collect();
        Some(Frame {
            kind: bytes[3],
            flags: bytes[4],
            stream: u32::from_be_bytes(bytes[5..9].try_into().unwrap()) & 0x7fff_ffff,
            payload: bytes[9..].to_vec(),
        })
    }

    /// The next frame that fits; those before it are left unanswered.
    pub async fn find(&mut self, fits: impl Fn(&Frame) -> bool) -> Frame {
        while let Some(frame) = self.next().await {
            if fits(&frame) {
                return frame;
            }
        }
        panic!("the connection ended first");
    }

    /// Reads until this stream has ended well, and returns its data.
    pub async fn body(&mut self, stream: u32) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let frame = self.find(|frame| frame.stream == stream).await;
            assert_ne!(frame.kind, RESET, "reset for {}", frame.reason());
            if frame.kind == DATA {
                body.extend(&frame.payload);
            }
            if frame.ends_stream() {
                return body;
            }
        }
    }

    /// Waits for the end of the connection; gives the frames before it.
    pub async fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }

    /// Whether that many bytes are there. A server that is done with a client says no goodbye.
    async fn read(&mut self, wanted: usize) -> bool {
        while self.read.len() < wanted {
            match self.stream.read_buf(&mut self.read).await {
                Ok(0) | Err(_) => return false,
                Ok(_) => {}
            }
        }
        true
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head, &stream.to_be_bytes()[..], payload].concat()
}

/// A whole request.
pub fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields("GET", path))
}

/// The fields of a request's head, as HPACK without compression.
pub fn fields(method: &str, path: &str) -> Vec<u8> {
    [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
        .into_iter()
        .flat_map(|(name, value)| field(name, value))
        .collect()
}

pub fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    assert!(name.len() < 127 && value.len() < 127, "longer lengths have another form");
    [vec![0], text(name), text(value)].concat()
}

pub fn reset(stream: u32) -> Vec<u8> {
    frame(RESET, 0, stream, &CANCEL.to_be_bytes())
}

pub fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}

pub fn ping() -> Vec<u8> {
    frame(PING, 0, 0, b"a ping!!")
}
