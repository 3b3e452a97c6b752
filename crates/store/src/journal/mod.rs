//! The commits of one log, in order: what a home of them must do, and the values that go in and come out.
//!
//! The store knows bytes only: what an entry means, whose signature the note carries and which tombstone allows a blanked
//! attachment is the business of the crate `log`. The format is written down byte by byte in docs/formats.md, "Journal frame".
//! A home is a [`FileJournal`] or a [`MemoryJournal`]; [`conformance`] is the suite that every home passes.

mod error;
mod file;
mod memory;

pub mod codec;
pub mod conformance;
pub mod ending;

use bytes::Bytes;

pub use self::codec::{RecordPlace, attachment_places, record_places};
pub use self::error::{JournalError, Limit, Reason};
pub use self::file::{BrokenEnd, Cut, FileJournal, Likeness, Mirror, Opened, Options, StoredFrame, StoredFrames};
pub use self::memory::MemoryJournal;

/// The frames of one log: the only place where the log's fate is decided.
///
/// Everything takes `&self`: appends and blankings wait for each other, reads wait for nobody.
pub trait Journal: Send + Sync {
    /// What the log was made with. Never changes.
    fn genesis(&self) -> &Genesis;

    /// How many entries the journal holds: first index and count of the last frame added up.
    fn size(&self) -> u64;

    /// The note of the last commit, or of the genesis if there is no commit yet.
    fn last_note(&self) -> Bytes;

    /// Writes one frame: atomic, and durable when it returns.
    ///
    /// Refused without effect: a frame that does not begin at [`Journal::size`], and one beyond a [`Limit`]. An error of the
    /// disk poisons the journal, since what the disk holds is then unknown: all later appends and blankings are refused with
    /// [`JournalError::Poisoned`], reads go on, and opening anew decides whether the frame is in.
    fn append(&self, frame: &Frame) -> Result<FramePlace, JournalError>;

    /// The commits and key changes that matter to somebody who knows the first `from` entries, whole and in order.
    ///
    /// These are the frames whose entries end above `from`, and those without entries that stand at `from` or above. The
    /// first one may begin before `from`. What is appended after this call is not among them. Each frame is verified
    /// before it is handed out, and so is the chain from the first one looked at; an error ends the iteration.
    fn replay(&self, from: u64) -> Result<Frames<'_>, JournalError>;

    /// The key changes, in order. A home finds them without reading all frames, if it can.
    fn key_changes(&self) -> Result<Vec<Replayed>, JournalError> {
        let is_change = |replayed: &Result<Replayed, _>| match replayed {
            Ok(replayed) => replayed.frame.kind == Kind::KeyChange,
            Err(_) => true,
        };
        self.replay(0)?.filter(is_change).collect()
    }

    /// One attachment. Costs one read; its CRC32C is verified.
    fn read(&self, place: &Place) -> Result<Attachment, JournalError>;

    /// Several attachments, in the order of their places. A home reads together what lies close together; what it holds in memory
    /// for that is what the attachments have, and what little lies between them.
    ///
    /// # Errors
    /// The first that cannot be read; then none are given.
    fn read_all(&self, places: &[Place]) -> Result<Vec<Attachment>, JournalError> {
        places.iter().map(|place| self.read(place)).collect()
    }

    /// The entry of a record. Costs one read.
    ///
    /// Nothing but its length is checked: a frame has one checksum over all of its entries. Who reads one by itself holds it against what
    /// the tree says.
    ///
    /// # Errors
    /// No entry of that length stands there.
    fn read_entry(&self, place: &RecordPlace) -> Result<Bytes, JournalError>;

    /// Overwrites attachments with zeros, durably when it returns.
    ///
    /// All places are checked before the first is touched: one that is not exactly an attachment is refused, and so is one in
    /// the last frame that is not a closing record (a frame that allows the blanking must stand behind it). Blanking what is
    /// blanked, or what an interrupted blanking left half done, succeeds. An error of the
    /// disk while it writes poisons the journal as in [`Journal::append`].
    fn blank(&self, places: &[Place]) -> Result<(), JournalError>;
}

/// What [`Journal::replay`] returns: frames, until the end or the first error.
pub type Frames<'j> = Box<dyn Iterator<Item = Result<Replayed, JournalError>> + Send + 'j>;

/// The first frame of a journal: what the log is, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Random bytes that go into the checksum of every later header, so that no entry can imitate one.
    pub seed: [u8; 16],
    /// Opaque to the store: format version, origin, kind, keys, parameters.
    pub description: Bytes,
    /// Opaque to the store: the signed head of size 0.
    pub note: Bytes,
}

/// What one append writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the frame is for.
    pub kind: Kind,
    /// The index of the first entry, or the size of the journal where there are no entries.
    pub first: u64,
    /// The entries, in order. A closing record has none.
    pub records: Vec<Record>,
    /// Opaque to the store: in a commit the signed head, in a key change the statement, empty in a closing record.
    pub note: Bytes,
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Entries, and the signed head that covers them.
    Commit,
    /// Says that everything in front of it was synced: in front of it nothing can be the rest of an interrupted write.
    Closing,
    /// A statement about the log's key. In files it begins a segment, so that a start finds it.
    KeyChange,
}

/// One entry with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The bytes of the leaf, at most [`codec::ENTRY_BYTES_MAX`].
    pub entry: Bytes,
    /// Bytes that can be blanked, at most [`codec::ATTACHMENTS_MAX`] of at most [`codec::ATTACHMENT_BYTES_MAX`] each.
    pub attachments: Vec<Bytes>,
}

/// Where a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FramePlace {
    /// The number of the segment.
    pub segment: u32,
    /// The byte in the segment, a multiple of 512.
    pub offset: u64,
}

/// Where the bytes of one attachment lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The number of the segment.
    pub segment: u32,
    /// The byte in the segment where the attachment begins.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u32,
    /// The byte in the segment where the frame around it begins.
    pub frame_offset: u64,
}

/// What lies in the place of an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// The bytes that were appended: their CRC32C holds.
    Present(Bytes),
    /// Zeros, where something else was appended.
    Blanked,
}

/// A verified frame as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The frame. An attachment that is no longer there is as many zeros, so that [`attachment_places`] still holds.
    pub frame: Frame,
    /// Where it stands.
    pub place: FramePlace,
    /// The attachments that are no longer there, in order. Whoever replays must know why.
    pub absent: Vec<Absent>,
}

/// An attachment that is not what was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Absent {
    /// Which record of the frame, counted from 0.
    pub record: usize,
    /// Which attachment of the record, counted from 0.
    pub attachment: usize,
    /// What lies there instead.
    pub absence: Absence,
}

/// What lies in the place of an absent attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absence {
    /// Zeros.
    Blanked,
    /// Other bytes: damage, unless a published tombstone names the attachment and its blanking was interrupted.
    Damaged,
}
