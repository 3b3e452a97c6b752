//! Logs at rest, and homes that show them damaged.

use std::sync::Arc;

use bytes::Bytes;
use indelible_log::{Checked, Description, Kind, NoTombstones, Step, Tombstones, fsck_with, rebuild_with};
use indelible_merkle::{CompactRange, Hash, TreeHead};
use indelible_note::{SigningKey, sign_checkpoint};
use indelible_store::journal::{
    Attachment, Frame, FramePlace, Frames, Genesis, Journal, JournalError, Kind as FrameKind, MemoryJournal, Place,
    Record, RecordPlace, Replayed,
};
use indelible_store::objects::{Key, MemoryObjects, Objects, ObjectsError};

/// Volumes of two bundles.
pub(crate) const VOLUME_ENTRIES: u64 = 512;

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed("log.example/fsck".parse().unwrap(), [7; 32])
}

/// A key of the same name: whoever forges a head has this one at most.
pub(crate) fn foreign_key() -> SigningKey {
    SigningKey::from_seed("log.example/fsck".parse().unwrap(), [8; 32])
}

/// Entry 1,030 and the four behind it are so long that their bundle takes several runs.
pub(crate) fn entry(index: u64) -> Bytes {
    match index {
        1_030..1_035 => vec![index as u8; 30_000].into(),
        _ => format!("entry {index}").into(),
    }
}

/// A log in the making. `entry` says what lies in the journal, the tree that is signed is always of [`entry`]'s.
pub(crate) struct Maker {
    pub(crate) journal: MemoryJournal,
    edge: CompactRange,
}

impl Maker {
    pub(crate) fn new() -> Maker {
        Maker::of(Kind::Opaque)
    }

    pub(crate) fn of(kind: Kind) -> Maker {
        let description = Description {
            volume_entries: VOLUME_ENTRIES,
            ..Description::new(kind, key().verifier())
        };
        let genesis = Genesis {
            seed: [9; 16],
            description: description.to_string().into(),
            note: head(TreeHead::EMPTY, &key()),
        };
        Maker {
            journal: MemoryJournal::new(genesis),
            edge: CompactRange::new(),
        }
    }

    /// Appends `count` entries in one commit, as they are, under their own head.
    pub(crate) fn commit(&mut self, count: u64) {
        self.commit_with(count, |_| {}, |tree| head(tree, &key()));
    }

    /// Appends `count` entries in one commit, changed after they were hashed, under the note that `sign` makes.
    pub(crate) fn commit_with(
        &mut self,
        count: u64,
        change: impl Fn(&mut Vec<Record>),
        sign: impl Fn(TreeHead) -> Bytes,
    ) {
        let first = self.edge.size();
        let record = |index| Record {
            entry: entry(index),
            attachments: vec![],
        };
        let mut records: Vec<Record> = (first..first + count).map(record).collect();
        self.edge
            .extend(records.iter().map(|record| Hash::leaf(&record.entry)).collect());
        change(&mut records);
        let note = sign(self.edge.head());
        self.journal
            .append(&Frame {
                kind: FrameKind::Commit,
                first,
                records,
                note,
            })
            .unwrap();
    }
}

/// A log of `size` entries in commits of at most 997, none of which ends with a bundle.
pub(crate) fn log(size: u64) -> Maker {
    let mut maker = Maker::new();
    while maker.edge.size() < size {
        maker.commit((size - maker.edge.size()).min(997));
    }
    maker
}

pub(crate) fn head(tree: TreeHead, key: &SigningKey) -> Bytes {
    sign_checkpoint(tree, key).note().to_string().into()
}

/// What the journal's entries are when they are sealed.
pub(crate) fn sealed(journal: &dyn Journal) -> MemoryObjects {
    let objects = MemoryObjects::with_volume_entries(VOLUME_ENTRIES).unwrap();
    let tombstones: Arc<dyn Tombstones> = Arc::new(NoTombstones);
    rebuild_with(
        Some(tombstones),
        journal,
        Arc::new(objects.clone()),
        &key().verifier(),
        None,
        |_| {},
    )
    .unwrap();
    objects
}

/// Runs fsck and returns what it counted, and its findings as an operator sees them.
pub(crate) fn run(journal: &dyn Journal, objects: Option<&dyn Objects>) -> (Checked, Vec<String>) {
    let (mut lines, mut progress) = (Vec::new(), 0);
    let checked = fsck_with(
        Some(&NoTombstones),
        journal,
        objects,
        &key().verifier(),
        &mut |step| match step {
            Step::Found(finding) => lines.push(finding.to_string()),
            Step::Checked(entries) => {
                assert!(entries >= progress, "progress goes forward");
                progress = entries;
            }
        },
    )
    .unwrap();
    assert_eq!(checked.findings, lines.len() as u64);
    assert_eq!(checked.entries, progress);
    assert!(
        lines.iter().all(|line| line.lines().count() == 1),
        "one finding, one line: {lines:?}"
    );
    (checked, lines)
}

/// What fsck finds has exactly these lines.
pub(crate) fn check(journal: &dyn Journal, objects: &dyn Objects, expected: &[&str]) {
    assert_eq!(run(journal, Some(objects)).1, expected);
}

/// Objects of which one reads differently.
pub(crate) struct Damaged<F> {
    pub(crate) objects: MemoryObjects,
    /// What is read instead of what was put.
    pub(crate) read: F,
}

impl<F: Fn(Key, Bytes) -> Result<Option<Bytes>, ObjectsError> + Send + Sync> Damaged<F> {
    fn run(&self, (first, run): (u64, Bytes)) -> Option<Result<(u64, Bytes), ObjectsError>> {
        let read = (self.read)(Key::Entries { first }, run).transpose()?;
        Some(read.map(|run| (first, run)))
    }
}

impl<F: Fn(Key, Bytes) -> Result<Option<Bytes>, ObjectsError> + Send + Sync> Objects for Damaged<F> {
    fn get(&self, key: Key) -> Result<Option<Bytes>, ObjectsError> {
        self.objects.get(key)?.map_or(Ok(None), |value| (self.read)(key, value))
    }

    fn runs(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        self.objects
            .runs(bundle)?
            .into_iter()
            .filter_map(|run| self.run(run))
            .collect()
    }

    fn places(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        let places = self.objects.places(bundle)?.into_iter();
        places
            .filter_map(|(first, places)| {
                let read = (self.read)(Key::Where { first }, places).transpose()?;
                Some(read.map(|places| (first, places)))
            })
            .collect()
    }

    fn last_run(&self) -> Result<Option<(u64, Bytes)>, ObjectsError> {
        self.objects.last_run()?.and_then(|run| self.run(run)).transpose()
    }

    fn put(&self, _batch: Vec<(Key, Bytes)>) -> Result<(), ObjectsError> {
        unreachable!("a check writes nothing")
    }
}

/// A journal of which the replay is different.
pub(crate) struct Rewritten<F> {
    pub(crate) journal: MemoryJournal,
    /// What is read instead of each frame; `None` skips it.
    pub(crate) read: F,
}

impl<F: Fn(Replayed) -> Option<Result<Replayed, JournalError>> + Send + Sync> Journal for Rewritten<F> {
    fn genesis(&self) -> &Genesis {
        self.journal.genesis()
    }

    fn size(&self) -> u64 {
        self.journal.size()
    }

    fn last_note(&self) -> Bytes {
        self.journal.last_note()
    }

    fn append(&self, _frame: &Frame) -> Result<FramePlace, JournalError> {
        unreachable!("a check writes nothing")
    }

    fn replay(&self, from: u64) -> Result<Frames<'_>, JournalError> {
        let frames = self.journal.replay(from)?;
        Ok(Box::new(frames.filter_map(|frame| (self.read)(frame.unwrap()))))
    }

    fn read(&self, _place: &Place) -> Result<Attachment, JournalError> {
        unreachable!("attachments are checked in the replay")
    }

    fn read_entry(&self, _place: &RecordPlace) -> Result<Bytes, JournalError> {
        unreachable!("entries are checked in the replay")
    }

    fn blank(&self, _places: &[Place]) -> Result<(), JournalError> {
        unreachable!("a check writes nothing")
    }
}
