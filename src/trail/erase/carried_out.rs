//! Up to where tombstones were carried out, and which there are: so that a start need neither read the whole log for them nor carry
//! them out again.
//!
//! The file is believed for the journal that it was written for, and no other. If it is lost, all is read and done again.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use indelible_log::{ReadError, Reader};
use serde::{Deserialize, Serialize};

use crate::data::{DataDir, read_if_there, replace};
use crate::trail::Tombstones;

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarriedOut {
    /// The log, by its first key.
    log: String,
    /// The directory of the journal: device and number. A copy that is put in its place has others, and may have what was erased.
    journal: (u64, u64),
    /// All tombstones below this size were carried out.
    size: u64,
    /// Their indexes.
    tombstones: Vec<u64>,
}

/// Why what the file says cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CarriedOutError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file is of another log.
    #[error("{path} says that entry {index} is a tombstone, and it is none; remove the file, and start again")]
    NoTombstone {
        /// The file.
        path: PathBuf,
        /// The entry.
        index: u64,
    },
}

impl CarriedOut {
    /// Reads the file; if there is none that can be believed, nothing was carried out.
    pub fn load(data: &DataDir, log: &str) -> CarriedOut {
        let read = || -> Option<CarriedOut> {
            let text = read_if_there(&data.erasures()).ok()??;
            let read: CarriedOut = serde_json::from_slice(&text).ok()?;
            (read.log == log && Some(read.journal) == identity(&data.journal()).ok()).then_some(read)
        };
        read().unwrap_or_default()
    }

    /// All tombstones below this size were carried out.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Tells `tombstones`, which knows those from [`size`](CarriedOut::size) on, of the others. Blocks.
    ///
    /// # Errors
    ///
    /// See [`CarriedOutError`].
    pub fn tell(&self, data: &DataDir, reader: &Reader, tombstones: &Tombstones) -> Result<(), CarriedOutError> {
        if self.size > reader.head().size() {
            // The engine did not believe it either, and has read all of the log.
            return Ok(());
        }
        for &index in &self.tombstones {
            let entry = reader.entries(index, index + 1, usize::MAX)?;
            let erased = entry
                .first()
                .map(|entry| indelible_log::Tombstones::erased_by(tombstones, index, entry));
            if erased.is_none_or(|erased| erased.is_empty()) {
                let path = data.erasures();
                return Err(CarriedOutError::NoTombstone { path, index });
            }
        }
        Ok(())
    }
}

/// Where it is written.
#[derive(Clone, Debug)]
pub(in crate::trail) struct CarriedOutFile {
    path: PathBuf,
    journal: PathBuf,
    log: String,
    size: u64,
}

impl CarriedOutFile {
    pub(in crate::trail) fn of(data: &DataDir, log: &str) -> CarriedOutFile {
        CarriedOutFile {
            path: data.erasures(),
            journal: data.journal(),
            log: log.to_owned(),
            size: CarriedOut::load(data, log).size,
        }
    }

    /// What it said at the start.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn save(&self, size: u64, tombstones: &[u64]) -> io::Result<()> {
        let said = CarriedOut {
            log: self.log.clone(),
            journal: identity(&self.journal)?,
            size,
            tombstones: tombstones.to_vec(),
        };
        replace(&self.path, &serde_json::to_vec(&said)?, 0o600)
    }
}

fn identity(journal: &Path) -> io::Result<(u64, u64)> {
    let of = std::fs::metadata(journal)?;
    Ok((of.dev(), of.ino()))
}
