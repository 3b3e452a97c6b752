//! Events: submitting them, and reading them back.

mod get;
mod submit;

use bytes::Bytes;
use indelible_event::member::{Claims, Member};
use indelible_event::{CheckedLine, Committed, Disclosed, Leaf};
use indelible_note::Receipt;

/// An event to be submitted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewEvent {
    /// Where it comes from, as the sender calls it: 1 to 512 bytes.
    pub source: String,
    /// The idempotency key, 1 to 512 bytes: with `source` it is the identity of the event. Without one, who sends it again may find it twice
    /// in the log.
    pub key: Option<String>,
    /// What is said of it.
    pub claims: Claims,
    /// The bytes that it came to the sender as.
    pub raw: Option<RawBody>,
}

/// The bytes that an event came as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBody {
    /// As they came.
    pub content: Bytes,
    /// A media type.
    pub content_type: String,
}

/// An event that is proved to be in the log.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// What it is there.
    pub event: SubmittedEvent,
    /// That its leaf is in the log.
    pub receipt: Receipt,
}

/// What a submitted event is in the log.
#[derive(Clone, Debug)]
pub enum SubmittedEvent {
    /// A new entry, which commits to what was sent.
    New(Committed),
    /// An entry that was there before, which commits to what was sent: the first with this key.
    Known(Committed),
    /// An entry that was there before, of which the service says that it is the first with this key, and that members of it were erased since.
    /// The leaf commits to those that are left; that it is this event is the service's word.
    KnownErased {
        /// The leaf.
        leaf: Leaf,
        /// The members that are left.
        members: Vec<Disclosed>,
    },
}

/// An entry that is proved to be in the log, with what its leaf is proved to commit to.
#[derive(Clone, Debug)]
pub struct ProvedEntry {
    /// The entry, and what is shown of it. Its leaf commits to that.
    pub checked: CheckedLine,
    /// That it is in the log.
    pub receipt: Receipt,
    /// Members of which the service says that they were erased, by the tombstone at this index. It is not checked here: get that tombstone.
    pub said_erased: Vec<(Member, u64)>,
}
