//! Erasure: attachments that a tombstone names are overwritten in the journal, and given to nobody from its publication on.
//!
//! A *tombstone* is an entry that says which attachments of entries below it are to be gone. What it looks like is the business of
//! whoever makes the entries; the engine is told by [`Tombstones`]. The steps, and what a crash between them leaves:
//!
//! 1. The tombstone is appended like any entry. With its publication what it names is pending: readers get
//!    [`Blanked`](indelible_store::journal::Attachment::Blanked) for it, whatever the journal still has. After a crash the next start
//!    reads the tombstone again, if it stands above [`Erasing::carried_out`].
//! 2. The [`Blanker`] overwrites it with zeros, portion by portion, each synced. A crash leaves attachments that are neither what was
//!    appended nor zeros; they are no damage, since a tombstone names them, and a start, a rebuild or the next call does it again.
//! 3. Whoever called writes down that the tombstone was carried out: [`Erasing::carried_out`] of the next start. A crash before
//!    that, and all of step 2 is done again, which changes nothing. Files that somebody puts back from an older copy have again what was
//!    overwritten since: [`Blanker::recheck`] finds it.

mod blanker;
mod erased;
mod pending;
mod portion;
mod recheck;
mod set;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use self::blanker::{BlankError, Blanker};
pub use self::erased::Erased;
pub(crate) use self::pending::{Looked, Pending};
pub(crate) use self::portion::Portion;
pub use self::portion::erase;
pub use self::set::AttachmentSet;

/// Knows which entries of a log are tombstones, and what they say. Pure: the same entry says the same for ever.
pub trait Tombstones: Send + Sync {
    /// What the entry erases by being in the log: nothing, for almost all entries.
    ///
    /// It is asked about every entry of the log, by the thread that commits it: what is no tombstone should be told by a glance. A
    /// tombstone speaks of entries below itself: if one of its ranges reaches `index`, the engine takes nothing of what it says.
    fn erased_by(&self, index: u64, entry: &[u8]) -> Vec<Erasure>;
}

/// The tombstones of a log that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTombstones;

impl Tombstones for NoTombstones {
    fn erased_by(&self, _index: u64, _entry: &[u8]) -> Vec<Erasure> {
        Vec::new()
    }
}

/// The same attachments of neighbouring entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The entries.
    pub entries: Range<u64>,
    /// Which attachments of each of them. An entry that has fewer has none of the others to lose.
    pub attachments: AttachmentSet,
}

/// What a start must be told about the erasures of a log.
#[derive(Clone)]
pub struct Erasing {
    /// Knows the tombstones.
    pub tombstones: Arc<dyn Tombstones>,
    /// All tombstones among the first so many entries were carried out. From here on the start reads every entry, at some 2 million a
    /// second. A number beyond the log is not believed, and all entries are read.
    pub carried_out: u64,
}

impl fmt::Debug for Erasing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Erasing")
            .field("carried_out", &self.carried_out)
            .finish_non_exhaustive()
    }
}
