//! The table and the desk together, for many threads.

use std::sync::{Arc, Mutex};

use super::{Begun, ContentMac, Desk, Identity, KeyRow, KeyTable, PENDING_MAX, Ticket};
use crate::lock::lock;
use crate::{Erased, IndexError};

/// Lets each event into the log once.
///
/// Submissions go through [`begin`](Idempotency::begin) on any thread; one follower, in the order of the log, calls
/// [`extend`](Idempotency::extend). An answer from memory takes microseconds; where a filter says "maybe", SQLite is asked.
#[derive(Debug)]
pub struct Idempotency<W> {
    table: Arc<KeyTable>,
    desk: Mutex<Desk<W>>,
}

/// Caller: the table has not all entries of the log yet, so that a key of one could be taken for a new one.
#[derive(Debug, thiserror::Error)]
#[error("the table of keys stands at {indexed_size} of {log_size} entries; submissions must wait")]
pub struct Behind {
    /// Entries in the table.
    pub indexed_size: u64,
    /// Entries in the log.
    pub log_size: u64,
}

impl<W: Clone> Idempotency<W> {
    /// Ready for submissions: the table must have all entries of the log, which are `log_size`, and none may be in flight.
    pub fn new(table: Arc<KeyTable>, log_size: u64) -> Result<Idempotency<W>, Behind> {
        Idempotency::bounded(table, log_size, PENDING_MAX)
    }

    /// The same with room for `pending_max` keys that the table does not have.
    pub fn bounded(table: Arc<KeyTable>, log_size: u64, pending_max: usize) -> Result<Idempotency<W>, Behind> {
        let indexed_size = table.indexed_size();
        if indexed_size != log_size {
            return Err(Behind { indexed_size, log_size });
        }
        Ok(Idempotency {
            table,
            desk: Mutex::new(Desk::bounded(log_size, pending_max)),
        })
    }

    /// What is to be done with a submission; never [`Begun::SeekAgain`].
    pub fn begin(
        &self,
        identity: Identity,
        content: ContentMac,
        waiter: impl Fn() -> W,
    ) -> Result<Begun<W>, IndexError> {
        loop {
            // Sought without the desk's lock, since it may wait for the disk; the desk notices if too much has happened since.
            let sought = self.table.find(&identity)?;
            let begun = lock(&self.desk).begin(identity, content, sought, &waiter);
            if !matches!(begun, Begun::SeekAgain) {
                return Ok(begun);
            }
        }
    }

    /// The event is in the published log, at this index.
    pub fn published(&self, ticket: Ticket, index: u64) {
        lock(&self.desk).published(ticket, index);
    }

    /// Nothing was appended and nothing will be: the key is free again.
    pub fn released(&self, ticket: Ticket) {
        lock(&self.desk).released(ticket);
    }

    /// Nobody can say whether the event was appended: the key stays blocked until the log shows it.
    pub fn lost(&self, ticket: Ticket) {
        lock(&self.desk).lost(ticket);
    }

    /// Adds the next entries of the log to the table, as [`KeyTable::extend`] does.
    pub fn extend(&self, first: u64, rows: &[Option<KeyRow>]) -> Result<(), IndexError> {
        self.table.extend(first, rows)?;
        let identities = rows.iter().flatten().map(|row| row.identity);
        lock(&self.desk).tabled(self.table.indexed_size(), identities);
        Ok(())
    }

    /// Erases, as [`KeyTable::erase`] does, and from memory.
    pub fn erase(&self, erased: &[Erased]) -> Result<(), IndexError> {
        // The table last: what moves into it meanwhile meets the erasure there.
        lock(&self.desk).erase(erased);
        self.table.erase(erased)
    }

    /// Keys in flight, lost, or published and not in the table.
    pub fn pending(&self) -> usize {
        lock(&self.desk).pending()
    }
}
