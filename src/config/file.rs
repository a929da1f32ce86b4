//! From a file on disk to a configuration.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::document::{self, Position};
use super::error::{Complaint, ConfigError, Origin};
use super::section::Overrides;
use super::{Config, Defaults, sections};

/// Bytes of a configuration file; what is longer is no configuration.
pub const FILE_LIMIT: usize = 1024 * 1024;

/// All that a configuration is read from, so that it can be read again.
#[derive(Clone, Debug)]
pub struct Loader {
    file: Option<PathBuf>,
    overrides: Overrides,
    defaults: Defaults,
}

impl Loader {
    /// Takes note of it and reads nothing yet.
    #[must_use]
    pub fn new(file: Option<PathBuf>, overrides: Overrides, defaults: Defaults) -> Self {
        Self { file, overrides, defaults }
    }

    /// Reads the file as it is now.
    ///
    /// # Errors
    /// When the configuration is refused.
    pub fn load(&self) -> Result<Config, ConfigError> {
        load(self.file(), &self.overrides, self.defaults)
    }

    /// The same when it was read before.
    ///
    /// # Errors
    /// When the configuration is refused. A pipe is: it would seem to be empty now.
    pub fn load_again(&self) -> Result<Config, ConfigError> {
        if let Some(file) = self.file().filter(|file| is_stream(file)) {
            let remedy = "restart the exporter, or give it a regular file";
            let complaint = Complaint::new("is no regular file and can be read only once", remedy);
            return Err(in_file(&file.display().to_string(), None, complaint));
        }
        self.load()
    }

    /// What the file holds now, or as much of it as could be a configuration: to see whether it
    /// changed. `None` without a file, while it cannot be read, and if it is a pipe.
    #[must_use]
    pub fn contents(&self) -> Option<Vec<u8>> {
        bytes(self.file().filter(|file| !is_stream(file))?).ok()
    }

    /// The file, if there is one; without it every load gives the same.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// Reads `file`, if there is one, and merges it with `overrides`.
pub fn load(
    file: Option<&Path>,
    overrides: &Overrides,
    defaults: Defaults,
) -> Result<Config, ConfigError> {
    let Some(path) = file else {
        return parse("", "", overrides, defaults);
    };
    let name = path.display().to_string();
    let remedy = "correct --config.file, or leave it out to use the defaults";
    let text = read(path, remedy).map_err(|(at, complaint)| in_file(&name, at, complaint))?;
    parse(&name, &text, overrides, defaults)
}

/// Like [`load`], for a text at hand; `name` is how messages call the file.
pub fn parse(
    name: &str,
    text: &str,
    overrides: &Overrides,
    defaults: Defaults,
) -> Result<Config, ConfigError> {
    let document = document::parse(text)
        .map_err(|error| in_file(name, error.at, Complaint::new(error.what, error.remedy)))?;
    let hash = document::fingerprint(text, &document);
    sections::resolve(name, &document, hash, overrides, defaults)
}

/// A complaint about a file.
pub(super) fn in_file(name: &str, at: Option<Position>, complaint: Complaint) -> ConfigError {
    let origin = Origin::File { name: name.to_owned(), at };
    ConfigError::of_origin(origin, complaint)
}

/// The text of a configuration file; `remedy` is for one that is not there.
pub(super) fn read(path: &Path, remedy: &str) -> Result<String, (Option<Position>, Complaint)> {
    let bytes = bytes(path).map_err(|error| (None, unreadable(&error, remedy)))?;
    if bytes.len() > FILE_LIMIT {
        let what = format!("is larger than {FILE_LIMIT} bytes");
        return Err((None, Complaint::new(what, "name the configuration file, not another one")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let at = position_after(&String::from_utf8_lossy(valid));
        (Some(at), Complaint::new("is not UTF-8 text", "save the file as UTF-8"))
    })
}

/// What a file holds, or one byte more than [`FILE_LIMIT`] of it.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed, to see that there is more; the rest is never read.
    File::open(path)?.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether it is there and neither a file nor a folder.
pub(super) fn is_stream(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| !file.is_file() && !file.is_dir())
}

/// Why a file cannot be read; `remedy` is for one that is not there.
pub(super) fn unreadable(error: &io::Error, remedy: &str) -> Complaint {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => remedy,
        io::ErrorKind::PermissionDenied => "let the user that runs the exporter read it",
        io::ErrorKind::IsADirectory => "name a file in it",
        _ => "check the file and its disk",
    };
    Complaint::new(format!("cannot be read: {error}"), remedy)
}

fn position_after(text: &str) -> Position {
    let line = text.rsplit('\n').next().unwrap_or_default();
    Position {
        line: text.matches('\n').count() as u64 + 1,
        column: line.chars().count() as u64 + 1,
    }
}
