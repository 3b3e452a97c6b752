//! The tree of a journal that is read from front to back, held against every head on the way: how a copy knows that it is one.

use indelible_merkle::{CompactRange, Hash, TreeHead};
use indelible_note::{MalformedCheckpoint, SignedCheckpoint};
use indelible_store::journal::{Absence, Frame, FramePlace, Genesis, Kind, StoredFrame};

/// The tree of the frames taken so far.
#[derive(Clone, Debug)]
pub struct Tally {
    edge: CompactRange,
    /// Sizes at which the root is wanted, ascending.
    wanted: Vec<u64>,
    roots: Vec<TreeHead>,
}

/// Why a journal is not what its own heads say.
#[derive(Debug, thiserror::Error)]
pub enum TallyError {
    /// The head is no checkpoint.
    #[error("the head in segment {}, byte {}, is malformed: {error}", .place.segment, .place.offset)]
    Malformed {
        /// The frame.
        place: FramePlace,
        /// What is wrong.
        error: MalformedCheckpoint,
    },
    /// The head is of another tree.
    #[error(
        "the head in segment {}, byte {}, is of {} entries with the root {}, but there are {} entries with the root {}",
        .place.segment, .place.offset, .stated.size, .stated.root, .computed.size, .computed.root
    )]
    Head {
        /// The frame.
        place: FramePlace,
        /// What the head says.
        stated: TreeHead,
        /// What the entries up to here hash to.
        computed: TreeHead,
    },
    /// What was attached to an entry is neither there nor blanked.
    #[error(
        "attachment {attachment} of entry {index} is damaged, in segment {}, byte {}",
        .place.segment, .place.offset
    )]
    Attachment {
        /// The frame.
        place: FramePlace,
        /// The entry.
        index: u64,
        /// Which of its attachments, from 0.
        attachment: usize,
    },
}

impl Tally {
    /// Of a journal that is read from its genesis on. The roots at the sizes `wanted` are kept on the way.
    pub fn begin(mut wanted: Vec<u64>) -> Tally {
        wanted.sort_unstable();
        let edge = CompactRange::new();
        let roots = wanted.iter().filter(|size| **size == 0).map(|_| edge.head()).collect();
        wanted.retain(|size| *size > 0);
        Tally { edge, wanted, roots }
    }

    /// Of a journal that is read from behind the frame with this head on; `None` if `edge`, the hashes of
    /// [`CompactRange::nodes_of`], does not have its root.
    pub fn resume(head: TreeHead, edge: Vec<Hash>) -> Option<Tally> {
        let edge = CompactRange::from_hashes(head.size, edge).ok()?;
        (edge.root() == head.root).then(|| Tally {
            edge,
            wanted: Vec::new(),
            roots: Vec::new(),
        })
    }

    /// The right edge of the tree: what [`Tally::resume`] takes.
    pub fn edge(&self) -> &CompactRange {
        &self.edge
    }

    /// Sizes and roots at the sizes that were wanted, as far as they have come by.
    pub fn roots(&self) -> &[TreeHead] {
        &self.roots
    }

    /// Takes the next frame; gives its head if it has one, which is of the tree up to here. Its signature is not verified.
    ///
    /// Hashes every entry.
    pub fn take(&mut self, stored: &StoredFrame, genesis: &Genesis) -> Result<Option<SignedCheckpoint>, TallyError> {
        let place = stored.place();
        let Some(frame) = stored.frame() else {
            return self.head(place, &genesis.note).map(Some);
        };
        if let Some(damaged) = stored.absent().iter().find(|absent| absent.absence == Absence::Damaged) {
            return Err(TallyError::Attachment {
                place,
                index: frame.first + damaged.record as u64,
                attachment: damaged.attachment,
            });
        }
        if frame.kind != Kind::Commit {
            return Ok(None);
        }
        self.extend(frame);
        self.head(place, &frame.note).map(Some)
    }

    fn extend(&mut self, frame: &Frame) {
        let hashes: Vec<Hash> = frame.records.iter().map(|record| Hash::leaf(&record.entry)).collect();
        let first = self.edge.size();
        let end = first + hashes.len() as u64;
        let passed = self.wanted.partition_point(|size| *size <= end);
        for size in self.wanted.drain(..passed) {
            let mut edge = self.edge.clone();
            edge.extend(hashes.iter().copied().zip(first..size).map(|(hash, _)| hash).collect());
            self.roots.push(edge.head());
        }
        self.edge.extend(hashes);
    }

    fn head(&self, place: FramePlace, note: &[u8]) -> Result<SignedCheckpoint, TallyError> {
        let head = SignedCheckpoint::parse(note).map_err(|error| TallyError::Malformed { place, error })?;
        let (stated, computed) = (head.head(), self.edge.head());
        match stated == computed {
            true => Ok(head),
            false => Err(TallyError::Head {
                place,
                stated,
                computed,
            }),
        }
    }
}
