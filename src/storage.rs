//! What was known, kept in a directory over restarts.
//!
//! One file holds all targets and is replaced whole: written beside itself, brought to the disk,
//! renamed. Whoever reads finds the file before or the file after, and what is neither is set aside
//! and changes nothing. A second small file says that the process before ended as it should, and
//! is gone as soon as the next one has begun.

mod file;

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::snapshot::SavedTarget;

pub use file::{Damage, MOST_BYTES, read, write};

/// The file of all targets.
const SNAPSHOT: &str = "snapshot";
/// Where a file goes that cannot be used; the one before it is lost.
const ASIDE: &str = "snapshot.damaged";
/// The one that is being written.
const UNFINISHED: &str = "snapshot.new";
/// Says which snapshot was the last one of a process that ended as it should.
const ENDED: &str = "ended";
/// Held by the one process that uses the directory.
const LOCK: &str = "lock";

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Somebody else has it.
    #[error(
        "storage.path {}: another process uses this directory; give each exporter one of its own",
        .0.display()
    )]
    InUse(PathBuf),
    /// Not there, or not ours.
    #[error(
        "storage.path {}: {source}; it must be a directory that the exporter may write to",
        .path.display()
    )]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

/// What was found of an earlier process.
#[derive(Debug, Default)]
pub struct Found {
    /// The targets that it knew.
    pub targets: Vec<SavedTarget<'static>>,
    /// Whether it was ended before it could keep what it knew last.
    pub is_torn: bool,
}

/// A directory that this process alone uses.
#[derive(Debug)]
pub struct Storage {
    path: PathBuf,
    /// Held as long as this lives.
    _lock: File,
}

impl Storage {
    /// Takes the directory, and makes it if only it itself is missing.
    ///
    /// # Errors
    /// When it cannot be used, or another process uses it.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let unusable = |source| StorageError::Unusable { path: path.to_owned(), source };
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(unusable(error));
            }
            _ => {}
        }
        let lock = File::options().write(true).create(true).truncate(false).open(path.join(LOCK));
        let lock = lock.map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StorageError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// What an earlier process kept. What cannot be used is set aside, the log says why, and
    /// nothing else happens.
    #[must_use]
    pub fn load(&self) -> Found {
        let path = self.path.join(SNAPSHOT);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                tracing::info!(path = %path.display(), "nothing is kept of an earlier process yet");
                return Found::default();
            }
            Err(error) => return self.set_aside(&error),
        };
        match read(file) {
            Ok((targets, digest)) => Found { targets, is_torn: !self.take_ended(&digest) },
            Err(damage) => self.set_aside(&damage),
        }
    }

    fn set_aside(&self, why: &dyn std::error::Error) -> Found {
        let (from, to) = (self.path.join(SNAPSHOT), self.path.join(ASIDE));
        let moved = fs::rename(&from, &to);
        tracing::warn!(
            path = %from.display(),
            why = %why,
            set_aside = moved.as_ref().is_ok().then(|| to.display().to_string()),
            error = moved.err().map(tracing::field::display),
            "what an earlier process kept cannot be used; this one begins without it, as after a \
             first start"
        );
        let _ = fs::remove_file(self.path.join(ENDED));
        Found::default()
    }

    /// Whether the process that wrote that snapshot ended behind it. Asked once: from now on this
    /// process may end at any time.
    fn take_ended(&self, digest: &str) -> bool {
        let path = self.path.join(ENDED);
        let ended = fs::read_to_string(&path).is_ok_and(|ended| ended == digest);
        // One that cannot be removed would still be there after a crash.
        ended && fs::remove_file(&path).and_then(|()| self.sync()).is_ok()
    }

    /// Keeps these targets in place of what was kept before; `is_last` if nothing comes after them.
    /// How many bytes they take.
    ///
    /// # Errors
    /// When they could not be written; what was kept before is still there then.
    pub fn keep<'s>(
        &self,
        targets: impl IntoIterator<Item = SavedTarget<'s>>,
        is_last: bool,
    ) -> io::Result<u64> {
        let path = self.path.join(UNFINISHED);
        let kept = write_file(&path, targets).and_then(|kept| {
            fs::rename(&path, self.path.join(SNAPSHOT))?;
            Ok(kept)
        });
        let (bytes, digest) = kept.inspect_err(|_| {
            // It may be what fills the disk.
            let _ = fs::remove_file(&path);
        })?;
        if is_last {
            fs::write(self.path.join(ENDED), digest)?;
        }
        self.sync()?;
        Ok(bytes)
    }

    /// Brings what was renamed or removed to the disk.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

/// Nobody else reads it: names of products and accounts are a company's own.
fn write_file<'s>(
    path: &Path,
    targets: impl IntoIterator<Item = SavedTarget<'s>>,
) -> io::Result<(u64, String)> {
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let kept = write(&mut file, targets)?;
    file.sync_all()?;
    Ok(kept)
}

#[cfg(test)]
mod tests;
