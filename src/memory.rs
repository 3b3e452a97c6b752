//! Memories outside the data directory: heads that something else remembers, held against the log that is to be served.
//!
//! Whoever restores or copies a whole directory gets a log that agrees with itself. Only somebody outside who saw a later head,
//! or another one, can tell. There is one such memory by default, a file beside the directory with the newest published head.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indelible_client::{FileHeads, HeadStore, Swap};
use indelible_log::{Head, Log, ReadError, Reader};
use indelible_merkle::{CompactRange, Hash, TreeHead};
use indelible_note::{BadCheckpoint, SignedCheckpoint, Verified, VerifierKey, open_checkpoint};

use crate::task::blocking;

/// The checkpoint file: the newest head, or one at most a second older.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    heads: FileHeads,
}

/// Why a memory stops the start.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The log in the directory is older than what was published.
    #[error(
        "{place} remembers a head of {remembered} entries, but the log in the directory has {found}: it is an older copy, or has \
         lost what was published\n\nindelible recover --accept-older   (to go on all the same; whoever holds a later head will see it)"
    )]
    Later {
        /// Who remembers.
        place: String,
        /// Size of the head that is remembered.
        remembered: u64,
        /// Size of the log's own last head.
        found: u64,
    },
    /// The log in the directory has another past.
    #[error(
        "{place} remembers the root {remembered} for {size} entries, but the log in the directory has {found}: these are two \
         histories of one log"
    )]
    OtherRoot {
        /// Who remembers.
        place: String,
        /// Size of the tree.
        size: u64,
        /// The root that is remembered.
        remembered: Hash,
        /// The root of that many entries in the directory.
        found: Hash,
    },
    /// What is remembered is no head of this log.
    #[error("{place} holds no head of this log: {error}\n\nmove it away if it belongs to a log that is gone")]
    Foreign {
        /// Who remembers.
        place: String,
        /// Why not.
        error: Box<BadCheckpoint>,
    },
    /// The memory cannot be read or written.
    #[error("{place}: {error}")]
    Io {
        /// Who remembers.
        place: String,
        /// What the system said.
        error: io::Error,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl MemoryError {
    /// Whether memory and log contradict each other, as against could not be compared.
    pub fn is_refuted(&self) -> bool {
        match self {
            MemoryError::Later { .. } | MemoryError::OtherRoot { .. } => true,
            MemoryError::Foreign { .. } | MemoryError::Io { .. } | MemoryError::Read(_) => false,
        }
    }
}

impl CheckpointFile {
    /// The memory in this file, whether it exists or not.
    pub fn at(path: PathBuf) -> Result<CheckpointFile, MemoryError> {
        let heads = FileHeads::new(&path).map_err(io_error(&path))?;
        Ok(CheckpointFile { path, heads })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The head in the file; `None` if there is no file.
    pub fn load(&self, key: &VerifierKey) -> Result<Option<Verified<SignedCheckpoint>>, MemoryError> {
        let note = self.heads.load().map_err(io_error(&self.path))?;
        let head = note.map(|note| open_checkpoint(&note, key)).transpose();
        head.map_err(|error| MemoryError::Foreign {
            place: self.path.display().to_string(),
            error: Box::new(error),
        })
    }

    /// Whether the file remembers a head, which the log then continues.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Later`] and [`MemoryError::OtherRoot`] if the log does not continue it.
    pub fn confirm(&self, log: &Log) -> Result<bool, MemoryError> {
        let Some(remembered) = self.load(&log.description().vkey)? else {
            tracing::warn!(file = %self.path.display(), "no head is remembered there: an older copy of the log would go unnoticed");
            return Ok(false);
        };
        compare(&self.path, remembered.head(), &log.reader())?;
        Ok(true)
    }

    /// Replaces what the file holds. When this returns the new head is durable.
    pub fn store(&self, head: &SignedCheckpoint) -> Result<(), MemoryError> {
        let mut old = self.heads.load().map_err(io_error(&self.path))?;
        loop {
            let swapped = self.heads.compare_and_swap(old.as_deref(), head.note_bytes());
            match swapped.map_err(io_error(&self.path))? {
                Swap::Stored => return Ok(()),
                Swap::Lost { current } => old = current,
            }
        }
    }

    /// Moves the file aside, to a name with `now` in it, seconds since 1970; returns where to.
    pub fn overrule(&self, now: u64) -> Result<PathBuf, MemoryError> {
        let mut aside = self.path.clone().into_os_string();
        aside.push(format!(".overruled-{now}"));
        let aside = PathBuf::from(aside);
        std::fs::rename(&self.path, &aside).map_err(io_error(&self.path))?;
        Ok(aside)
    }

    /// Follows the log until it has ended: the file has every head that is the newest for longer than a second, and the last one.
    pub async fn follow(self, reader: Reader) {
        let mut heads = reader.heads();
        let mut file = self;
        loop {
            let head: Head = heads.borrow_and_update().clone();
            let stored;
            (file, stored) = blocking(move || {
                let stored = file.store(head.checkpoint());
                (file, stored)
            })
            .await;
            if let Err(error) = stored {
                tracing::error!(%error, "the newest head is not remembered outside the data directory");
            }
            if heads.changed().await.is_err() {
                return;
            }
            // Until the pause is over, or the log has ended.
            let _ = tokio::time::timeout(PAUSE, async { while heads.changed().await.is_ok() {} }).await;
        }
    }
}

/// Checks that the log which `reader` reads continues the tree that `place` remembers.
fn compare(place: &Path, remembered: TreeHead, reader: &Reader) -> Result<(), MemoryError> {
    let place = || place.display().to_string();
    let TreeHead { size, root } = remembered;
    let found = reader.head().size();
    if size > found {
        return Err(MemoryError::Later {
            place: place(),
            remembered: size,
            found,
        });
    }
    let hashes = reader.nodes(&CompactRange::nodes_of(size))?;
    let ours = CompactRange::from_hashes(size, hashes)
        .expect("a hash for each node that was asked for")
        .root();
    match ours == root {
        true => Ok(()),
        false => Err(MemoryError::OtherRoot {
            place: place(),
            size,
            remembered: root,
            found: ours,
        }),
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> MemoryError {
    move |error| MemoryError::Io {
        place: path.display().to_string(),
        error,
    }
}

/// A head a second: two syncs of a disk that has better things to do.
const PAUSE: Duration = Duration::from_secs(1);
