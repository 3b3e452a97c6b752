//! Leaves: the one line of canonical JSON that a log hashes, and that tells nothing but that something was received.

mod event;
mod exact;
mod seal;

pub use event::{Leaf, MalformedLeaf};
pub(crate) use exact::{Differs, Exact, sorted_digests};
pub use seal::{BadEvent, Salts, Sealed, Written};

use bytes::Bytes;

use crate::tombstone::{MalformedTombstone, Tombstone};

/// A leaf of an events log, by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyLeaf {
    /// `indelible.event.v1`.
    Event(Leaf),
    /// `indelible.tombstone.v1`.
    Tombstone(Tombstone),
}

impl AnyLeaf {
    /// Reads a leaf: at most 65,535 bytes.
    ///
    /// # Errors
    ///
    /// If the bytes are no leaf of a type that is known here, in its one spelling.
    pub fn parse(text: Bytes) -> Result<Self, UnreadableLeaf> {
        if text.ends_with(event::ENDING) {
            Ok(AnyLeaf::Event(Leaf::parse(text)?))
        } else if text.ends_with(crate::tombstone::ENDING) {
            Ok(AnyLeaf::Tombstone(Tombstone::parse(text)?))
        } else {
            Err(UnreadableLeaf::Type)
        }
    }
}

/// Why bytes are no leaf of an events log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableLeaf {
    /// It is something else, or of a version that this crate does not know.
    #[error("the leaf does not end in a type that is known here")]
    Type,
    /// It says that it is an event, and is none.
    #[error(transparent)]
    Event(#[from] MalformedLeaf),
    /// It says that it is a tombstone, and is none.
    #[error(transparent)]
    Tombstone(#[from] MalformedTombstone),
}
