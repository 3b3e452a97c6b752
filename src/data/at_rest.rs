//! A log that nobody serves: its journal, for those who check it or make something anew from it.

use std::sync::Arc;

use indelible_log::{Description, Kind, StartError, keys};
use indelible_note::{KeyChain, VerifierKey};
use indelible_store::journal::{FileJournal, Journal, Opened, Options as JournalOptions};
use indelible_store::objects::{ObjectsError, Options as ObjectsOptions, SledObjects};

use super::{DataDir, Lock, OpenError};
use crate::trail::Tombstones;

/// An open journal, for as long as this lives in nobody else's hands.
#[derive(Debug)]
pub struct AtRest {
    /// Every commit.
    pub journal: FileJournal,
    /// What the log is.
    pub description: Description,
    /// What opening the journal had to cut off.
    pub opened: Opened,
    _lock: Lock,
}

/// Locks the directory and opens its journal, as a start does: what a crash tore is cut off.
pub fn at_rest(data: &DataDir) -> Result<AtRest, OpenError> {
    if !data.journal().is_dir() {
        return Err(OpenError::Missing(data.path().to_owned()));
    }
    let lock = Lock::take(data)?;
    let (journal, opened) = FileJournal::open(&data.journal(), JournalOptions::default())?;
    let description = Description::of(&journal.genesis().description).map_err(StartError::from)?;
    Ok(AtRest {
        journal,
        description,
        opened,
        _lock: lock,
    })
}

impl AtRest {
    /// The log's first key by its own account.
    pub fn vkey(&self) -> &VerifierKey {
        &self.description.vkey
    }

    /// The keys that the log has had; the last one is in force.
    ///
    /// # Errors
    /// If a change of keys in the journal does not hold.
    pub fn keys(&self) -> Result<KeyChain, StartError> {
        Ok(keys(&self.journal)?)
    }

    /// What knows the tombstones of the log, as its entries are read; `None` if it can have none.
    pub fn tombstones(&self) -> Option<Arc<Tombstones>> {
        tombstones(&self.description)
    }

    /// Opens the log's object store.
    pub fn objects(&self, data: &DataDir) -> Result<SledObjects, ObjectsError> {
        SledObjects::open(&data.tree(), self.objects_options())
    }

    /// How the log's objects lie in sled.
    pub(super) fn objects_options(&self) -> ObjectsOptions {
        ObjectsOptions {
            volume_entries: self.description.volume_entries,
            ..ObjectsOptions::default()
        }
    }
}

/// What knows the tombstones of a log of this kind; `None` if it can have none.
pub(super) fn tombstones(description: &Description) -> Option<Arc<Tombstones>> {
    match description.kind {
        Kind::Events => Some(Arc::default()),
        Kind::Opaque => None,
    }
}
