//! Batches: entries on their way to the sequencer, checked and hashed.

use bytes::Bytes;
use indelible_merkle::{ENTRY_MAX, Hash};
use indelible_store::journal::codec::{ATTACHMENT_BYTES_MAX, ATTACHMENT_PREFIX_BYTES, ATTACHMENTS_MAX};
use indelible_store::journal::{Record, RecordPlace};

/// Entries in one batch, at most. The one range proof of a batch is then a fraction of a byte an entry: more would gain nothing.
pub const BATCH_ENTRIES_MAX: usize = 10_000;

/// Bytes in one batch, at most, counting 4 for each entry besides its own, and 8 for each attachment: what one commit takes. Only
/// one entry with large attachments may have more, and is then a batch by itself.
pub const BATCH_BYTES_MAX: usize = 4 << 20;

/// Bytes of one entry's attachments, at most, counting 8 for each besides its own: 64 MiB, as the journal has it for a single one. With
/// what else a commit takes, 4 MiB, and the note a frame has little more than half of its 128 MiB.
pub const ATTACHED_BYTES_MAX: usize = ATTACHMENT_BYTES_MAX;

/// Entries that are appended together, all or nothing, in their order.
///
/// A batch is hashed as it is built, by the thread that builds it, so that the one sequencer thread has less to do.
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) records: Vec<Record>,
    pub(crate) hashes: Vec<Hash>,
    bytes: usize,
    attachments: usize,
    apart: bool,
}

impl Batch {
    /// An empty batch with room for `count` entries.
    pub fn with_capacity(count: usize) -> Batch {
        Batch {
            records: Vec::with_capacity(count),
            hashes: Vec::with_capacity(count),
            ..Batch::default()
        }
    }

    /// A batch of one.
    pub fn single(entry: Bytes) -> Result<Batch, BadBatch> {
        let mut batch = Batch::with_capacity(1);
        batch.push(entry)?;
        Ok(batch)
    }

    /// A batch of all `entries`; refused as a whole if one of them is too long, or all together are too many.
    pub fn of(entries: Vec<Bytes>) -> Result<Batch, BadBatch> {
        if entries.is_empty() {
            return Err(BadBatch::Empty);
        }
        let mut batch = Batch::with_capacity(entries.len().min(BATCH_ENTRIES_MAX));
        for entry in entries {
            batch.push(entry)?;
        }
        Ok(batch)
    }

    /// Adds an entry and hashes it. A refused entry leaves the batch as it was.
    pub fn push(&mut self, entry: Bytes) -> Result<(), BadBatch> {
        let index = self.records.len();
        if entry.len() > ENTRY_MAX {
            return Err(BadBatch::EntryTooLong {
                index,
                length: entry.len(),
            });
        }
        if index == BATCH_ENTRIES_MAX {
            return Err(BadBatch::TooMany);
        }
        let bytes = self.bytes + entry.len() + ENTRY_OVERHEAD;
        if bytes > BATCH_BYTES_MAX {
            return Err(BadBatch::TooLarge { index });
        }
        self.bytes = bytes;
        self.hashes.push(Hash::leaf(&entry));
        self.records.push(Record {
            entry,
            attachments: Vec::new(),
        });
        Ok(())
    }

    /// Adds an entry with what belongs to it, for a log of [`Kind::Events`](crate::Kind::Events), and hashes the entry. What is refused
    /// leaves the batch as it was.
    ///
    /// The bytes of the entry should not be part of a buffer with the attachments: the entry is held in memory until it is sealed, the
    /// attachments only until they are written.
    pub fn push_with(&mut self, entry: Bytes, attachments: Vec<Bytes>) -> Result<(), BadAttached> {
        let count = attachments.len();
        if count > ATTACHMENTS_MAX {
            return Err(BadAttached::TooMany { count });
        }
        let attached: usize = attachments
            .iter()
            .map(|bytes| bytes.len() + ATTACHMENT_PREFIX_BYTES)
            .sum();
        if attached > ATTACHED_BYTES_MAX {
            return Err(BadAttached::TooLarge { bytes: attached });
        }
        let index = self.records.len();
        if index > 0 && self.bytes + attached + entry.len() + ENTRY_OVERHEAD > BATCH_BYTES_MAX {
            return Err(BadBatch::TooLarge { index }.into());
        }
        self.push(entry)?;
        self.bytes += attached;
        self.attachments += count;
        self.records[index].attachments = attachments;
        Ok(())
    }

    /// The same entries, to be committed by themselves: nothing else stands in their frame. For a tombstone, which could else stand in
    /// the last frame together with what it names, where that cannot be overwritten.
    #[must_use]
    pub fn apart(self) -> Batch {
        Batch { apart: true, ..self }
    }

    /// Whether it wants a commit of its own.
    pub(crate) fn is_apart(&self) -> bool {
        self.apart
    }

    /// Whether its entries have attachments.
    pub(crate) fn has_attachments(&self) -> bool {
        self.attachments > 0
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it has none; such a batch is never queued.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The leaf hashes of the entries, in their order.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Bytes that the entries with their attachments take in a journal frame; what [`BATCH_BYTES_MAX`] and a commit's limit count.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that the batch takes in memory, about: what the limits of queue and backlog count.
    pub fn weight(&self) -> usize {
        self.bytes + self.records.len() * (MEMORY_OVERHEAD - ENTRY_OVERHEAD) + self.attachments * ATTACHMENT_OVERHEAD
    }

    /// What one entry adds to the weight of its batch.
    pub(crate) fn entry_weight(entry: &Bytes) -> u64 {
        (entry.len() + MEMORY_OVERHEAD) as u64
    }

    /// What the place of an entry's attachments takes in memory, in bytes, about.
    pub(crate) fn place_weight(place: &RecordPlace) -> u64 {
        (PLACE_OVERHEAD + place.attachments.len() * size_of::<u32>()) as u64
    }
}

/// Why entries are not a batch. All are the submitter's fault, and nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBatch {
    /// No entry at all.
    #[error("entries: a batch has at least 1 entry")]
    Empty,
    /// An entry that no bundle could hold.
    #[error("entry {index} of the request has {length} bytes; the limit is {ENTRY_MAX}")]
    EntryTooLong {
        /// Where it stands in the batch, from 0.
        index: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// More than [`BATCH_ENTRIES_MAX`] entries.
    #[error("entries: more than {BATCH_ENTRIES_MAX} entries in one batch")]
    TooMany,
    /// More than [`BATCH_BYTES_MAX`] bytes.
    #[error(
        "entries: more than {BATCH_BYTES_MAX} bytes in one batch, counting {ENTRY_OVERHEAD} for each entry besides its own, from entry {index} on"
    )]
    TooLarge {
        /// The first entry that does not fit, from 0.
        index: usize,
    },
}

/// Why an entry with attachments does not go into a batch. All are the submitter's fault, and nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAttached {
    /// The entry does not fit, or what belongs to it does not fit beside those in front of it.
    #[error(transparent)]
    Batch(#[from] BadBatch),
    /// More attachments than an entry can have.
    #[error("an entry has {count} attachments; the limit is {ATTACHMENTS_MAX}")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// More than [`ATTACHED_BYTES_MAX`] bytes.
    #[error(
        "the attachments of an entry have {bytes} bytes, counting 8 for each besides its own; the limit is {ATTACHED_BYTES_MAX}"
    )]
    TooLarge {
        /// How many bytes there are.
        bytes: usize,
    },
}

/// What a journal frame spends on an entry besides its bytes: 2 for its length, 1 for the number of its attachments, 1 to spare.
const ENTRY_OVERHEAD: usize = 4;

/// What an entry costs in memory besides its bytes until it is sealed: its record (56), its hash (32), the nodes it
/// completes (64 on average), the message that it came in (40).
const MEMORY_OVERHEAD: usize = 192;

/// What an attachment costs in memory besides its bytes and the 8 in front of them: the value (32) and its share of a buffer (24).
const ATTACHMENT_OVERHEAD: usize = 56;

/// What the place of a record costs in memory besides the lengths of its attachments: the value (48), an allocation (16).
const PLACE_OVERHEAD: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_inclusive_and_refusals_change_nothing() {
        let mut batch = Batch::default();
        batch.push(Bytes::from(vec![7; ENTRY_MAX])).unwrap();
        assert_eq!(
            batch.push(Bytes::from(vec![7; ENTRY_MAX + 1])),
            Err(BadBatch::EntryTooLong {
                index: 1,
                length: ENTRY_MAX + 1
            })
        );
        assert_eq!((batch.len(), batch.bytes()), (1, ENTRY_MAX + ENTRY_OVERHEAD));
        assert_eq!(batch.hashes(), [Hash::leaf(&[7; ENTRY_MAX])]);
    }

    #[test]
    fn a_batch_is_limited_by_count_and_by_bytes() {
        assert_eq!(Batch::of(vec![]).unwrap_err(), BadBatch::Empty);
        let small = vec![Bytes::from_static(b"x"); BATCH_ENTRIES_MAX];
        assert_eq!(Batch::of(small.clone()).unwrap().len(), BATCH_ENTRIES_MAX);
        let more: Vec<Bytes> = small.into_iter().chain([Bytes::new()]).collect();
        assert_eq!(Batch::of(more).unwrap_err(), BadBatch::TooMany);
        let full = BATCH_BYTES_MAX / (60_000 + ENTRY_OVERHEAD);
        let large = vec![Bytes::from(vec![0; 60_000]); full];
        assert_eq!(Batch::of(large.clone()).unwrap().len(), full);
        let more: Vec<Bytes> = large.into_iter().chain([Bytes::from(vec![0; 60_000])]).collect();
        assert_eq!(Batch::of(more).unwrap_err(), BadBatch::TooLarge { index: full });
    }

    #[test]
    fn attachments_count_and_a_large_one_makes_a_batch_by_itself() {
        let attached = |bytes: usize| vec![Bytes::from(vec![1; bytes])];
        let entry = || Bytes::from_static(b"entry");
        let mut batch = Batch::default();
        batch.push_with(entry(), vec![Bytes::new(); 255]).unwrap();
        assert_eq!((batch.len(), batch.bytes()), (1, 5 + 4 + 255 * 8));
        assert_eq!(batch.weight(), 5 + 192 + 255 * (8 + 56));
        let many = batch.push_with(entry(), vec![Bytes::new(); 256]);
        assert_eq!(many, Err(BadAttached::TooMany { count: 256 }));

        let left = BATCH_BYTES_MAX - batch.bytes() - 5 - 4 - 8;
        let refused = batch.push_with(entry(), attached(left + 1));
        assert_eq!(refused, Err(BadBatch::TooLarge { index: 1 }.into()));
        batch.push_with(entry(), attached(left)).unwrap();
        assert_eq!((batch.len(), batch.bytes()), (2, BATCH_BYTES_MAX));
        assert_eq!(batch.push(Bytes::new()), Err(BadBatch::TooLarge { index: 2 }));

        let mut batch = Batch::default();
        let refused = batch.push_with(entry(), attached(ATTACHED_BYTES_MAX - 7));
        assert_eq!(
            refused,
            Err(BadAttached::TooLarge {
                bytes: ATTACHED_BYTES_MAX + 1
            })
        );
        let long = batch.push_with(Bytes::from(vec![0; ENTRY_MAX + 1]), attached(1));
        assert!(
            matches!(long, Err(BadAttached::Batch(BadBatch::EntryTooLong { .. }))),
            "{long:?}"
        );
        assert_eq!((batch.len(), batch.bytes(), batch.weight()), (0, 0, 0));
        batch.push_with(entry(), attached(ATTACHED_BYTES_MAX - 8)).unwrap();
        assert_eq!(batch.push(Bytes::new()), Err(BadBatch::TooLarge { index: 1 }));
        assert!(batch.apart().is_apart());
    }
}
