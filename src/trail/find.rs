//! One event, given back.

use bytes::Bytes;
use indelible_event::member::{Event, Member};
use indelible_event::{AnyLeaf, Erasures, Leaf, MemberState, StoredRaw};
use indelible_log::{Attached, AttachedError};

use super::Trail;
use super::entries::{Entry, KeptTombstone, NotWhole, event_of};
use crate::task::blocking;

/// An entry of the trail.
#[derive(Clone, Debug)]
pub enum Found {
    /// An event, with what is known of each member, in their order, and the raw bytes if they are kept and not erased.
    Event {
        /// The leaf.
        leaf: Leaf,
        /// The members.
        members: Box<[MemberState; Member::ALL.len()]>,
        /// The bytes that it came as.
        raw: Option<Bytes>,
    },
    /// A tombstone.
    Tombstone(KeptTombstone),
}

/// Why an event cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The log is not that long, or could not be read.
    #[error(transparent)]
    Read(#[from] AttachedError),
    /// What is kept is not what the leaf commits to: it was damaged.
    #[error("event {index}: {reason}")]
    Damaged {
        /// Its index.
        index: u64,
        /// What is wrong.
        reason: NotWhole,
    },
    /// The entry is neither event nor tombstone.
    #[error("entry {index} is neither an event nor a tombstone")]
    Unreadable {
        /// Its index.
        index: u64,
    },
}

impl Trail {
    /// The event at an index. Reads the journal unless it was just written.
    ///
    /// # Errors
    ///
    /// See [`FindError`].
    pub async fn find(&self, index: u64) -> Result<Found, FindError> {
        let trail = self.clone();
        blocking(move || trail.find_blocking(index)).await
    }

    pub(super) fn find_blocking(&self, index: u64) -> Result<Found, FindError> {
        let attached = self.reader.attached_at(index)?;
        Found::of(index, attached, &self.tombstones.known())
    }
}

impl Found {
    pub(super) fn of(index: u64, attached: Attached, known: &Erasures) -> Result<Found, FindError> {
        let entry = Entry::read(index, attached, known).map_err(|reason| FindError::Damaged { index, reason })?;
        Found::from_entry(index, entry, known)
    }

    pub(super) fn from_entry(index: u64, entry: Entry, known: &Erasures) -> Result<Found, FindError> {
        match entry {
            Entry::Event(kept) => {
                let raw = match kept.stored.raw() {
                    StoredRaw::Kept(bytes) if known.tombstone(index, Member::Raw).is_none() => Some(bytes.clone()),
                    _ => None,
                };
                Ok(Found::Event {
                    leaf: kept.leaf,
                    members: Box::new(kept.members),
                    raw,
                })
            }
            Entry::Tombstone(tombstone) => Ok(Found::Tombstone(tombstone)),
            Entry::Unreadable => Err(FindError::Unreadable { index }),
        }
    }

    /// The event, as far as its members are there; `None` of a tombstone.
    pub fn event(&self) -> Option<Event> {
        match self {
            Found::Event { members, .. } => Some(event_of(members.as_slice())),
            Found::Tombstone(_) => None,
        }
    }

    /// Without what a tombstone says of itself, which is for those who may erase.
    #[must_use]
    pub fn without_said(mut self) -> Found {
        if let Found::Tombstone(tombstone) = &mut self {
            tombstone.said.clear();
        }
        self
    }

    /// The leaf, whichever it is.
    pub fn leaf(&self) -> AnyLeaf {
        match self {
            Found::Event { leaf, .. } => AnyLeaf::Event(leaf.clone()),
            Found::Tombstone(tombstone) => AnyLeaf::Tombstone(tombstone.leaf.clone()),
        }
    }
}
