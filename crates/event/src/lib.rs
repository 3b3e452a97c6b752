//! What an audit event of CI/CD access is: who did what to what, when, from where, and what came of it.
//!
//! Pure: no I/O, no clock, no dice. Times and salts are arguments.

pub mod member;
pub mod redact;

mod attachment;
mod canonical;
mod content;
mod disclosure;
mod erasure;
mod evidence;
mod leaf;
mod ranges;
mod received;
mod salted;
mod sent;
mod tombstone;

pub use attachment::{NotAnEvents, NotKept, RANDOM_BYTES, Stored, StoredRaw, attachments, raw_attachment};
pub use canonical::{DEPTH_MAX, EVENT_BYTES_MAX, INTEGER_MAX, MEMBER_BYTES_MAX, Unfit};
pub use content::comparable_content;
pub use disclosure::{
    DISCLOSURE_BYTES_MAX, Disclosed, Disclosure, MalformedDisclosure, MemberState, MemberValue, NotInLeaf,
};
pub use erasure::{Erasable, Erasures, HOLDS_MAX, Held, Hold, HoldRefused, Holds};
pub use evidence::{
    BadEvidence, CheckedEvent, CheckedLine, CheckedTombstone, EVIDENCE_LINE_BYTES_MAX, EVIDENCE_RAW_BYTES_MAX,
    EvidenceHeader, EvidenceLine, EvidenceLines, EvidenceReason, EvidenceTrust, EvidenceVerifier, LineTooLong,
    MalformedHeader, MalformedLine, Unreadable,
};
pub use leaf::{AnyLeaf, BadEvent, Leaf, MalformedLeaf, Salts, Sealed, UnreadableLeaf, Written};
pub use ranges::{BadRange, MemberRange, MemberRanges, MemberSet};
pub use received::{ReceivedClock, Second, Stamp};
pub use salted::{Digest, Salt};
pub use sent::{Committed, NotCommitted, Sent};
pub use tombstone::{
    BadTombstone, Erasure, MalformedTombstone, MalformedTombstoneDisclosure, NotInTombstone, SealedTombstone,
    Tombstone, TombstoneDisclosed, TombstoneDisclosure, TombstoneMember, TombstoneSalts, VoidTombstone,
};
