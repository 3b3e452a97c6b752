//! Why there is no backup, or no newer one.

use std::io;
use std::path::PathBuf;

use indelible_log::{BadChange, BadDescription, KeysError};
use indelible_merkle::TreeHead;
use indelible_note::BadCheckpoint;
use indelible_store::journal::JournalError;

use super::CopyError;
use crate::data::LockError;

/// Why the backup is what it was, or ends with an earlier head.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Another process has one of the directories.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// This program does not know what it is to copy.
    #[error(transparent)]
    Description(#[from] BadDescription),
    /// A change of keys in the journal does not hold.
    #[error(transparent)]
    KeyChange(#[from] BadChange),
    /// The journal does not hold, or cannot be read or written.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The directory has a backup of another log.
    #[error("{0} is a backup of another log; each needs a directory of its own")]
    OtherLog(PathBuf),
    /// Log and backup have the same number of entries, and different ones.
    #[error(
        "{backup} has the root {} for {} entries, and the log has {}: these are two histories of one log",
        .held.root, .held.size, .published.root
    )]
    OtherHistory {
        /// The backup.
        backup: PathBuf,
        /// Its head.
        held: TreeHead,
        /// The log's.
        published: TreeHead,
    },
    /// The backup has entries that the log does not have.
    #[error(
        "{backup} has {held} entries, and the journal of the log ends behind {found}: it is an older copy, or has lost entries"
    )]
    Older {
        /// The backup.
        backup: PathBuf,
        /// Entries in it.
        held: u64,
        /// Entries in the log.
        found: u64,
    },
    /// What says up to where a backup is good is no head of the log.
    #[error("{path} is not a head of the log: {error}")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: Box<BadCheckpoint>,
    },
    /// The head is signed by another, or not at all.
    #[error("a head in the journal does not hold: {0}")]
    Head(#[from] BadCheckpoint),
    /// There is no backup.
    #[error("there is no backup in {0}: it has no checkpoint")]
    Missing(PathBuf),
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl BackupError {
    /// Whether log or backup was looked at and does not hold, as against could not be looked at.
    pub fn is_refuted(&self) -> bool {
        match self {
            BackupError::Copy(error) => error.is_refuted(),
            BackupError::KeyChange(_)
            | BackupError::OtherLog(_)
            | BackupError::OtherHistory { .. }
            | BackupError::Older { .. }
            | BackupError::Checkpoint { .. }
            | BackupError::Head(_) => true,
            BackupError::Lock(_) | BackupError::Description(_) | BackupError::Missing(_) | BackupError::Io { .. } => {
                false
            }
        }
    }
}

impl From<JournalError> for BackupError {
    fn from(error: JournalError) -> BackupError {
        BackupError::Copy(error.into())
    }
}

impl From<KeysError> for BackupError {
    fn from(error: KeysError) -> BackupError {
        match error {
            KeysError::Description(error) => error.into(),
            KeysError::Journal(error) => error.into(),
            KeysError::Change(error) => error.into(),
        }
    }
}
