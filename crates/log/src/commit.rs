//! A commit: new entries, the nodes that they complete, and the head that has them. Computed without I/O.

use std::sync::Arc;

use bytes::Bytes;
use indelible_merkle::{CompactRange, Growth, Hash, TreeHead};
use indelible_note::{SignedCheckpoint, SigningKey, Verified, sign_checkpoint};
use indelible_store::journal::{Frame, Kind, Record, RecordPlace};

use crate::batch::Batch;

/// A published head: its checkpoint is signed by the log and durable in the journal. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Head {
    checkpoint: Arc<Verified<SignedCheckpoint>>,
    note: Bytes,
}

impl Head {
    /// A head with whatever signature lines its note has. That it is durable, and the log's, is for the caller to know.
    pub fn new(checkpoint: Verified<SignedCheckpoint>) -> Head {
        let note = checkpoint.note().to_string().into();
        Head {
            checkpoint: Arc::new(checkpoint),
            note,
        }
    }

    /// The same head, signed by this key too.
    pub(crate) fn also_signed(&self, key: &SigningKey) -> Head {
        Head::new(self.checkpoint.also_signed(key))
    }

    /// Size and root of the tree.
    pub fn tree(&self) -> TreeHead {
        self.checkpoint.head()
    }

    /// How many entries the tree has.
    pub fn size(&self) -> u64 {
        self.tree().size
    }

    /// The checkpoint, whose signature holds.
    pub fn checkpoint(&self) -> &Verified<SignedCheckpoint> {
        &self.checkpoint
    }

    /// The signed note, as it is stored and served. Shared, not copied.
    pub fn note_bytes(&self) -> Bytes {
        self.note.clone()
    }
}

/// Entries that became part of the tree together, with the nodes that they completed.
#[derive(Debug)]
pub(crate) struct Commit {
    records: Vec<Record>,
    /// Where the attachments of each record lie. Empty in a log without attachments.
    places: Vec<RecordPlace>,
    growth: Growth,
    weight: u64,
}

impl Commit {
    /// Grows the tree whose right edge is `edge` by these entries. The sequencer and recovery both come through here, so that
    /// what recovery rebuilds is what the sequencer built.
    ///
    /// `weight` is what the entries take in memory, in bytes, about.
    pub(crate) fn integrate(edge: &mut CompactRange, records: Vec<Record>, hashes: Vec<Hash>, weight: u64) -> Commit {
        assert_eq!(records.len(), hashes.len(), "every entry has its leaf hash");
        Commit {
            records,
            places: Vec::new(),
            growth: edge.extend(hashes),
            weight,
        }
    }

    /// Takes the records back that were lent to its frame.
    pub(crate) fn give_back(&mut self, frame: Frame) {
        self.records = frame.records;
    }

    /// Lets go of the attachments, which the journal has, and keeps where they lie: nothing that is blanked there is left here. What
    /// the commit takes in memory becomes less.
    pub(crate) fn detach(&mut self, places: Vec<RecordPlace>) {
        assert_eq!(places.len(), self.records.len(), "every entry has its place");
        for record in &mut self.records {
            record.attachments = Vec::new();
        }
        let entries: u64 = self
            .records
            .iter()
            .map(|record| Batch::entry_weight(&record.entry))
            .sum();
        self.weight = entries + places.iter().map(Batch::place_weight).sum::<u64>();
        self.places = places;
    }

    /// Index of the first entry.
    pub(crate) fn first(&self) -> u64 {
        self.growth.first()
    }

    /// Index behind the last entry: the size of the tree that ends with this commit.
    pub(crate) fn end(&self) -> u64 {
        self.growth.end()
    }

    /// The entries, the one of index `first()` first.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Where the attachments of each entry lie; empty in a log without attachments.
    pub(crate) fn places(&self) -> &[RecordPlace] {
        &self.places
    }

    /// The nodes that the entries completed.
    pub(crate) fn growth(&self) -> &Growth {
        &self.growth
    }

    /// Bytes that it holds in memory, about.
    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }
}

/// Signs the head of the tree that ends at `edge`, and hands out the frame that makes `commit` and that head durable as one.
///
/// The records are in the frame until they are [given back](Commit::give_back).
pub(crate) fn frame(commit: &mut Commit, edge: &CompactRange, key: &SigningKey) -> (Frame, Head) {
    assert_eq!(
        commit.end(),
        edge.size(),
        "the head signed is the head of the tree that ends with the commit"
    );
    let head = Head::new(sign_checkpoint(edge.head(), key));
    let records = std::mem::take(&mut commit.records);
    let frame = Frame {
        kind: Kind::Commit,
        first: commit.first(),
        records,
        note: head.note_bytes(),
    };
    (frame, head)
}
