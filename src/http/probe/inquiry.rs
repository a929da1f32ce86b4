//! The client of the `explain` subcommand: a question to an exporter that runs here or elsewhere.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;

use super::tls::{self, Trust};
use super::{ProbeError, connect, exchange, response};
use crate::config::{ExternalUrl, Web};
use crate::http::{EXPLAIN_PATH, plain};
use crate::model::{AccountId, Region};

/// An answer has a few thousand bytes; what is longer is none.
const MOST_BYTES: usize = 1024 * 1024;
/// Of a password; bcrypt takes less.
const LONGEST_PASSWORD: u64 = 4096;
/// Of the words with which an exporter refuses.
const LONGEST_WORDS: usize = 200;

/// What is asked, and of whom.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Whose products.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// The id of one of them, if it is about one.
    pub product: Option<String>,
    /// Where the exporter is; `None`: on this machine, as the configuration says.
    pub url: Option<ExternalUrl>,
    /// Whether its certificate is believed, whatever it says.
    pub insecure: bool,
    /// Who asks, if the exporter wants to know.
    pub login: Option<Login>,
    /// Of the whole question.
    pub timeout: Duration,
}

/// A user of the exporter.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The proof.
    pub password: Password,
}

/// Where a password is.
#[derive(Clone)]
pub enum Password {
    /// In a file, of which a line break at the end is no part.
    File(PathBuf),
    /// Here.
    Text(String),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
            Self::Text(_) => f.write_str("Text(…)"),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum InquiryError {
    /// Nobody is there, or says nothing.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The password cannot be had.
    #[error("cannot read the password from {}: {source}; check --password-file", file.display())]
    Password {
        /// Where it should be.
        file: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// No HTTP, or not the whole of it.
    #[error(
        "{address} gave no whole answer that is HTTP; something else has the port, or explain was \
         not given the exporter's --web.config.file or --url"
    )]
    NotHttp {
        /// `host:port`
        address: String,
    },
    /// The server is not who it should be.
    #[error(
        "the certificate of {address} is not to be trusted: {source}; name its authority in \
         SSL_CERT_FILE, or say --insecure if you know better"
    )]
    Certificate {
        /// `host:port`
        address: String,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The server wants a client's certificate.
    #[error(
        "{address} wants a certificate of its clients, which explain has not; ask \
         {EXPLAIN_PATH}?account=…&region=… with curl --cert and --key"
    )]
    WantsCertificate {
        /// `host:port`
        address: String,
    },
    /// The exporter wants to know who asks.
    #[error(
        "{address} wants a login, or another one: say --user, and the password with \
         --password-file or in the variable SERVICECATALOG_EXPORTER_PASSWORD"
    )]
    Login {
        /// `host:port`
        address: String,
    },
    /// It answers something else.
    #[error("{address}{path} answered {status}: {words}")]
    Status {
        /// `host:port`
        address: String,
        /// The path that was asked for.
        path: String,
        /// The status code.
        status: u16,
        /// The first line of the body, or its error.
        words: String,
    },
    /// It has no such path.
    #[error(
        "{address}{path} answered 404: {words}; give the prefix of the exporter \
         (--web.route-prefix, or in --url), turn web.status_page on, or ask one of this version"
    )]
    NotFound {
        /// `host:port`
        address: String,
        /// The path that was asked for.
        path: String,
        /// The first line of the body, or its error.
        words: String,
    },
}

/// Who is asked, and how.
struct Place {
    host: String,
    port: u16,
    /// How a client writes host and port.
    address: String,
    prefix: String,
    way: Way,
}

#[derive(Clone, Copy)]
enum Way {
    Plain,
    /// TLS with anybody, else in the clear: this machine's exporter has a web file, which need not
    /// switch TLS on. What is sent stays on this machine.
    MaybeTls,
    Tls(Trust),
}

/// Asks the exporter of this configuration, or the one that the inquiry names, and gives the JSON
/// of its answer. Blocking, and bounded by the timeout but for the resolution of a host name.
///
/// # Errors
/// When there is no answer in time, or another one.
pub fn inquire(web: &Web, inquiry: &Inquiry) -> Result<Vec<u8>, InquiryError> {
    let deadline = Instant::now() + inquiry.timeout;
    let place = place(web, inquiry);
    let path = format!("{}{EXPLAIN_PATH}", place.prefix);
    let request = request(&place, &path, inquiry)?;
    let address = place.address.clone();
    let answer = ask(&place, &request, deadline)?;
    let Some(response) = response::read(&answer) else {
        return Err(InquiryError::NotHttp { address });
    };
    match response.status {
        200 => Ok(response.body),
        401 => Err(InquiryError::Login { address }),
        404 => Err(InquiryError::NotFound { address, path, words: words(&response.body) }),
        status => Err(InquiryError::Status { address, path, status, words: words(&response.body) }),
    }
}

fn place(web: &Web, inquiry: &Inquiry) -> Place {
    let of_url = inquiry.url.as_ref().and_then(|url| {
        let uri: Uri = url.as_str().parse().ok()?;
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let trust = if inquiry.insecure { Trust::Anybody } else { Trust::Machine };
        let (way, usual) = match uri.scheme_str() {
            Some("https") => (Way::Tls(trust), 443),
            _ => (Way::Plain, 80),
        };
        let address = uri.authority()?.to_string();
        let prefix = url.prefix().as_str().to_owned();
        Some(Place { host, port: uri.port_u16().unwrap_or(usual), address, prefix, way })
    });
    of_url.unwrap_or_else(|| {
        let (host, port) = match web.listen_addresses.first() {
            Some(address) => address.loopback_for_probe(),
            None => ("127.0.0.1".to_owned(), 0),
        };
        let address = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        let way = if web.config_file.is_some() { Way::MaybeTls } else { Way::Plain };
        Place { host, port, address, prefix: web.route_prefix.as_str().to_owned(), way }
    })
}

fn request(place: &Place, path: &str, inquiry: &Inquiry) -> Result<String, InquiryError> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account", inquiry.account.as_str());
    query.append_pair("region", inquiry.region.as_str());
    if let Some(product) = &inquiry.product {
        query.append_pair("product", product);
    }
    let (query, host) = (query.finish(), &place.address);
    let login = inquiry.login.as_ref().map(authorization).transpose()?.unwrap_or_default();
    Ok(format!("GET {path}?{query} HTTP/1.1\r\nHost: {host}\r\n{login}Connection: close\r\n\r\n"))
}

fn authorization(login: &Login) -> Result<String, InquiryError> {
    let password = match &login.password {
        Password::Text(text) => text.clone().into_bytes(),
        Password::File(file) => from_file(file)
            .map_err(|source| InquiryError::Password { file: file.clone(), source })?,
    };
    let both = STANDARD.encode([login.user.as_bytes(), b":", &password].concat());
    Ok(format!("Authorization: Basic {both}\r\n"))
}

fn from_file(file: &Path) -> io::Result<Vec<u8>> {
    let mut password = Vec::new();
    std::fs::File::open(file)?.take(LONGEST_PASSWORD).read_to_end(&mut password)?;
    if password.last() == Some(&b'\n') {
        password.pop();
        if password.last() == Some(&b'\r') {
            password.pop();
        }
    }
    Ok(password)
}

fn ask(place: &Place, request: &str, deadline: Instant) -> Result<Vec<u8>, InquiryError> {
    let address = || place.address.clone();
    let no_answer = |source| ProbeError::NoAnswer { address: address(), source };
    let connected = || {
        connect(&place.host, place.port, deadline)
            .map_err(|source| ProbeError::Connect { address: address(), source })
    };
    let (trust, or_plain) = match place.way {
        Way::Plain => {
            return Ok(exchange(&mut connected()?, request, MOST_BYTES).map_err(no_answer)?);
        }
        Way::MaybeTls => (Trust::Anybody, true),
        Way::Tls(trust) => (trust, false),
    };
    match tls::exchange(connected()?, &place.host, trust, request, MOST_BYTES) {
        Ok(Some(tls::Answer::Bytes(answer))) => Ok(answer),
        Ok(Some(tls::Answer::WantsCertificate)) => {
            Err(InquiryError::WantsCertificate { address: address() })
        }
        Ok(None) if or_plain => {
            Ok(exchange(&mut connected()?, request, MOST_BYTES).map_err(no_answer)?)
        }
        Ok(None) => Err(InquiryError::NotHttp { address: address() }),
        Err(source) if tls::certificate_error(&source).is_some() => {
            Err(InquiryError::Certificate { address: address(), source })
        }
        Err(source) => Err(no_answer(source).into()),
    }
}

/// Why an exporter refuses, in a line.
fn words(body: &[u8]) -> String {
    let error = serde_json::from_slice::<serde_json::Value>(body).ok();
    let error = error.as_ref().and_then(|json| json.get("error")?.as_str());
    let text = String::from_utf8_lossy(body);
    let line = error.unwrap_or_else(|| text.lines().next().unwrap_or_default());
    plain(&line.chars().take(LONGEST_WORDS).collect::<String>()).into_owned()
}

#[cfg(test)]
mod tests;
