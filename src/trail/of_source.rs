//! All events of one source: from the index, and behind the index from the log.

use indelible_index::IndexError;
use indelible_index::search::{Field, Query};
use indelible_log::AttachedError;

use super::entries::Entry;
use super::{FindError, Found, Trail};

/// Why they cannot all be had.
#[derive(Debug, thiserror::Error)]
pub enum OfSourceError {
    /// The tables failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// One of them could not be read.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] AttachedError),
}

impl Trail {
    /// Gives every event of a source to `take`, in their order. Anybody may have named the source. Blocks: reads each of them, and all
    /// that the index lags behind.
    ///
    /// # Errors
    ///
    /// What cannot be read, and the first error of `take`.
    pub fn each_of_source<E: From<OfSourceError>>(
        &self,
        source: &str,
        mut take: impl FnMut(u64, &Found) -> Result<(), E>,
    ) -> Result<(), E> {
        let size = self.reader.head().size();
        let mut query = Query::oldest(PAGE).with([self.key.term(Field::Source, source)]);
        let mut at = self.events.indexed_size().map_err(OfSourceError::from)?;
        // A table that is longer than the log is another log's, and is made anew.
        if at > size {
            at = 0;
        }
        while at > 0 {
            let page = self.events.search(&query).map_err(OfSourceError::from)?;
            for index in page.indexes {
                let found = self.find_blocking(index).map_err(OfSourceError::from)?;
                take(index, &found)?;
            }
            at = page.indexed_size;
            match page.next {
                Some(next) => query = query.after(next),
                None => break,
            }
        }
        while at < size {
            let attached = self
                .reader
                .attached(at, size, STEP_BYTES)
                .map_err(OfSourceError::from)?;
            let known = self.tombstones.known();
            for (index, attached) in (at..).zip(attached) {
                at = index + 1;
                let is_of = |entry: &Entry| match entry {
                    Entry::Event(kept) => kept
                        .event()
                        .delivery
                        .as_ref()
                        .is_some_and(|delivery| delivery.source == source),
                    Entry::Tombstone(_) | Entry::Unreadable => false,
                };
                // What is damaged says nothing; fsck tells.
                if let Ok(entry) = Entry::read(index, attached, &known)
                    && is_of(&entry)
                {
                    take(
                        index,
                        &Found::from_entry(index, entry, &known).map_err(OfSourceError::from)?,
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// Events of one page.
const PAGE: usize = 1_000;

/// Bytes of entries and attachments in one step.
const STEP_BYTES: usize = 4 << 20;
