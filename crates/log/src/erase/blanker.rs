//! Carrying out tombstones in a running log.

use std::sync::Arc;

use indelible_store::journal::{Journal, JournalError};

use super::{Erased, Erasure, Pending, Portion};
use crate::reader::{ReadError, Reader};

/// Overwrites what tombstones name. Cheap to clone.
#[derive(Clone)]
pub struct Blanker {
    pub(super) reader: Reader,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) pending: Arc<Pending>,
}

/// Why what tombstones name is not overwritten, all of it. What was overwritten until then stays so; nothing of what is left is
/// given to anybody, and the same call again goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum BlankError {
    /// An entry stands in the last frame of the journal, where nothing can be blanked: it was committed together with the tombstone
    /// that names it. All else was overwritten. Try again behind the next commit; [`Batch::apart`](crate::Batch::apart) avoids it.
    #[error(
        "entry {index} stands in the last frame of the journal, where nothing can be blanked before another one follows"
    )]
    TooEarly {
        /// The first such entry.
        index: u64,
    },
    /// It could not be found out where the attachments lie.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal failed. If it was the disk, the log takes nothing more until it is started again.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Blanker {
    pub(crate) fn new(reader: Reader, journal: Arc<dyn Journal>, pending: Arc<Pending>) -> Blanker {
        Blanker {
            reader,
            journal,
            pending,
        }
    }

    /// What published tombstones name and nobody has overwritten yet. After a start that is all that the tombstones from
    /// [`Erasing::carried_out`](super::Erasing) on name.
    pub fn pending(&self) -> Erased {
        self.pending.all()
    }

    /// Overwrites with zeros, in the journal, what is pending of these attachments; durable when it returns. How many attachments
    /// that were.
    ///
    /// What no published tombstone names is left alone, and so is what was overwritten since the start. Blocks: it writes portions of at
    /// most 1,024 attachments or 8 MiB, each synced, between which commits go on.
    ///
    /// # Errors
    ///
    /// See [`BlankError`].
    pub fn blank(&self, wanted: &[Erasure]) -> Result<u64, BlankError> {
        let mut work = Work {
            blanker: self,
            portion: Portion::default(),
            attachments: 0,
            too_early: None,
        };
        for wanted in wanted {
            for pending in self.pending.within(wanted.entries.clone()) {
                work.add(&pending, wanted)?;
            }
        }
        work.finish()
    }
}

/// A call under way.
struct Work<'b> {
    blanker: &'b Blanker,
    portion: Portion,
    attachments: u64,
    too_early: Option<u64>,
}

impl Work<'_> {
    /// Adds what is pending and wanted of the entries of `pending`.
    fn add(&mut self, pending: &Erasure, wanted: &Erasure) -> Result<(), BlankError> {
        let named = pending.attachments.intersection(wanted.attachments);
        let end = pending.entries.end;
        let mut next = pending.entries.start;
        while next < end && !named.is_empty() {
            let records = self.blanker.reader.record_places(next, end)?;
            for record in &records {
                self.portion.add(next, named, record);
                next += 1;
                if self.portion.is_full() {
                    self.blank()?;
                }
            }
        }
        Ok(())
    }

    fn blank(&mut self) -> Result<(), BlankError> {
        let done = std::mem::take(&mut self.portion).blank(self.blanker.journal.as_ref())?;
        // It is durable. A crash from here on costs that it is done again.
        self.blanker.pending.remove(&done.blanked);
        self.attachments += done.attachments;
        self.too_early = self.too_early.or(done.too_early);
        Ok(())
    }

    fn finish(mut self) -> Result<u64, BlankError> {
        self.blank()?;
        match self.too_early {
            Some(index) => Err(BlankError::TooEarly { index }),
            None => Ok(self.attachments),
        }
    }
}

impl std::fmt::Debug for Blanker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blanker")
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
