//! Which file of a witness is where.

use std::path::{Path, PathBuf};

use crate::data::DataDir;

/// The directory of a witness by its path. Naming its files touches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessDir(PathBuf);

impl WitnessDir {
    /// The directory at `path`, whether it exists or not.
    pub fn at(path: impl Into<PathBuf>) -> WitnessDir {
        WitnessDir(path.into())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The private key.
    pub fn key(&self) -> PathBuf {
        self.0.join("witness.key")
    }

    /// The public half of the key.
    pub fn vkey(&self) -> PathBuf {
        self.0.join("witness.vkey")
    }

    /// What is known of each log.
    pub fn state(&self) -> PathBuf {
        self.0.join("witness.sqlite")
    }

    /// The same directory as what [`Lock`](crate::data::Lock) takes.
    pub(super) fn lockable(&self) -> DataDir {
        DataDir::at(&self.0)
    }
}
