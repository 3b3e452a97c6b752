//! Up to where tombstones were carried out, and which there are: so that a start need neither read the whole log for them nor carry
//! them out again.
//!
//! The file is bound to what the journal has, not to where it lies: it names the tree up to where it speaks. A journal that does not
//! have that tree is an older copy, or another history, and has what was erased since: the start refuses it. If the file is lost, all is read and
//! done again.

use std::io;
use std::path::PathBuf;

use indelible_log::{ReadError, Reader};
use indelible_merkle::{CompactRange, TreeHead};
use serde::{Deserialize, Serialize};

use crate::data::{DataDir, read_if_there, replace};
use crate::trail::Tombstones;

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarriedOut {
    /// The log, by its first key.
    log: String,
    /// All tombstones below this size were carried out.
    size: u64,
    /// The root of the tree of this size.
    root: String,
    /// Their indexes.
    tombstones: Vec<u64>,
}

/// Why what the file says cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CarriedOutError {
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal is from before the file.
    #[error(
        "{path} says what was erased from the first {size} entries, and the journal has {found}: it is an older copy, in which what was \
         erased since is there again; put the newer journal back, or, if there is none, give up what came later and erase it \
         again\n\nindelible recover --accept-older --data {}",
        .path.parent().unwrap_or(.path).display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Of how many entries it speaks.
        size: u64,
        /// How many the journal has.
        found: u64,
    },
    /// The journal is of another history.
    #[error(
        "{path} says what was erased from a tree of {size} entries with the root {said}, and the journal has the root {found}: these are \
         two histories of one log\n\nindelible recover --accept-older --data {}",
        .path.parent().unwrap_or(.path).display()
    )]
    OtherRoot {
        /// The file.
        path: PathBuf,
        /// Of how many entries it speaks.
        size: u64,
        /// The root that it names.
        said: String,
        /// The root that the journal has.
        found: String,
    },
    /// The file is of another log.
    #[error("{path} says that entry {index} is a tombstone, and it is none; remove the file, and start again")]
    NoTombstone {
        /// The file.
        path: PathBuf,
        /// The entry.
        index: u64,
    },
}

impl CarriedOutError {
    /// Whether the journal does not have the tree that the file speaks of.
    pub fn is_other_journal(&self) -> bool {
        matches!(self, CarriedOutError::Older { .. } | CarriedOutError::OtherRoot { .. })
    }
}

impl CarriedOut {
    /// Reads the file; if there is none that can be read, or it is another log's, nothing was carried out.
    pub fn load(data: &DataDir, log: &str) -> CarriedOut {
        let read = || -> Option<CarriedOut> {
            let text = read_if_there(&data.erasures()).ok()??;
            let read: CarriedOut = serde_json::from_slice(&text).ok()?;
            (read.log == log).then_some(read)
        };
        read().unwrap_or_default()
    }

    /// All tombstones below this size were carried out.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Tells `tombstones`, which knows those from [`size`](CarriedOut::size) on, of the others. Blocks: reads log n nodes of the tree, and
    /// each tombstone.
    ///
    /// # Errors
    ///
    /// See [`CarriedOutError`].
    pub fn tell(&self, data: &DataDir, reader: &Reader, tombstones: &Tombstones) -> Result<(), CarriedOutError> {
        let (path, size) = (data.erasures(), self.size);
        if size == 0 {
            return Ok(());
        }
        let found = reader.head().size();
        if size > found {
            return Err(CarriedOutError::Older { path, size, found });
        }
        let edge = reader.nodes(&CompactRange::nodes_of(size))?;
        let edge = CompactRange::from_hashes(size, edge).expect("a hash for each node that was asked for");
        let (said, found) = (self.root.clone(), edge.root().to_string());
        if said != found {
            return Err(CarriedOutError::OtherRoot {
                path,
                size,
                said,
                found,
            });
        }
        for &index in &self.tombstones {
            let entry = reader.entries(index, index + 1, usize::MAX)?;
            let erased = entry
                .first()
                .map(|entry| indelible_log::Tombstones::erased_by(tombstones, index, entry));
            if erased.is_none_or(|erased| erased.is_empty()) {
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
    log: String,
    size: u64,
}

impl CarriedOutFile {
    pub(in crate::trail) fn of(data: &DataDir, log: &str) -> CarriedOutFile {
        CarriedOutFile {
            path: data.erasures(),
            log: log.to_owned(),
            size: CarriedOut::load(data, log).size,
        }
    }

    /// What it said at the start.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// All tombstones in the tree with this head are carried out.
    pub(super) fn save(&self, head: TreeHead, tombstones: &[u64]) -> io::Result<()> {
        let said = CarriedOut {
            log: self.log.clone(),
            size: head.size,
            root: head.root.to_string(),
            tombstones: tombstones.to_vec(),
        };
        replace(&self.path, &serde_json::to_vec(&said)?, 0o600)
    }
}
