//! What can be found: each with what is wrong, where it lies, and what to do about it.

use std::fmt;
use std::ops::Range;

use indelible_merkle::Hash;
use indelible_note::{MalformedCheckpoint, UntrustedCheckpoint};
use indelible_store::journal::{FramePlace, JournalError};
use indelible_store::objects::Key;

use crate::erase::AttachmentSet;
use crate::keys::BadChange;

/// Something stored that does not hold. Shown, it is one line.
#[derive(Debug)]
pub enum Finding {
    /// The journal cannot be read on.
    Journal {
        /// Where, and why.
        error: JournalError,
        /// How many entries in front of that were checked.
        checked: u64,
    },
    /// The journal's frames do not have the entries that they should.
    Gap {
        /// The entry that is missing.
        expected: u64,
        /// Where the next frame begins, or the journal says that it ends.
        found: u64,
    },
    /// A head that the log cannot have signed for the entries in front of it.
    Head {
        /// The frame that has it.
        place: FramePlace,
        /// The entries of that frame.
        entries: Range<u64>,
        /// What is wrong with it.
        problem: HeadProblem,
        /// How many heads directly behind it have the same kind of problem.
        more: u64,
    },
    /// A change of keys does not follow from what is in front of it, so that the heads behind it are nobody's.
    KeyChange(BadChange),
    /// Bytes that belong to an entry are neither what was appended nor blanked.
    Attachment {
        /// The frame that has it.
        place: FramePlace,
        /// The entry.
        index: u64,
        /// Which of its attachments, from 0.
        attachment: usize,
    },
    /// Attachments were overwritten with zeros, and no tombstone names them.
    Blanked {
        /// The entries.
        entries: Range<u64>,
        /// Which attachments of each.
        attachments: AttachmentSet,
    },
    /// The object store has entries that the journal lacks.
    SealedAhead {
        /// Entries in the object store.
        sealed: u64,
        /// Entries in the journal.
        journal: u64,
    },
    /// Entries that should be sealed are not in the object store.
    AbsentEntries {
        /// Which ones.
        entries: Range<u64>,
        /// The volume that should have them.
        volume: u64,
    },
    /// It is not known where the attachments of sealed entries lie.
    AbsentPlaces {
        /// Of which entries.
        entries: Range<u64>,
        /// The volume that should know.
        volume: u64,
    },
    /// Tiles that should be sealed are not in the object store.
    AbsentTiles {
        /// Their level.
        level: u8,
        /// Their indexes.
        tiles: Range<u64>,
        /// The volume that should have them.
        volume: u64,
    },
    /// The journal has another entry than was sealed, and the log's head disowns the journal's.
    Entry {
        /// The entry.
        index: u64,
        /// The run of entries that has it otherwise.
        key: Key,
        /// The volume that has that run.
        volume: u64,
    },
    /// An object is not what the journal makes of it.
    Object {
        /// Which one.
        key: Key,
        /// The volume that has it.
        volume: u64,
        /// What is wrong with it.
        problem: ObjectProblem,
    },
    /// A volume of the object store cannot be read; no more of it was looked at.
    Volume {
        /// Which one.
        volume: u64,
        /// Why.
        reason: String,
    },
    /// How much is sealed cannot be told, so that nothing in the object store was looked at.
    Store {
        /// Why.
        reason: String,
    },
}

/// What is wrong with a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadProblem {
    /// It is no checkpoint.
    Malformed(MalformedCheckpoint),
    /// No key of the log did sign it that may sign one of its size.
    Signature(UntrustedCheckpoint),
    /// It is for another number of entries.
    Size {
        /// The number that it states.
        stated: u64,
    },
    /// It is for other entries.
    Root {
        /// The root that it states.
        stated: Hash,
        /// The root of the entries in the journal.
        computed: Hash,
    },
}

/// What is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectProblem {
    /// Its own checksum does not hold.
    Damaged,
    /// Its bytes are no run of entries.
    NoRun(String),
    /// It has another entry than the journal.
    Entry {
        /// The first one.
        index: u64,
    },
    /// It has entries that the run, or the places, in front of it have as well.
    Overlap,
    /// Its bytes are no places of attachments.
    NoPlaces(String),
    /// The journal has the attachments elsewhere.
    Places,
    /// Its hashes are not those of the entries in the journal.
    Hashes,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Journal { error, checked } => {
                write!(
                    f,
                    "{}; only {checked} entries could be checked: {BACKUP}",
                    first_line(error)
                )
            }
            Finding::Gap { expected, found } => {
                write!(
                    f,
                    "the journal lacks entry {expected}: its frames go on, or end, at {found}: {BACKUP}"
                )
            }
            Finding::Head {
                place,
                entries,
                problem,
                more,
            } => {
                let Range { start, end } = entries;
                write!(f, "the head over entries {start}..{end} in {} {problem}", At(*place))?;
                if *more > 0 {
                    write!(f, ", and so do the {more} behind it")?;
                }
                write!(f, ": {BACKUP}")
            }
            Finding::KeyChange(BadChange { place, problem }) => {
                write!(
                    f,
                    "the change of keys in {} does not hold: {}: {BACKUP}",
                    At(*place),
                    first_line(problem)
                )
            }
            Finding::Attachment {
                place,
                index,
                attachment,
            } => {
                write!(
                    f,
                    "attachment {attachment} of entry {index} in {} is damaged: {BACKUP}",
                    At(*place)
                )
            }
            Finding::Blanked {
                entries: Range { start, end },
                attachments,
            } => {
                let numbers: Vec<String> = attachments.numbers().map(|number| number.to_string()).collect();
                write!(
                    f,
                    "attachments {} of the entries {start}..{end} are blanked, and no tombstone names them: {BACKUP}",
                    numbers.join(", ")
                )
            }
            Finding::SealedAhead { sealed, journal } => write!(
                f,
                "tree.sled has {sealed} entries, but the journal, which is always ahead of it, has {journal}: restore the newest \
                 journal there is"
            ),
            Finding::AbsentEntries {
                entries: Range { start, end },
                volume,
            } => {
                write!(
                    f,
                    "entries {start}..{end} are absent from tree.sled/{volume:04}: {}",
                    Rebuild(*volume)
                )
            }
            Finding::AbsentPlaces {
                entries: Range { start, end },
                volume,
            } => {
                write!(
                    f,
                    "the places of attachments of the entries {start}..{end} are absent from tree.sled/{volume:04}: {}",
                    Rebuild(*volume)
                )
            }
            Finding::AbsentTiles {
                level,
                tiles: Range { start, end },
                volume,
            } => {
                write!(
                    f,
                    "tiles {start}..{end} of level {level} are absent from tree.sled/{volume:04}: {}",
                    Rebuild(*volume)
                )
            }
            Finding::Entry { index, key, volume } => {
                write!(
                    f,
                    "entry {index} in the journal is another than in the {key} in tree.sled/{volume:04}: {BACKUP}"
                )
            }
            Finding::Object { key, volume, problem } => {
                write!(f, "the {key} in tree.sled/{volume:04} {problem}: {}", Rebuild(*volume))
            }
            Finding::Volume { volume, reason } => {
                write!(
                    f,
                    "tree.sled/{volume:04} cannot be read on: {reason}: {}",
                    Rebuild(*volume)
                )
            }
            Finding::Store { reason } => write!(f, "tree.sled cannot be read: {reason}: indelible rebuild"),
        }
    }
}

impl fmt::Display for HeadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadProblem::Malformed(error) => write!(f, "cannot be read ({})", first_line(error)),
            HeadProblem::Signature(error) => write!(f, "cannot be the log's ({})", first_line(error)),
            HeadProblem::Size { stated } => write!(f, "cannot belong there, being for {stated} entries"),
            HeadProblem::Root { stated, computed } => {
                write!(
                    f,
                    "cannot be theirs (it was signed for the root {stated}, they hash to {computed})"
                )
            }
        }
    }
}

impl fmt::Display for ObjectProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ObjectProblem::Damaged => f.write_str("is damaged"),
            ObjectProblem::NoRun(reason) => write!(f, "is no run of entries ({reason})"),
            ObjectProblem::Entry { index } => write!(f, "has another entry {index} than the journal"),
            ObjectProblem::Overlap => f.write_str("has entries that the run in front of it has as well"),
            ObjectProblem::NoPlaces(reason) => write!(f, "cannot be read ({reason})"),
            ObjectProblem::Places => f.write_str("say something else than the journal"),
            ObjectProblem::Hashes => f.write_str("is not made of the entries' hashes"),
        }
    }
}

/// Where a frame lies.
struct At(FramePlace);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FramePlace { segment, offset } = self.0;
        write!(f, "journal/{segment:08}.seg at byte {offset}")
    }
}

/// The command that makes a volume anew.
struct Rebuild(u64);

impl fmt::Display for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "indelible rebuild --volume {}", self.0)
    }
}

/// An error without its hints, which stand on lines of their own and are for whoever meets it elsewhere.
pub(super) fn first_line(error: &impl ToString) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

const BACKUP: &str = "restore the journal from a backup";
