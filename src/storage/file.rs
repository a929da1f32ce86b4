//! The file: one line that says what it is, and a line of JSON for each target.
//!
//! ```text
//! servicecatalog-exporter snapshot 1 <SHA-256 of all that follows> <its length in bytes>
//! {"role":"arn:…","region":"eu-central-1","account":"123456789012",…}
//! …
//! ```
//!
//! The first line has a fixed length, so that it can be written last.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use sha2::{Digest as _, Sha256};

use crate::snapshot::SavedTarget;

/// A file that is longer is neither written nor read. A product takes some 300 bytes.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Another number is another format.
const MAGIC: &str = "servicecatalog-exporter snapshot 1 ";

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// The disk says so.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Something else, or of a version of this program that keeps other things.
    #[error("it is not a snapshot of this version of the exporter")]
    Foreign,
    /// Cut off, or changed.
    #[error("its checksum is wrong: it was cut off or changed")]
    Checksum,
    /// Longer than anything that is written.
    #[error("it is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// The checksum is right and the text is not.
    #[error("line {line}, column {column} is not as this version writes it")]
    Target {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
}

/// Writes the targets to an empty file; its length and the checksum of what follows the first line.
///
/// # Errors
/// When the disk refuses, or when they take more than [`MOST_BYTES`].
pub fn write<'s>(
    file: &mut (impl Write + Seek),
    targets: impl IntoIterator<Item = SavedTarget<'s>>,
) -> io::Result<(u64, String)> {
    file.write_all(head(&"0".repeat(64), 0).as_bytes())?;
    let mut body = BufWriter::new(Body { file: &mut *file, digest: Sha256::new(), bytes: 0 });
    for target in targets {
        serde_json::to_writer(&mut body, &target)?;
        body.write_all(b"\n")?;
    }
    let Body { digest, bytes, .. } = body.into_inner().map_err(io::IntoInnerError::into_error)?;
    let digest = hexadecimal(&digest.finalize());
    let head = head(&digest, bytes);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(head.as_bytes())?;
    Ok((head.len() as u64 + bytes, digest))
}

/// Reads a whole file: all of its targets, and the checksum of what follows the first line.
///
/// # Errors
/// When any of it is not as it was written.
pub fn read(file: impl Read) -> Result<(Vec<SavedTarget<'static>>, String), Damage> {
    let mut file = BufReader::new(file.take(MOST_BYTES + 1));
    let empty = head(&"0".repeat(64), 0);
    let mut first = vec![0; empty.len()];
    file.read_exact(&mut first).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Damage::Foreign,
        _ => Damage::Unreadable(error),
    })?;
    let (digest, bytes) = parse_head(&first).ok_or(Damage::Foreign)?;
    if bytes > MOST_BYTES {
        return Err(Damage::TooLong);
    }
    let (mut hash, mut read) = (Sha256::new(), 0_u64);
    let (mut targets, mut broken) = (Vec::new(), None);
    let mut line = Vec::new();
    for number in 2.. {
        line.clear();
        let length = file.read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        read += length;
        if read > bytes {
            return Err(Damage::Checksum);
        }
        hash.update(&line);
        // A wrong checksum says more than the line at which it shows.
        match serde_json::from_slice(&line) {
            Ok(target) if broken.is_none() => targets.push(target),
            Ok(_) => {}
            Err(error) => {
                let column = error.column();
                broken = broken.or(Some(Damage::Target { line: number, column }));
            }
        }
    }
    if read != bytes || hexadecimal(&hash.finalize()) != digest {
        return Err(Damage::Checksum);
    }
    broken.map_or(Ok((targets, digest)), Err)
}

fn head(digest: &str, bytes: u64) -> String {
    format!("{MAGIC}{digest} {bytes:020}\n")
}

fn parse_head(line: &[u8]) -> Option<(String, u64)> {
    let rest = std::str::from_utf8(line).ok()?.strip_prefix(MAGIC)?;
    let (digest, bytes) = rest.strip_suffix('\n')?.split_once(' ')?;
    let bytes = bytes.parse().ok()?;
    (line == head(digest, bytes).as_bytes()).then(|| (digest.to_owned(), bytes))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Counts and hashes what is written.
struct Body<W> {
    file: W,
    digest: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Body<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let written = self.file.write(text)?;
        self.digest.update(text.get(..written).unwrap_or(text));
        self.bytes += written as u64;
        if self.bytes > MOST_BYTES {
            let message = format!("all targets together take more than {MOST_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
