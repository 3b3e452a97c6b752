//! What the trail has done since the start.

use std::sync::atomic::{AtomicU64, Ordering};

use indelible_index::IndexError;

use super::Trail;

/// Something that the trail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It took an event.
    New,
    /// It found an event in the log.
    Repeated,
    /// It refused an event, since its key stands for another one.
    Conflict,
    /// It committed a tombstone.
    Tombstone,
    /// It placed a hold.
    Hold,
    /// It released one.
    Release,
}

/// How often it did what.
#[derive(Debug, Default)]
pub struct Counts([AtomicU64; 6]);

/// Where its tables and its eraser stand.
#[derive(Debug)]
pub struct Standing {
    /// Entries of the log.
    pub size: u64,
    /// Entries that can be searched.
    pub indexed: Result<u64, IndexError>,
    /// Entries whose tombstones are carried out.
    pub carried_out: u64,
    /// Keys that are not in their table yet.
    pub keys_pending: usize,
}

impl Counts {
    /// Counts so many.
    pub(super) fn add(&self, what: Counted, count: u64) {
        self.0[what as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// How many there are.
    pub fn count(&self, what: Counted) -> u64 {
        self.0[what as usize].load(Ordering::Relaxed)
    }
}

impl Trail {
    /// What it has done.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Where it stands. Blocks: it asks a table.
    pub fn standing(&self) -> Standing {
        // Read first: the log can only have grown since.
        let indexed = self.events.indexed_size();
        let carried_out = *self.carried_out.borrow();
        Standing {
            size: self.reader.head().size(),
            indexed,
            carried_out,
            keys_pending: self.idempotency.pending(),
        }
    }
}
