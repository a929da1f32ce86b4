//! The client of the subcommands: one request, HTTP/1.1, within a time.

mod inquiry;
mod response;
mod tls;

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

pub use inquiry::{Inquiry, InquiryError, Login, Password, inquire};
use tls::Trust;

/// What is read of the answer to a probe at most: enough for the head and a sentence.
const ANSWER_BYTES: usize = 4096;

/// Why a probe is no success.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody answers there.
    #[error(
        "cannot connect to {address}: {source}; is the exporter running, and does it listen \
         there (--web.listen-address)?"
    )]
    Connect {
        /// `host:port`
        address: String,
        /// What the kernel or the resolver said.
        source: io::Error,
    },
    /// Connected, but no answer came in time, or none at all.
    #[error(
        "{address} gave no answer: {source}; the exporter hangs, or something else has the port"
    )]
    NoAnswer {
        /// `host:port`
        address: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// An answer that is not HTTP.
    #[error(
        "{address} does not speak HTTP as this configuration has it; something else has the \
         port, or healthcheck was not given the exporter's --web.config.file"
    )]
    NotHttp {
        /// `host:port`
        address: String,
    },
    /// Another status than 200.
    #[error("{address}{path} answered {status}: {text}")]
    Status {
        /// `host:port`
        address: String,
        /// The path that was asked for.
        path: String,
        /// The status code.
        status: u16,
        /// The first line of the body.
        text: String,
    },
}

/// What a probe speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP in the clear.
    Plain,
    /// HTTP over TLS, else in the clear: a web file is there, and need not switch TLS on. No
    /// certificate is asked for a name: the probe shows nothing and believes nothing but that
    /// somebody answers. A server that wants a certificate of the probe, which has none, answers.
    MaybeTls,
}

/// Asks for `path` at `host:port` and is content with status 200 only.
///
/// Blocking, and bounded by `timeout` as a whole; only the resolution of a host name is outside
/// of it (the resolver has its own time).
///
/// # Errors
///
/// When there is no answer in time, or another one.
pub fn probe(
    scheme: Scheme,
    host: &str,
    port: u16,
    path: &str,
    timeout: Duration,
) -> Result<(), ProbeError> {
    let deadline = Instant::now() + timeout;
    // An IPv6 address is written in brackets next to a port.
    let address = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let connected = || {
        connect(host, port, deadline)
            .map_err(|source| ProbeError::Connect { address: address.clone(), source })
    };
    let no_answer = |source| ProbeError::NoAnswer { address: address.clone(), source };
    let encrypted = match scheme {
        Scheme::Plain => None,
        Scheme::MaybeTls => {
            let request = request(&address, path);
            tls::exchange(connected()?, host, Trust::Anybody, &request, ANSWER_BYTES)
                .map_err(no_answer)?
        }
    };
    let answer = match encrypted {
        Some(tls::Answer::WantsCertificate) => return Ok(()),
        Some(tls::Answer::Bytes(answer)) => answer,
        None => exchange(&mut connected()?, &request(&address, path), ANSWER_BYTES)
            .map_err(no_answer)?,
    };
    match status(&answer) {
        None => Err(ProbeError::NotHttp { address }),
        Some(200) => Ok(()),
        Some(status) => {
            let text = first_line_of_body(&answer);
            Err(ProbeError::Status { address, path: path.to_owned(), status, text })
        }
    }
}

/// A connection of which every read and write ends with the deadline.
struct Bounded {
    stream: TcpStream,
    deadline: Instant,
}

/// What is left; an error when nothing is (a socket takes no timeout of zero).
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// What the kernel calls "would block" is the timeout of the socket.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}

impl Read for Bounded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        self.stream.read(buf).map_err(timed_out)
    }
}

impl Write for Bounded {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        self.stream.write(buf).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn connect(host: &str, port: u16, deadline: Instant) -> io::Result<Bounded> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for candidate in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&candidate, left(deadline)?) {
            Ok(stream) => return Ok(Bounded { stream, deadline }),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn request(address: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
}

/// The answer as far as `most` bytes.
fn exchange(stream: &mut (impl Read + Write), request: &str, most: usize) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut part = [0; ANSWER_BYTES];
    while answer.len() < most {
        let room = part.len().min(most - answer.len());
        match stream.read(&mut part[..room]) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // TLS that ends without a goodbye, after an answer that is there.
            Err(error) if !answer.is_empty() && error.kind() == io::ErrorKind::UnexpectedEof => {
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if answer.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
}

/// The status code of `HTTP/1.1 200 OK`.
fn status(answer: &[u8]) -> Option<u16> {
    let rest = answer.strip_prefix(b"HTTP/1.")?.get(1..)?.strip_prefix(b" ")?;
    std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok()
}

fn first_line_of_body(answer: &[u8]) -> String {
    let answer = String::from_utf8_lossy(answer);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_head, body)| body);
    body.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(50);

    /// Serves one connection: reads the request's head, then hands the socket over.
    fn server(answer: impl FnOnce(TcpStream, String) + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            answer(stream, String::from_utf8(head).unwrap());
        });
        address
    }

    fn probe_it(address: SocketAddr, timeout: Duration) -> Result<(), ProbeError> {
        probe(Scheme::Plain, &address.ip().to_string(), address.port(), "/-/healthy", timeout)
    }

    #[test]
    fn status_200_is_health() {
        let address = server(|mut stream, head| {
            assert!(head.starts_with("GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1:"), "{head}");
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nHealthy\n").unwrap();
        });
        probe_it(address, LONG).unwrap();
    }

    #[test]
    fn another_status_is_told_with_its_first_line() {
        let address = server(|mut stream, _| {
            stream
                .write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\nNot ready: waiting\nmore")
                .unwrap();
        });
        let message = probe_it(address, LONG).unwrap_err().to_string();
        assert!(message.ends_with("/-/healthy answered 503: Not ready: waiting"), "{message}");
    }

    #[test]
    fn silence_ends_with_the_timeout() {
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let address = server(move |_stream, _| {
            let _ = held.recv();
        });
        let error = probe_it(address, SHORT).unwrap_err();
        drop(hold);
        match error {
            ProbeError::NoAnswer { source, .. } => {
                assert_eq!(source.kind(), io::ErrorKind::TimedOut);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_endless_answer_is_read_only_as_far_as_is_needed() {
        let address = server(|mut stream, _| while stream.write_all(b"H").is_ok() {});
        let error = probe_it(address, LONG).unwrap_err();
        assert!(matches!(error, ProbeError::NotHttp { .. }), "{error:?}");
    }

    #[test]
    fn a_server_that_hangs_up_gave_no_answer() {
        let address = server(|_stream, _| {});
        let error = probe_it(address, LONG).unwrap_err();
        assert!(matches!(error, ProbeError::NoAnswer { .. }), "{error:?}");
    }

    #[test]
    fn a_port_without_a_listener_asks_whether_the_exporter_runs() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let message = probe_it(address, LONG).unwrap_err().to_string();
        assert!(message.contains("is the exporter running"), "{message}");
    }
}
