//! The data directory: which file is where, who holds it, how it is made and opened.

mod init;
mod key;
mod lock;
mod open;

use std::path::{Path, PathBuf};

pub use init::{InitError, NewLog, init};
pub use key::{KeyError, read_key, write_key};
pub use lock::{Lock, LockError};
pub use open::{OpenError, OpenLog, configure, open};

/// A data directory by its path. Naming its files touches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// The directory at `path`, whether it exists or not.
    pub fn at(path: impl Into<PathBuf>) -> DataDir {
        DataDir(path.into())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The commits: the truth.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// Entries and tiles, made from the journal.
    pub fn tree(&self) -> PathBuf {
        self.0.join("tree.sled")
    }

    /// What followers make.
    pub fn state(&self) -> PathBuf {
        self.0.join("state.sqlite")
    }

    /// The private key, if the configuration names no other file.
    pub fn log_key(&self) -> PathBuf {
        self.0.join("log.key")
    }

    /// The public half of the key.
    pub fn log_vkey(&self) -> PathBuf {
        self.0.join("log.vkey")
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.0.join("indelible.toml")
    }

    /// Held by the process that uses the directory.
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }
}
