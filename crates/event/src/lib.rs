//! What an audit event of CI/CD access is: who did what to what, when, from where, and what came of it.
//!
//! Pure: no I/O, no clock, no dice. Times and salts are arguments.

pub mod member;

mod canonical;
mod disclosure;
mod erasure;
mod leaf;
mod ranges;
mod received;
mod salted;
mod tombstone;

pub use canonical::{DEPTH_MAX, EVENT_BYTES_MAX, INTEGER_MAX, MEMBER_BYTES_MAX, Unfit};
pub use disclosure::{
    DISCLOSURE_BYTES_MAX, Disclosed, Disclosure, MalformedDisclosure, MemberState, MemberValue, NotInLeaf,
};
pub use erasure::{Erasable, Erasures, HOLDS_MAX, Held, Hold, HoldRefused, Holds};
pub use leaf::{AnyLeaf, BadEvent, Leaf, MalformedLeaf, Salts, Sealed, UnreadableLeaf};
pub use ranges::{BadRange, MemberRange, MemberRanges, MemberSet};
pub use received::{ReceivedClock, Second, Stamp};
pub use salted::{Digest, Salt};
pub use tombstone::{
    BadTombstone, Erasure, MalformedTombstone, MalformedTombstoneDisclosure, NotInTombstone, SealedTombstone,
    Tombstone, TombstoneDisclosed, TombstoneDisclosure, TombstoneMember, TombstoneSalts, VoidTombstone,
};
