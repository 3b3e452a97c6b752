//! What is small, mutable and can be rebuilt from the log: leaf hash to index, idempotency keys, search, cursors.
//!
//! * [`LeafIndex`] answers which entry of the log has a leaf hash.
//! * [`Idempotency`](idempotency::Idempotency) sees to it that an event which is sent twice becomes one leaf.
//! * [`EventIndex`](search::EventIndex) answers which events are of an actor, on a target, of a verb.
//! * [`Cursors`] remember how far each follower has come.
//!
//! All are filled from the log, behind the log, and trusted for nothing: whoever is told an index checks it with an inclusion
//! proof. So each file can be deleted at any time, and what is lost in a crash is read from the log once more.
//!
//! # Why each has a file of its own
//!
//! SQLite lets one connection write a file at a time, and erasing has to empty the file's write-ahead log, for which everybody
//! else must let go of it. Apart, the followers wait for nobody, and a file that is damaged or of an older format is rebuilt
//! without the others: idempotency, which no submission can do without, does not wait for a search index. Only the cursors
//! share the file of the leaf index, which nothing is ever erased from.
//!
//! # Why no commit is synced
//!
//! A watermark moves in the transaction that adds the rows below it. A power loss can take the last transactions back, whole, and
//! the rows come from the log again before anybody relies on them. Only erasing syncs, because it is what a cursor is moved for.
//!
//! # No value stands in a table
//!
//! What is looked up is an HMAC of a value under an [`IndexKey`]: copies of these files tell nothing without the key, and a disk
//! that keeps old sectors keeps no names in them. Whoever has the key can still try a guess, so what is erased goes all the same.

mod cursors;
mod erase;
mod error;
mod file;
pub mod idempotency;
mod key;
mod leaf_index;
mod lock;
pub mod search;
mod standing;

pub use cursors::Cursors;
pub use erase::Erased;
pub use error::IndexError;
pub use key::IndexKey;
pub use leaf_index::{LeafIndex, PARTITION_LEAVES};
