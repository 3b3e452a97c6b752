//! What tombstones of a running log name and what is not known to be overwritten yet.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use indelible_store::journal::Record;

use super::{AttachmentSet, Erased, Erasure, Tombstones};

/// Shared by the sequencer, which adds what is named before it is published, the blanker, which takes off what is overwritten and
/// synced, and all readers.
pub(crate) struct Pending {
    tombstones: Arc<dyn Tombstones>,
    state: RwLock<State>,
}

struct State {
    erased: Erased,
    /// How often something was added.
    additions: u64,
}

/// What is pending of some neighbouring entries, as it was at one moment.
pub(crate) struct Looked {
    /// For each entry what is named of it; empty if nothing is named of any.
    sets: Vec<AttachmentSet>,
    additions: u64,
}

impl Pending {
    pub(crate) fn new(tombstones: Arc<dyn Tombstones>) -> Pending {
        Pending {
            tombstones,
            state: RwLock::new(State {
                erased: Erased::default(),
                additions: 0,
            }),
        }
    }

    /// Adds what the entries name that stand in the journal from `first` on.
    pub(crate) fn take<'r>(&self, first: u64, records: impl IntoIterator<Item = &'r Record>) {
        for (index, record) in (first..).zip(records) {
            self.take_entry(index, &record.entry);
        }
    }

    /// Adds what an entry names.
    pub(crate) fn take_entry(&self, index: u64, entry: &[u8]) {
        if let Some(named) = self.named_by(index, entry) {
            let mut state = self.write();
            named.erasures().for_each(|erasure| state.erased.add(&erasure));
            state.additions += 1;
        }
    }

    /// What an entry names, if it is a tombstone that says anything.
    pub(super) fn named_by(&self, index: u64, entry: &[u8]) -> Option<Erased> {
        let mut named = Erased::default();
        named.take(index, entry, self.tombstones.as_ref()).then_some(named)
    }

    /// Adds what a published tombstone names.
    pub(super) fn add(&self, erasure: &Erasure) {
        let mut state = self.write();
        state.erased.add(erasure);
        state.additions += 1;
    }

    /// What is pending of `count` entries from `first` on.
    pub(crate) fn look(&self, first: u64, count: usize) -> Looked {
        let state = self.read();
        let sets = match state.erased.is_empty() {
            true => Vec::new(),
            false => (first..).take(count).map(|index| state.erased.of(index)).collect(),
        };
        Looked {
            sets,
            additions: state.additions,
        }
    }

    /// Whether nothing was added since.
    pub(crate) fn is_current(&self, looked: &Looked) -> bool {
        self.read().additions == looked.additions
    }

    /// What is pending of these entries.
    pub(crate) fn within(&self, entries: Range<u64>) -> Vec<Erasure> {
        self.read().erased.within(entries)
    }

    /// What is pending of an entry.
    pub(crate) fn of(&self, index: u64) -> AttachmentSet {
        self.read().erased.of(index)
    }

    /// All that is pending.
    pub(crate) fn all(&self) -> Erased {
        self.read().erased.clone()
    }

    /// This was overwritten and synced.
    pub(crate) fn remove(&self, erasures: &[Erasure]) {
        let mut state = self.write();
        erasures.iter().for_each(|erasure| state.erased.remove(erasure));
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        // Nothing that is done under the lock can panic half-way.
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Looked {
    /// What was pending of the entry so many behind the first.
    pub(crate) fn of(&self, offset: usize) -> AttachmentSet {
        self.sets.get(offset).copied().unwrap_or_default()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let erased = &self.read().erased;
        f.debug_struct("Pending")
            .field("erased", erased)
            .finish_non_exhaustive()
    }
}
