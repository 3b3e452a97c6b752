//! What can be wrong with a state.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the state cannot be used. Whatever it is, it is never taken for a state that knows nothing.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is a key, which may have cosigned anything, and nobody knows what.
    #[error(
        "the witness has a key, but {} is missing: what it has cosigned is not known any more\n\nfind the file; an older copy of \
         it must not be used. If it is gone for good, so is this witness: make another, with a new name, by `indelible witness \
         init`",
        .0.display()
    )]
    Missing(PathBuf),
    /// The file is something else.
    #[error("{} is not the state of a witness: {found}", path.display())]
    NotAState {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// The file was written by another version of Indelible.
    #[error("the state {} has format {found}, this program knows {ours} only", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The only one that this program reads.
        ours: u32,
    },
    /// The state is that of another witness.
    #[error("the state {} belongs to the witness {found}, the key is that of {ours}", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The public key in it.
        found: String,
        /// The public key of the witness.
        ours: String,
    },
    /// What is in the file does not hold.
    #[error("the state {} is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Another process keeps the file locked.
    #[error("the state {} is kept locked by another program", .0.display())]
    Busy(PathBuf),
    /// There is no room left; nothing was changed.
    #[error("there is no room on the disk to write the state {}", .0.display())]
    Full(PathBuf),
    /// The file cannot be looked at.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// SQLite cannot do it; also if the file is no database.
    #[error("cannot {act} the state {}: {error}", path.display())]
    Sqlite {
        /// What was tried.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        error: rusqlite::Error,
    },
}

impl StateError {
    pub(super) fn sqlite(act: &'static str, path: &Path, error: rusqlite::Error) -> StateError {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StateError::Busy(path),
            Some(ErrorCode::DiskFull) => StateError::Full(path),
            Some(ErrorCode::NotADatabase) => StateError::NotAState {
                path,
                found: error.to_string(),
            },
            _ => StateError::Sqlite { act, path, error },
        }
    }

    /// Whether the witness may go on: nothing was changed, nothing is in doubt, and a later try may succeed.
    pub fn is_passing(&self) -> bool {
        matches!(self, StateError::Busy(_) | StateError::Full(_))
    }

    /// Whether the state was looked at and does not hold, as against could not be looked at.
    pub fn is_refuted(&self) -> bool {
        matches!(self, StateError::Damaged { .. })
    }
}
