//! fsck: reads a whole log and says what in it contradicts what it has signed, or itself.
//!
//! One pass over the journal, a frame and the right edge at a time, on two cores: one reads and hashes entries, the other builds
//! the tree and compares. The journal verifies its own checksums and chain; here each signed head is held against the tree that
//! the entries make, and everything sealed is compared, byte for byte, with what they make of it: each run with the entries, each
//! tile with the nodes above them. No tile is hashed twice for that: the nodes that a frame completes are the tiles' content.

mod attachments;
mod extent;
mod finding;
mod heads;
mod places;
mod runs;
mod store;
mod tiles;

use std::sync::mpsc;
use std::thread;

use indelible_merkle::{CompactRange, Hash};
use indelible_note::{KeyChain, VerifierKey};
use indelible_store::journal::{FramePlace, Journal, JournalError, Kind as FrameKind, Replayed, record_places};
use indelible_store::objects::Objects;

use self::attachments::Attachments;
pub use self::finding::{Finding, HeadProblem, ObjectProblem};
use self::heads::Heads;
use self::places::Places;
use self::runs::Runs;
use self::store::Store;
use self::tiles::Tiles;
use crate::description::{BadDescription, Description, Kind};
use crate::erase::Tombstones;
use crate::keys::{BadChange, ChangeProblem, follow};

/// What [`fsck`] tells while it reads.
#[derive(Debug)]
pub enum Step {
    /// The journal was checked up to here, in entries.
    Checked(u64),
    /// Something does not hold.
    Found(Finding),
}

/// How much [`fsck`] has looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries of the journal, all of them hashed.
    pub entries: u64,
    /// Heads of the journal, all of them compared with the tree.
    pub heads: u64,
    /// Heads whose signature was verified.
    pub signatures: u64,
    /// Entries that the object store has.
    pub sealed: u64,
    /// Tiles that were compared.
    pub tiles: u64,
    /// Attachments that were blanked.
    pub blanked: u64,
    /// Attachments that are neither what was appended nor blanked, and that a tombstone names: their blanking is under way, and goes
    /// on when the log runs.
    pub under_way: u64,
    /// How often something was found.
    pub findings: u64,
}

/// Why nothing could be checked: there is no telling what should be there.
#[derive(Debug, thiserror::Error)]
pub enum FsckError {
    /// The genesis frame describes a log that this program does not know.
    #[error("this log cannot be checked: {0}")]
    Description(#[from] BadDescription),
    /// The log has tombstones, and whoever checks it does not know them: what was erased would pass for damage.
    #[error("this is a log of events, and is not checked by a program that does not know its tombstones")]
    Tombstones,
    /// The key is not this log's.
    #[error("the key given is {given}, but the log belongs to the key {expected}")]
    OtherKey {
        /// The key in force.
        expected: Box<VerifierKey>,
        /// The key that was given.
        given: Box<VerifierKey>,
    },
}

/// Checks a log at rest: its journal, its heads under the keys that led to `key` or follow from it, and the object store if one
/// could be opened.
///
/// Every head's tree is compared. Signatures are verified for the first 4,096 heads, then once in 1,024 entries, and for the last
/// head, which alone covers all entries: one costs 45 µs, as much as 100 entries. What does not hold goes to `tell` as
/// [`Step::Found`] as soon as it is known. Behind a damaged frame the journal cannot be read on, since the chain ends there;
/// behind a damaged object the check goes on. Objects that lie beyond the last run are not looked for: the traits list nothing,
/// and nobody reads them.
///
/// # Errors
///
/// See [`FsckError`]. Damage is never an error, but a finding.
pub fn fsck(
    journal: &dyn Journal,
    objects: Option<&dyn Objects>,
    key: &VerifierKey,
    tell: &mut dyn FnMut(Step),
) -> Result<Checked, FsckError> {
    fsck_with(None, journal, objects, key, tell)
}

/// The same of a log that may have tombstones: an attachment may be absent if one of them names it. Without them none may be.
///
/// Takes memory for what is absent and what is named, as far as it is not the same of neighbouring entries: some 100 bytes an entry.
///
/// # Errors
///
/// As [`fsck`]; a log of [`Kind::Events`] is not checked without its tombstones.
pub fn fsck_with(
    tombstones: Option<&dyn Tombstones>,
    journal: &dyn Journal,
    objects: Option<&dyn Objects>,
    key: &VerifierKey,
    tell: &mut dyn FnMut(Step),
) -> Result<Checked, FsckError> {
    let description = Description::of(&journal.genesis().description)?;
    let tombstones = match (description.kind, tombstones) {
        (Kind::Opaque, _) => None,
        (Kind::Events, None) => return Err(FsckError::Tombstones),
        (Kind::Events, known) => known,
    };
    let (keys, changes, broken) = known_keys(description.vkey, journal);
    if keys.term_of(key).is_none() {
        // A key that nothing leads to, because what leads to it is damaged, is not another log's.
        let Some(broken) = broken else {
            return Err(FsckError::OtherKey {
                expected: Box::new(keys.current().clone()),
                given: Box::new(key.clone()),
            });
        };
        tell(Step::Found(broken));
        return Ok(Checked {
            findings: 1,
            ..Checked::default()
        });
    }
    let mut findings = 0;
    let mut tell = |step: Step| {
        findings += u64::from(matches!(step, Step::Found(_)));
        tell(step);
    };
    let mut found = |finding| tell(Step::Found(finding));
    // What cannot be read is found again on the way through the journal.
    broken
        .into_iter()
        .filter(|broken| matches!(broken, Finding::KeyChange(_)))
        .for_each(&mut found);
    let mut pass = Pass {
        edge: CompactRange::new(),
        heads: Heads::new(&keys),
        changes,
        store: objects.map(|objects| Store::new(objects, description.volume_entries, &mut found)),
        runs: Runs::default(),
        tiles: Tiles::default(),
        places: (description.kind == Kind::Events).then(Places::default),
        attachments: Attachments::new(tombstones),
    };
    if let Some(sealed) = pass
        .store
        .as_ref()
        .map(Store::sealed)
        .filter(|sealed| *sealed > journal.size())
    {
        found(Finding::SealedAhead {
            sealed,
            journal: journal.size(),
        });
    }
    if let Err(error) = pass.run(journal, &mut tell) {
        tell(Step::Found(Finding::Journal {
            error,
            checked: pass.edge.size(),
        }));
    }
    pass.finish(&mut |finding| tell(Step::Found(finding)));
    Ok(Checked {
        entries: pass.edge.size(),
        heads: pass.heads.seen(),
        signatures: pass.heads.verified(),
        sealed: pass.store.as_ref().map_or(0, Store::sealed),
        tiles: pass.tiles.compared(),
        blanked: pass.attachments.blanked(),
        under_way: pass.attachments.under_way(),
        findings,
    })
}

/// The keys of the log as far as they are known, where the changes stand, and what is wrong with the first that does not hold.
fn known_keys(genesis: VerifierKey, journal: &dyn Journal) -> (KeyChain, Vec<FramePlace>, Option<Finding>) {
    let mut keys = KeyChain::of(genesis);
    let changes = match journal.key_changes() {
        Ok(changes) => changes,
        Err(error) => return (keys, Vec::new(), Some(Finding::Journal { error, checked: 0 })),
    };
    let broken = changes.iter().find_map(|change| follow(&mut keys, change).err());
    let places = changes.iter().map(|change| change.place).collect();
    (keys, places, broken.map(Finding::KeyChange))
}

/// A frame that was read, verified and hashed on another core.
struct Hashed {
    replayed: Replayed,
    /// The leaf hashes of its entries.
    leaves: Vec<Hash>,
}

impl From<Replayed> for Hashed {
    fn from(replayed: Replayed) -> Hashed {
        let records = &replayed.frame.records;
        let leaves = records.iter().map(|record| Hash::leaf(&record.entry)).collect();
        Hashed { replayed, leaves }
    }
}

/// Frames that one core reads and hashes before the other compares them: 4 MiB of entries each at most, usually.
const FRAMES_AHEAD: usize = 8;

/// The pass over the journal, and what it has to remember on the way.
struct Pass<'a> {
    edge: CompactRange,
    heads: Heads<'a>,
    /// Where a start finds changes of keys.
    changes: Vec<FramePlace>,
    store: Option<Store<'a>>,
    runs: Runs,
    tiles: Tiles,
    /// In a log whose entries have attachments.
    places: Option<Places>,
    attachments: Attachments<'a>,
}

impl Pass<'_> {
    fn run(&mut self, journal: &dyn Journal, tell: &mut dyn FnMut(Step)) -> Result<(), JournalError> {
        let genesis = FramePlace { segment: 0, offset: 0 };
        self.heads.check(
            genesis,
            0..0,
            &journal.genesis().note,
            self.edge.head(),
            &mut |finding| {
                tell(Step::Found(finding));
            },
        );
        let frames = journal.replay(0)?;
        thread::scope(|scope| {
            let (sender, hashed) = mpsc::sync_channel(FRAMES_AHEAD);
            scope.spawn(move || {
                for replayed in frames {
                    // Nobody takes any more if what was taken does not hold.
                    if sender.send(replayed.map(Hashed::from)).is_err() {
                        return;
                    }
                }
            });
            self.frames(journal.size(), hashed, tell)
        })
    }

    /// Checks the frames one after the other, as far as they follow each other; they should end at `size`.
    fn frames(
        &mut self,
        size: u64,
        hashed: impl IntoIterator<Item = Result<Hashed, JournalError>>,
        tell: &mut dyn FnMut(Step),
    ) -> Result<(), JournalError> {
        for next in hashed {
            let Hashed { replayed, leaves } = next?;
            let first = replayed.frame.first;
            if first != self.edge.size() {
                tell(Step::Found(Finding::Gap {
                    expected: self.edge.size(),
                    found: first,
                }));
                return Ok(());
            }
            self.frame(&replayed, leaves, &mut |finding| tell(Step::Found(finding)));
            tell(Step::Checked(self.edge.size()));
        }
        if size != self.edge.size() {
            tell(Step::Found(Finding::Gap {
                expected: self.edge.size(),
                found: size,
            }));
        }
        Ok(())
    }

    fn frame(&mut self, replayed: &Replayed, leaves: Vec<Hash>, found: &mut dyn FnMut(Finding)) {
        let Replayed { frame, place, .. } = replayed;
        self.attachments.take(replayed, found);
        if frame.kind == FrameKind::KeyChange && !self.changes.contains(place) {
            let problem = ChangeProblem::Unseen;
            found(Finding::KeyChange(BadChange { place: *place, problem }));
        }
        if frame.kind != FrameKind::Commit {
            return;
        }
        let growth = self.edge.extend(leaves);
        self.heads.check(
            *place,
            growth.first()..growth.end(),
            &frame.note,
            self.edge.head(),
            found,
        );
        let standing = self.heads.standing();
        if let Some(store) = &mut self.store {
            for (index, record) in (growth.first()..).zip(&frame.records) {
                self.runs.compare(index, &record.entry, standing, store, found);
            }
            if let Some(places) = &mut self.places {
                for (index, record) in (growth.first()..).zip(record_places(frame, *place)) {
                    places.compare(index, record, standing, store, found);
                }
            }
            self.tiles.compare(&growth, standing, store, found);
        }
    }

    /// Tells what could only be told behind the last frame.
    fn finish(&mut self, found: &mut dyn FnMut(Finding)) {
        self.heads.finish(found);
        self.runs.finish(found);
        if let Some(places) = &mut self.places {
            places.finish(found);
        }
        self.attachments.finish(found);
        self.tiles.finish(found);
    }
}
