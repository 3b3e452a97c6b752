//! A copy of a log in a folder, for any web server: the same files at the same paths. Nothing gets into it that does not belong to
//! the head that the log has signed, and its checkpoint is replaced last, so that the copy holds at every moment.
//!
//! | file | what it is |
//! |---|---|
//! | `copy` | the folder: its files, its lock |
//! | `round` | from the checkpoint in the folder to the newest one of the log |
//! | `history` | whether the two belong to one history |
//! | `fill` | the files between them |
//! | `stale` | partial files that nobody needs any more |

mod copy;
mod fill;
mod history;
mod round;
mod stale;

use std::io;
use std::path::PathBuf;

use indelible_client::{BadHead, FetchError, TileError};
use indelible_merkle::Hash;
use indelible_note::{SignedCheckpoint, Verified};

use crate::data::LockError;

pub use copy::Copy;
pub use round::{Mirror, Outcome, Thoroughness};

/// Why the copy was not brought up to date. It holds as before.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The checkpoint of the log cannot be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is not to be believed.
    #[error(transparent)]
    Head(#[from] BadHead),
    /// A file of the log cannot be had, or is wrong.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The checkpoint in the folder is not one of this log.
    #[error("{path} is not a checkpoint of this log: {error}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: BadHead,
    },
    /// The log serves a smaller tree than the copy has.
    #[error("the log has {} entries now, and the copy has {} that it has signed", then.head().size, first.head().size)]
    Rollback {
        /// The head of the copy.
        first: Box<Verified<SignedCheckpoint>>,
        /// The head of the log.
        then: Box<Verified<SignedCheckpoint>>,
    },
    /// The log has signed two histories.
    #[error(
        "fork: the log has signed the root {} for {} entries, and the root {} for {}, which belong to two histories",
        first.head().root, first.head().size, then.head().root, then.head().size
    )]
    Fork {
        /// The head of the copy.
        first: Box<Verified<SignedCheckpoint>>,
        /// The head of the log.
        then: Box<Verified<SignedCheckpoint>>,
        /// What proves it, if the sizes differ.
        hashes: Vec<Hash>,
    },
    /// The folder has files of its own.
    #[error("{path} has files in it and no checkpoint: it is not a copy of a log, and does not become one")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// Another process has the folder.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file of the copy cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl MirrorError {
    /// Whether something was checked and does not hold.
    pub fn is_refuted(&self) -> bool {
        match self {
            MirrorError::Head(error) => error.is_refuted(),
            MirrorError::Fetch(error) => matches!(error, FetchError::TooLong { .. }),
            MirrorError::Tile(error) => !matches!(error, TileError::Fetch(_)),
            MirrorError::Rollback { .. } | MirrorError::Fork { .. } => true,
            MirrorError::Foreign { .. }
            | MirrorError::Occupied { .. }
            | MirrorError::Lock(_)
            | MirrorError::Io { .. } => false,
        }
    }
}
