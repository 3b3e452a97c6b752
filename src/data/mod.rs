//! The data directory: which file is where, who holds it, how it is made and opened.

mod admin;
mod at_rest;
mod backup;
mod beside;
mod files;
mod init;
mod key;
mod lock;
mod open;
mod rebuild;
mod restore;
mod rotate;
mod secret;
mod whole;

use std::path::{Path, PathBuf};

pub use admin::{acts, record};
pub use at_rest::{AtRest, at_rest};
pub use backup::{BackedUp, Backup, BackupError, CopyError, Extent, backup, journal_keys};
pub use files::keep_dropped;
pub(crate) use files::{folder_of, read_if_there, replace, sync_directory};
pub use init::{InitError, NewLog, init};
use key::replace_key;
pub use key::{KeyError, read_cosigning_key, read_key, write_cosigning_key, write_key};
pub use lock::{Lock, LockError};
pub use open::{OpenError, OpenLog, checkpoint_file, configure, key_path, open};
pub use rebuild::{RebuildError, Replaced, rebuild};
pub use restore::{Copied, RestoreError, Restored, keys_and_head, restore_configuration};
pub use rotate::{InForceError, NewKey, RotateError, Rotated, key_in_force, rotate};
pub(crate) use secret::read_secrets;
pub use secret::{SecretError, read_secret, write_secret};
pub use whole::NotMade;
pub(crate) use whole::{create, io_error, make_whole};

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

    /// Which idempotency keys the log has, if it is of events.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys.sqlite")
    }

    /// What its events can be found by.
    pub fn events(&self) -> PathBuf {
        self.0.join("events.sqlite")
    }

    /// The secret under which those two are made.
    pub fn dedupe_key(&self) -> PathBuf {
        self.0.join("dedupe.key")
    }

    /// The sources: who may send deliveries, and with which secrets.
    pub fn sources(&self) -> PathBuf {
        self.0.join("sources")
    }

    /// Up to where what was erased of them was overwritten, and by which tombstones.
    pub fn erasures(&self) -> PathBuf {
        self.0.join("erasures.json")
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

    /// The head that was served last, if the log has witnesses.
    pub fn served(&self) -> PathBuf {
        self.0.join("served.checkpoint")
    }

    /// Who may do what, beside those who have tokens.
    pub fn access(&self) -> PathBuf {
        self.0.join("access.toml")
    }

    /// The key sets of issuers, as they were published when tokens were checked by them.
    pub fn jwks(&self) -> PathBuf {
        self.0.join("jwks")
    }

    /// Notes of the streams that are being read by those whose reading is on the record.
    pub fn reads(&self) -> PathBuf {
        self.0.join("reads")
    }

    /// What was done to the log by those who run it.
    pub fn admin(&self) -> PathBuf {
        self.0.join("admin.jsonl")
    }

    /// What `recover --drop-last-frame` took out of the journal at `now`, seconds since 1970.
    pub fn dropped(&self, now: u64) -> PathBuf {
        self.0.join(format!("dropped-{now}.frame"))
    }

    /// Where the newest head is remembered if the configuration names no other file: beside the directory, not in it, so that
    /// whoever restores an older directory does not restore the memory with it.
    pub fn checkpoint(&self) -> PathBuf {
        let absolute = std::path::absolute(&self.0).unwrap_or_else(|_| self.0.clone());
        let mut name = absolute.file_name().unwrap_or_default().to_owned();
        name.push(".checkpoint");
        absolute.with_file_name(name)
    }

    /// Held by the process that uses the directory.
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }
}
