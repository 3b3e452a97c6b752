//! Immutable objects of the tree: runs of entries, full tiles, and where the attachments of the entries lie.
//!
//! Everything here is derived from the journal and can be rebuilt from it, so a home of objects may be slow, may lag and
//! may even be lost. What it may not do is serve other bytes than were put: every value carries a checksum over its key and
//! its bytes, and no object is ever overwritten.
//!
//! Two homes: [`SledObjects`] on disk, [`MemoryObjects`] for tests. [`conformance`] is the suite that each of them passes.
//! The bytes on disk are described in `docs/formats.md`, "Objects in sled".

mod batch;
pub mod conformance;
mod error;
mod key;
mod memory;
mod sled;

use bytes::Bytes;

pub use error::ObjectsError;
pub use key::{BUNDLE_ENTRIES, Key};
pub use memory::MemoryObjects;
pub use sled::{Options, SledObjects};

/// Immutable objects of the tree, by key.
///
/// One thread puts, any number of threads read meanwhile. Keys belong to *volumes* of a fixed number of entries, by
/// [`Key::last_entry`], so that what one start must open and what one flipped bit can cost stays bounded.
pub trait Objects: Send + Sync {
    /// The value under a key, or `None` if nothing is there.
    ///
    /// A damaged home may have lost objects without noticing; that an object must be there, only the caller can know.
    /// What a put wrote may be seen before it returns, and after it failed until the home is opened again.
    fn get(&self, key: Key) -> Result<Option<Bytes>, ObjectsError>;

    /// The same, for somebody who reads many objects once each: a home need not keep what it has read.
    fn get_once(&self, key: Key) -> Result<Option<Bytes>, ObjectsError> {
        self.get(key)
    }

    /// The value under a key if it can be had without waiting for a disk, as far as the home knows. `None` says nothing, and a
    /// home may always say it.
    fn at_hand(&self, key: Key) -> Option<Bytes> {
        let _ = key;
        None
    }

    /// The runs of entries of one bundle, each with the index of its first entry, in that order.
    fn runs(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError>;

    /// The places of attachments that belong to the runs of one bundle, each with the index of its run's first entry, in that order.
    fn places(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError>;

    /// The run with the greatest first entry of all: where sealing has arrived.
    fn last_run(&self) -> Result<Option<(u64, Bytes)>, ObjectsError>;

    /// Puts all objects of a batch or none of them, durably when it returns.
    ///
    /// The same bytes under a key that is taken succeed, other bytes are a [`ObjectsError::Conflict`]. A batch has at most
    /// [`BATCH_RECORDS_MAX`] records, a value at most [`VALUE_BYTES_MAX`] bytes, and all keys lie in one volume. After an
    /// error that is not the caller's fault ([`ObjectsError::is_callers`]) nothing more can be put until the home is opened
    /// again, since nobody knows what of that batch is on disk.
    fn put(&self, batch: Vec<(Key, Bytes)>) -> Result<(), ObjectsError>;

    /// Nothing will be put for a while: a home may give back the memory that putting took. It may be put into all the same.
    fn rest(&self) {}
}

/// Entries in a volume unless the log was made with another number: 2^22 entries are 1.3 GB of entries of 300 bytes.
pub const VOLUME_ENTRIES: u64 = 1 << 22;

/// Records of one batch. sled frees the garbage of a batch only in later operations: batches of 1,000 records of 8 bytes
/// took 1.2 GB of memory, batches of 300 took 150 MB.
pub const BATCH_RECORDS_MAX: usize = 300;

/// Bytes of one value: 64 KiB of entries and 2 KiB for their lengths and whatever else the caller frames them with, less
/// the 4 bytes of our own checksum.
///
/// A leaf page of sled holds up to 17 records, is rewritten whole, and must stay under a quarter of a segment of 8 MiB, or
/// it goes to a file of its own that is never synced: 17 x (66 KiB + 10 bytes of key) = 1.1 MiB < 2 MiB.
pub const VALUE_BYTES_MAX: usize = (66 << 10) - 4;
