//! The object store as fsck reads it: what cannot be read is a finding, once.

use std::collections::BTreeSet;

use indelible_merkle::{TILE_WIDTH, bundle};
use indelible_store::objects::{Key, Objects, ObjectsError};

use super::finding::{Finding, ObjectProblem, first_line};

/// An object store, and how far it goes.
pub(super) struct Store<'o> {
    objects: &'o dyn Objects,
    volume_entries: u64,
    sealed: u64,
    /// Volumes that could not be read and were told.
    broken: BTreeSet<u64>,
}

impl<'o> Store<'o> {
    pub(super) fn new(objects: &'o dyn Objects, volume_entries: u64, found: &mut dyn FnMut(Finding)) -> Store<'o> {
        let sealed = match objects.last_run() {
            Ok(None) => 0,
            // A run that is damaged has an entry at least; it is found again, and told, when its turn comes.
            Ok(Some((first, run))) => {
                let count = bundle::decode(&run).map_or(1, |entries| entries.len() as u64);
                // No run leaves its bundle. An index that no tree has is ahead of every journal.
                first.saturating_add(count.clamp(1, TILE_WIDTH - first % TILE_WIDTH))
            }
            Err(ObjectsError::Corrupt {
                key: Key::Entries { first },
                ..
            }) => first.saturating_add(1),
            Err(error) => {
                found(Finding::Store {
                    reason: first_line(&error),
                });
                0
            }
        };
        Store {
            objects,
            volume_entries,
            sealed,
            broken: BTreeSet::new(),
        }
    }

    /// How many entries it has, judged by its last run.
    pub(super) fn sealed(&self) -> u64 {
        self.sealed
    }

    /// The volume in which an object of which `entry` is the last entry lies.
    pub(super) fn volume(&self, entry: u64) -> u64 {
        entry / self.volume_entries
    }

    /// Reads something of a volume; `None` if it cannot be read.
    pub(super) fn read<T>(
        &mut self,
        volume: u64,
        read: impl FnOnce(&dyn Objects) -> Result<T, ObjectsError>,
        found: &mut dyn FnMut(Finding),
    ) -> Option<T> {
        if self.broken.contains(&volume) {
            return None;
        }
        match read(self.objects) {
            Ok(read) => Some(read),
            Err(ObjectsError::Corrupt { volume, key }) => {
                found(Finding::Object {
                    key,
                    volume,
                    problem: ObjectProblem::Damaged,
                });
                None
            }
            Err(error) => {
                self.broken.insert(volume);
                found(Finding::Volume {
                    volume,
                    reason: first_line(&error),
                });
                None
            }
        }
    }
}
