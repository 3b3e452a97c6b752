//! The folder in which a monitor keeps its state.
//!
//! `state` is replaced whole (temporary file, sync, rename, sync of the folder). The folder is locked, so that two monitors do not
//! undo each other's memory. What cannot be read stops the monitor: a memory that is lost must not look like one that is new.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use indelible_client::TrustedLog;
use indelible_note::PosixTime;

use super::state::State;
use super::text::{self, BadState};
use crate::data::{read_if_there, replace, sync_directory};

/// The folder, held by this process until it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    #[expect(dead_code, reason = "held, not read: closing it gives the lock back")]
    lock: File,
}

/// Why a monitor cannot remember.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another monitor uses the folder.
    #[error("{path} is in use by another monitor")]
    Held {
        /// The folder.
        path: PathBuf,
    },
    /// The state cannot be used.
    #[error(
        "{path}: {reason}\n\nwhat was seen of the log before is in there, and nothing is begun anew unasked: restore the file; or, to \
         trust the log's next head unseen, name an empty folder"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: BadState,
    },
    /// There was a state, and it is gone.
    #[error(
        "{path} is missing, but the folder has been used: what was seen of the log before is lost\n\nrestore the file; or, to trust \
         the log's next head unseen, name an empty folder"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl Folder {
    /// Opens the folder, or makes it, and gives what is remembered in it of the log: nothing, if the folder is empty.
    ///
    /// # Errors
    /// If another process has it, or if it has been used and the state in it cannot be read.
    pub fn open(path: &Path, log: &TrustedLog, now: PosixTime) -> Result<(Folder, State), StoreError> {
        make(path).map_err(io_error(path))?;
        let lock = File::open(path).map_err(io_error(path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Held { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(io_error(path)(error)),
        }
        let path = path.to_owned();
        let folder = Folder { path, lock };
        let file = folder.state();
        let state = match read_if_there(&file).map_err(io_error(&file))? {
            Some(bytes) => match text::read(&bytes, log) {
                Ok(state) => state,
                Err(reason) => return Err(StoreError::Damaged { path: file, reason }),
            },
            None if folder.is_unused()? => {
                let state = State::new(log.origin().as_str(), now);
                folder.save(&state)?;
                state
            }
            None => return Err(StoreError::Missing { path: file }),
        };
        // Made when the state is there: by this folder it is known that there was one.
        make(&folder.findings()).map_err(io_error(&folder.path))?;
        Ok((folder, state))
    }

    /// Replaces what is remembered. Durable when it returns.
    ///
    /// # Errors
    /// If the system refuses; then it is the old state or the new one.
    pub fn save(&self, state: &State) -> Result<(), StoreError> {
        let file = self.state();
        replace(&file, text::write(state).as_bytes(), 0o600).map_err(io_error(&file))
    }

    /// Where findings are written if nothing else was said.
    pub fn findings(&self) -> PathBuf {
        self.path.join(FINDINGS)
    }

    fn state(&self) -> PathBuf {
        self.path.join(STATE)
    }

    /// Whether nothing of a monitor's is in it. An interrupted first write leaves its temporary file.
    fn is_unused(&self) -> Result<bool, StoreError> {
        Ok(!self.findings().try_exists().map_err(io_error(&self.path))?)
    }
}

/// Makes a folder, and those above it, if they are not there; their names are durable when this returns.
pub(super) fn make(path: &Path) -> io::Result<()> {
    let absolute = std::path::absolute(path)?;
    let missing: Vec<_> = absolute.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(path)?;
    missing
        .iter()
        .filter_map(|folder| folder.parent())
        .try_for_each(sync_directory)
}

pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |error| StoreError::Io {
        path: path.to_owned(),
        error,
    }
}

const STATE: &str = "state";
const FINDINGS: &str = "findings";
