//! The tree of a journal that is read from front to back, held against every head on the way: how a copy knows that it is one.

use std::fmt;
use std::sync::Arc;

use indelible_merkle::{CompactRange, Hash, TreeHead};
use indelible_note::{MalformedCheckpoint, SignedCheckpoint};
use indelible_store::journal::{Absence, Absent, Frame, FramePlace, Genesis, Kind, StoredFrame};

use crate::erase::{Erased, Erasure, Tombstones};

/// The tree of the frames taken so far.
#[derive(Clone, Debug)]
pub struct Tally {
    edge: CompactRange,
    /// Sizes at which the root is wanted, ascending.
    wanted: Vec<u64>,
    roots: Vec<TreeHead>,
    erasures: Option<Erasures>,
}

/// What is known of erasures.
#[derive(Clone)]
struct Erasures {
    tombstones: Arc<dyn Tombstones>,
    /// What the tombstones so far name.
    named: Erased,
    /// What was absent so far.
    absent: Erased,
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
    /// What was attached to an entry is not there, and no tombstone up to here names it.
    #[error("attachment {attachment} of entry {index} is blanked or damaged, and no tombstone so far names it")]
    Unnamed {
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
        Tally {
            edge,
            wanted,
            roots,
            erasures: None,
        }
    }

    /// Of a journal that is read from behind the frame with this head on; `None` if `edge`, the hashes of
    /// [`CompactRange::nodes_of`], does not have its root.
    pub fn resume(head: TreeHead, edge: Vec<Hash>) -> Option<Tally> {
        let edge = CompactRange::from_hashes(head.size, edge).ok()?;
        (edge.root() == head.root).then(|| Tally {
            edge,
            wanted: Vec::new(),
            roots: Vec::new(),
            erasures: None,
        })
    }

    /// The same, of a log that may have tombstones: what is absent is judged by [`Tally::settle`], since the tombstones stand behind what
    /// they name. Where the tally goes on with a journal, it knows only tombstones from there on, and they are the only ones that can
    /// name what comes.
    #[must_use]
    pub fn knowing(self, tombstones: Arc<dyn Tombstones>) -> Tally {
        let erasures = Some(Erasures {
            tombstones,
            named: Erased::default(),
            absent: Erased::default(),
        });
        Tally { erasures, ..self }
    }

    /// What the tombstones name that were taken so far. In a copy that goes on, older frames may still have it: see
    /// [`erase`](crate::erase()).
    pub fn erased(&self) -> Erased {
        self.erasures
            .as_ref()
            .map(|erasures| erasures.named.clone())
            .unwrap_or_default()
    }

    /// Whether a tombstone was taken for everything that was absent. While the log runs there may be one behind the last frame taken,
    /// which is being carried out: then the journal holds only up to a later head.
    ///
    /// # Errors
    ///
    /// [`TallyError::Unnamed`] for the first attachment without one.
    pub fn settle(&self) -> Result<(), TallyError> {
        let Some(Erasures { named, absent, .. }) = &self.erasures else {
            return Ok(());
        };
        let unnamed = absent.without(named).erasures().next();
        unnamed.map_or(Ok(()), |Erasure { entries, attachments }| {
            Err(TallyError::Unnamed {
                index: entries.start,
                attachment: attachments.numbers().next().unwrap_or_default(),
            })
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
        let damaged = stored.absent().iter().find(|absent| absent.absence == Absence::Damaged);
        if let Some(erasures) = &mut self.erasures {
            erasures.take(frame, stored.absent());
        } else if let Some(damaged) = damaged {
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

impl Erasures {
    fn take(&mut self, frame: &Frame, absent: &[Absent]) {
        for absent in absent {
            let index = frame.first + absent.record as u64;
            self.absent.add(&Erasure {
                entries: index..index + 1,
                attachments: u8::try_from(absent.attachment).into_iter().collect(),
            });
        }
        for (index, record) in (frame.first..).zip(&frame.records) {
            self.named.take(index, &record.entry, self.tombstones.as_ref());
        }
    }
}

impl fmt::Debug for Erasures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Erasures")
            .field("named", &self.named)
            .field("absent", &self.absent)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use indelible_note::{SigningKey, sign_checkpoint};
    use indelible_store::journal::{FileJournal, Journal, Options, Record, StoredFrames};
    use tempfile::TempDir;

    use super::*;
    use crate::commit::{Commit, frame};

    fn entries(count: u64) -> Vec<Bytes> {
        (0..count).map(|index| Bytes::from(format!("entry {index}"))).collect()
    }

    /// The tree of the first `size` entries.
    fn tree(size: u64) -> CompactRange {
        let mut tree = CompactRange::new();
        tree.extend(entries(size).iter().map(|entry| Hash::leaf(entry)).collect());
        tree
    }

    fn key() -> SigningKey {
        SigningKey::from_seed("test.example/log".parse().unwrap(), [7; 32])
    }

    /// A journal of three commits, up to the sizes 3, 8 and 9. The last head is of `last` entries.
    fn journal(last: u64) -> TempDir {
        let home = tempfile::tempdir().unwrap();
        let genesis = Genesis {
            seed: [1; 16],
            description: Bytes::new(),
            note: sign_checkpoint(TreeHead::EMPTY, &key()).note_bytes().to_vec().into(),
        };
        let journal = FileJournal::create(&home.path().join("journal"), &genesis, Options::default()).unwrap();
        let mut edge = CompactRange::new();
        for size in [3, 8, 9] {
            let new = &entries(size)[usize::try_from(edge.size()).unwrap()..];
            let records: Vec<Record> = new
                .iter()
                .map(|entry| Record {
                    entry: entry.clone(),
                    attachments: Vec::new(),
                })
                .collect();
            let hashes = new.iter().map(|entry| Hash::leaf(entry)).collect();
            let mut commit = Commit::integrate(&mut edge, records, hashes, 0);
            let (mut frame, _) = frame(&mut commit, &edge, &key());
            if size == 9 {
                frame.note = sign_checkpoint(tree(last).head(), &key()).note_bytes().to_vec().into();
            }
            journal.append(&frame).unwrap();
        }
        home
    }

    /// Takes all frames; gives the sizes of their heads.
    fn take_all(tally: &mut Tally, home: &TempDir) -> Result<Vec<u64>, TallyError> {
        let mut frames = StoredFrames::open(&home.path().join("journal")).unwrap();
        let mut sizes = Vec::new();
        while let Some(frame) = frames.read_next().unwrap() {
            sizes.extend(tally.take(&frame, frames.genesis())?.map(|head| head.head().size));
        }
        Ok(sizes)
    }

    #[test]
    fn every_head_is_of_the_tree_and_wanted_roots_are_kept() {
        let home = journal(9);
        let mut tally = Tally::begin(vec![9, 20, 4, 0, 3, 7]);
        assert_eq!(take_all(&mut tally, &home).unwrap(), [0, 3, 8, 9]);
        let expected = [0, 3, 4, 7, 9].map(|size| tree(size).head());
        assert_eq!(tally.roots(), expected);
        assert_eq!(tally.edge(), &tree(9));
    }

    #[test]
    fn a_head_of_another_tree_is_refused() {
        let refused = take_all(&mut Tally::begin(Vec::new()), &journal(8)).unwrap_err();
        let TallyError::Head { stated, computed, .. } = refused else {
            panic!("{refused}");
        };
        assert_eq!((stated, computed), (tree(8).head(), tree(9).head()));
    }

    /// `erase N` names attachment 0 of entry N.
    struct Words;

    impl Tombstones for Words {
        fn erased_by(&self, _index: u64, entry: &[u8]) -> Vec<Erasure> {
            let text = std::str::from_utf8(entry)
                .ok()
                .and_then(|text| text.strip_prefix("erase "));
            let named = text.and_then(|index| index.parse::<u64>().ok());
            let erasure = |index| Erasure {
                entries: index..index + 1,
                attachments: [0].into_iter().collect(),
            };
            named.map(erasure).into_iter().collect()
        }
    }

    /// A journal with two attachments of each entry, in a commit each. Of the first `blanked` number 0 is blanked.
    fn with_attachments(texts: &[&str], blanked: usize) -> TempDir {
        let home = tempfile::tempdir().unwrap();
        let genesis = Genesis {
            seed: [1; 16],
            description: Bytes::new(),
            note: sign_checkpoint(TreeHead::EMPTY, &key()).note_bytes().to_vec().into(),
        };
        let journal = FileJournal::create(&home.path().join("journal"), &genesis, Options::default()).unwrap();
        let mut edge = CompactRange::new();
        let mut places = Vec::new();
        for text in texts {
            let record = Record {
                entry: Bytes::copy_from_slice(text.as_bytes()),
                attachments: vec![Bytes::from("somebody"), Bytes::from("something")],
            };
            let hashes = vec![Hash::leaf(&record.entry)];
            let mut commit = Commit::integrate(&mut edge, vec![record], hashes, 0);
            let (frame, _) = frame(&mut commit, &edge, &key());
            let place = journal.append(&frame).unwrap();
            places.push(indelible_store::journal::attachment_places(&frame, place)[0][0]);
        }
        journal.blank(&places[..blanked]).unwrap();
        home
    }

    #[test]
    fn what_is_absent_is_settled_by_the_tombstones_behind_it() {
        let texts = ["a", "b", "erase 0", "c", "erase 1", "d"];
        let home = with_attachments(&texts, 2);
        let mut frames = StoredFrames::open(&home.path().join("journal")).unwrap();
        let mut tally = Tally::begin(Vec::new()).knowing(Arc::new(Words));
        // Behind the genesis and each of the six: which entry is still to be named.
        let expected = [None, Some(0), Some(0), Some(1), Some(1), None, None];
        let mut resumed = None;
        for (behind, expected) in expected.into_iter().enumerate() {
            let frame = frames.read_next().unwrap().unwrap();
            tally.take(&frame, frames.genesis()).unwrap();
            let unnamed = tally.settle().map_err(|error| match error {
                TallyError::Unnamed { index, attachment: 0 } => index,
                other => panic!("{other}"),
            });
            assert_eq!(unnamed.err(), expected, "behind {behind} entries");
            if behind == 3 {
                resumed = Some((tally.edge().clone(), frame.place()));
            }
        }
        assert!(frames.read_next().unwrap().is_none());
        let named: Vec<Erasure> = tally.erased().erasures().collect();
        assert_eq!(named.len(), 1);
        assert_eq!(named[0].entries, 0..2);

        // Who goes on knows what is named from there on.
        let (edge, place) = resumed.unwrap();
        let mut frames = StoredFrames::open_at(&home.path().join("journal"), place).unwrap();
        frames.read_next().unwrap();
        let mut tally = Tally::resume(edge.head(), edge.hashes().to_vec())
            .unwrap()
            .knowing(Arc::new(Words));
        while let Some(frame) = frames.read_next().unwrap() {
            tally.take(&frame, frames.genesis()).unwrap();
        }
        tally.settle().unwrap();
        let named: Vec<Erasure> = tally.erased().erasures().collect();
        assert_eq!(named[0].entries, 1..2);
    }

    #[test]
    fn what_is_half_blanked_is_damage_unless_a_tombstone_names_it() {
        let home = with_attachments(&["a", "b", "erase 1", "c"], 0);
        let file = home.path().join("journal/00000000.seg");
        let mut bytes = std::fs::read(&file).unwrap();
        let at = bytes
            .windows(8)
            .enumerate()
            .filter(|(_, window)| window == b"somebody")
            .map(|(at, _)| at)
            .nth(1);
        bytes[at.unwrap()..][..3].fill(0);
        std::fs::write(&file, bytes).unwrap();
        let refused = take_all(&mut Tally::begin(Vec::new()), &home).unwrap_err();
        assert!(
            matches!(
                refused,
                TallyError::Attachment {
                    index: 1,
                    attachment: 0,
                    ..
                }
            ),
            "{refused}"
        );
        let mut tally = Tally::begin(Vec::new()).knowing(Arc::new(Words));
        assert_eq!(take_all(&mut tally, &home).unwrap(), [0, 1, 2, 3, 4]);
        tally.settle().unwrap();
        assert!(Tally::begin(Vec::new()).settle().is_ok());
    }

    #[test]
    fn only_an_edge_with_the_root_is_gone_on_from() {
        let head = tree(9).head();
        let hashes = tree(9).hashes().to_vec();
        assert_eq!(Tally::resume(head, hashes.clone()).unwrap().edge(), &tree(9));
        for wrong in [vec![], hashes[..1].to_vec(), hashes.iter().rev().copied().collect()] {
            assert!(Tally::resume(head, wrong).is_none());
        }
    }
}
