//! From a web file on disk, and the files that it names, to what is served with.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};

use super::WebFile;
use super::draft::{self, Draft, Pem, TlsDraft};
use crate::config::error::{Complaint, ConfigError};
use crate::config::field::quote;
use crate::config::file::{FILE_LIMIT, bytes, in_file, is_stream, read, unreadable};
use crate::config::section::Setting;
use crate::tls::{self, ClientCa, KeyPem, Part, Settings};

/// What to do about a web file that is not there.
const REMEDY: &str = "correct --web.config.file, or leave it out for plain HTTP";

/// Reads a web file, now and again.
#[derive(Clone, Debug)]
pub struct WebLoader {
    file: PathBuf,
}

/// A web file that was read.
#[derive(Debug)]
pub struct Loaded {
    /// What it says.
    pub web: WebFile,
    /// What is valid and still worth a second thought, one sentence each.
    pub warnings: Vec<String>,
    /// From what it was read.
    pub contents: Contents,
}

/// What the web file and those that it names hold: to see whether anything changed. Only a hash
/// is kept, since some of it is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Contents([u8; 32]);

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contents(..)")
    }
}

impl WebLoader {
    /// Takes note of the file and reads nothing yet.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// Reads the file as it is now, and those that it names.
    ///
    /// # Errors
    /// When it is refused.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let name = self.file.display().to_string();
        let text =
            read(&self.file, REMEDY).map_err(|(at, complaint)| in_file(&name, at, complaint))?;
        let draft = draft::parse(&name, &text)?;
        let mut seen = Seen::default();
        seen.file(&self.file, Some(text.as_bytes()));
        let Draft { tls, headers, users, rate_limit, mut warnings } = draft;
        let tls = match tls {
            None => None,
            Some(tls) => Some(Arc::new(self.server_config(tls, &mut seen, &mut warnings)?)),
        };
        let web = WebFile { tls, headers, users, rate_limit };
        // What comes by a pipe is never read again, nor is what it names.
        let contents = if is_stream(&self.file) { self.contents() } else { seen.contents() };
        Ok(Loaded { web, warnings, contents })
    }

    /// The same when it was read before.
    ///
    /// # Errors
    /// When it is refused. A pipe is: it would seem to be empty now.
    pub fn load_again(&self) -> Result<Loaded, ConfigError> {
        let once = |path: &Path| {
            let remedy = "restart the exporter, or use a regular file";
            let what = "is no regular file and can be read only once";
            in_file(&path.display().to_string(), None, Complaint::new(what, remedy))
        };
        if is_stream(&self.file) {
            return Err(once(&self.file));
        }
        if let Some(stream) = self.named().into_iter().find(|file| is_stream(file)) {
            return Err(once(&stream));
        }
        self.load()
    }

    /// What all of them hold now. A file that cannot be read counts as such; a pipe never changes.
    #[must_use]
    pub fn contents(&self) -> Contents {
        let mut seen = Seen::default();
        seen.file(&self.file, at_rest(&self.file).as_deref());
        for file in self.named() {
            seen.file(&file, at_rest(&file).as_deref());
        }
        seen.contents()
    }

    /// The files that it names now; none while it is no web file.
    fn named(&self) -> Vec<PathBuf> {
        if is_stream(&self.file) {
            return Vec::new();
        }
        let Ok(text) = read(&self.file, REMEDY) else { return Vec::new() };
        let Ok(draft) = draft::parse("", &text) else { return Vec::new() };
        draft.files().into_iter().map(|file| self.beside(file)).collect()
    }

    /// Relative to the folder of the web file.
    fn beside(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    fn server_config(
        &self,
        draft: TlsDraft,
        seen: &mut Seen,
        warnings: &mut Vec<String>,
    ) -> Result<rustls::ServerConfig, ConfigError> {
        let certificates = self.pem(&draft.certificates, seen)?;
        let key = KeyPem(self.pem(&draft.key, seen)?);
        let client_ca = match &draft.client_ca {
            Some(ca) => ClientCa::Pem(self.pem(ca, seen)?),
            None if draft.client_auth.verifies() => {
                warnings.push(
                    "tls_server_config.client_auth_type: without client_ca_file, everybody may \
                     connect who has a certificate of an authority that this machine trusts"
                        .into(),
                );
                ClientCa::System(trusted_by_this_machine())
            }
            None => ClientCa::None,
        };
        let settings = Settings {
            certificates,
            key,
            client_ca,
            client_auth: draft.client_auth,
            client_allowed_sans: draft.client_allowed_sans,
            min_version: draft.min_version,
            max_version: draft.max_version,
            suites: draft.suites,
            curves: draft.curves,
            prefer_server_suites: draft.prefer_server_suites,
            http2: draft.http2,
        };
        let (config, of_tls) = tls::server_config(&settings).map_err(|refusal| {
            let is_here = |(part, _): &&(Part, _)| *part == refusal.part || *part == Part::Whole;
            let named = match refusal.part {
                Part::Certificates => Some(&draft.certificates),
                Part::Key => Some(&draft.key),
                Part::ClientCa => draft.client_ca.as_ref(),
                _ => None,
            };
            let what = match named {
                Some(Pem::File(file)) => format!("{} {}", shown(&file.value), refusal.what),
                _ => refusal.what.clone(),
            };
            match draft.places.iter().find(is_here) {
                Some((_, place)) => place.refuse(what, refusal.remedy),
                None => in_file(
                    &self.file.display().to_string(),
                    None,
                    Complaint::new(what, refusal.remedy),
                ),
            }
        })?;
        warnings.extend(of_tls.into_iter().map(|warning| format!("tls_server_config.{warning}")));
        Ok(config)
    }

    fn pem(&self, pem: &Pem, seen: &mut Seen) -> Result<Vec<u8>, ConfigError> {
        let setting: &Setting<PathBuf> = match pem {
            Pem::Inline(setting) => return Ok(setting.value.clone()),
            Pem::File(setting) => setting,
        };
        let path = self.beside(&setting.value);
        let refuse = |what: &str, remedy: &str| {
            setting.refuse(format!("{} {what}", shown(&setting.value)), remedy)
        };
        let bytes = bytes(&path).map_err(|error| {
            let remedy = "name a file, relative to the folder of this one or absolute";
            let Complaint { what, remedy } = unreadable(&error, remedy);
            refuse(&what, &remedy)
        })?;
        if bytes.len() > FILE_LIMIT {
            let what = format!("is larger than {FILE_LIMIT} bytes");
            return Err(refuse(&what, "name a file in PEM, not another one"));
        }
        seen.file(&path, (!is_stream(&path)).then_some(&bytes));
        Ok(bytes)
    }
}

/// What a file holds, unless it is none to read twice or cannot be read.
fn at_rest(path: &Path) -> Option<Vec<u8>> {
    bytes(Some(path).filter(|path| !is_stream(path))?).ok()
}

/// A name for a message, unless it looks like something that was to stand in a file.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    match text.contains(['\n', '\r']) || text.len() > 200 || text.contains("-----") {
        true => "what is named here, which is no plain file name,".to_owned(),
        false if text.len() > 60 => format!("{text:?}"),
        false => quote(&text),
    }
}

fn trusted_by_this_machine() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// Hashes names and contents as they are read.
#[derive(Default)]
struct Seen(Sha256);

impl Seen {
    fn file(&mut self, path: &Path, contents: Option<impl AsRef<[u8]>>) {
        let name = path.as_os_str().as_encoded_bytes();
        let contents = contents.as_ref().map(AsRef::as_ref);
        for part in [Some(name), contents] {
            self.0.update(part.map_or(u64::MAX, |part| part.len() as u64).to_be_bytes());
            self.0.update(part.unwrap_or_default());
        }
    }

    fn contents(self) -> Contents {
        Contents(self.0.finalize().into())
    }
}
