//! A journal on files: `00000000.seg`, `00000001.seg`, … in a directory of their own.
//!
//! The caller sees to it that no second process has the directory open; the lock is not made here.

mod blank;
mod broken_end;
mod end;
mod key_changes;
mod mirror;
mod open;
mod read;
mod replay;
mod segment;
mod stored;
mod survey;
mod walk;
mod window;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard};

use bytes::Bytes;

pub use self::broken_end::BrokenEnd;
pub use self::end::Cut;
pub use self::mirror::{Likeness, Mirror};
pub use self::open::Opened;
use self::replay::Replay;
pub use self::stored::{StoredFrame, StoredFrames};
use self::writer::Writer;
use super::codec::Seal;
use super::{
    Attachment, Frame, FramePlace, Frames, Genesis, Journal, JournalError, Kind, Place, RecordPlace, Replayed,
};

/// How a journal lays out its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// A segment is ended before a frame that would make it longer than this. A frame longer than this has a segment of its own.
    /// In bytes, default 256 MiB: a start reads the headers of one segment.
    pub segment_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            segment_bytes: 256 << 20,
        }
    }
}

/// A journal on segment files.
pub struct FileJournal {
    directory: PathBuf,
    genesis: Genesis,
    seal: Seal,
    /// What readers see. Moved on behind each sync, and held for no longer than that takes.
    published: RwLock<Published>,
    /// Held through each append and blanking. Taken before `published`, never the other way round.
    writer: Mutex<Writer>,
}

/// The durable state of the journal.
struct Published {
    size: u64,
    last_note: Bytes,
    /// For each segment the index at which its first frame begins.
    starts: Vec<u64>,
    /// The byte of the last segment behind its last frame.
    end: u64,
}

impl FileJournal {
    /// Makes a journal, and the directory for it if that is missing (not those above it); durable when it returns.
    ///
    /// # Errors
    /// [`JournalError::Exists`] if there is a segment already.
    pub fn create(directory: &Path, genesis: &Genesis, options: Options) -> Result<FileJournal, JournalError> {
        open::create(directory, genesis, options)
    }

    /// Opens a journal: cuts off what an interrupted append left, and makes the last frame durable before anybody sees it.
    ///
    /// Reads the first header of each segment and all headers of the last one; verifies the last frame, and the last commit.
    /// All other frames are verified when they are replayed.
    ///
    /// # Errors
    /// [`JournalError::Missing`] if there is none, [`JournalError::Damaged`] for everything that no interrupted append leaves.
    pub fn open(directory: &Path, options: Options) -> Result<(FileJournal, Opened), JournalError> {
        open::open(directory, options)
    }

    /// What stands last in a journal that cannot be opened because that is damaged; `None` if it can be opened. Changes nothing.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] where something else than the last frame is damaged, or a whole frame stands behind it.
    pub fn broken_end(directory: &Path) -> Result<Option<BrokenEnd>, JournalError> {
        broken_end::find(directory)
    }

    fn published(&self) -> RwLockReadGuard<'_, Published> {
        self.published
            .read()
            .expect("what runs under this lock assigns fields and cannot panic")
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>, JournalError> {
        // A panic in the middle of a write leaves as much in doubt as an error.
        self.writer.lock().map_err(|_| JournalError::Poisoned)
    }
}

impl Journal for FileJournal {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn size(&self) -> u64 {
        self.published().size
    }

    fn last_note(&self) -> Bytes {
        self.published().last_note.clone()
    }

    fn append(&self, frame: &Frame) -> Result<FramePlace, JournalError> {
        let mut writer = self.writer()?;
        let place = writer.append(frame)?;
        // The frame is durable. A process that dies here finds it again when it opens the journal.
        let mut published = self
            .published
            .write()
            .expect("what runs under this lock assigns fields and cannot panic");
        if place.segment as usize == published.starts.len() {
            published.starts.push(frame.first);
        }
        published.size = writer.size();
        published.end = writer.end();
        if frame.kind == Kind::Commit {
            published.last_note = frame.note.clone();
        }
        Ok(place)
    }

    fn replay(&self, from: u64) -> Result<Frames<'_>, JournalError> {
        let published = self.published();
        let replay = Replay::begin(&self.directory, self.seal, from, &published.starts, published.end)?;
        Ok(Box::new(replay))
    }

    fn key_changes(&self) -> Result<Vec<Replayed>, JournalError> {
        let segments = u32::try_from(self.published().starts.len()).expect("there are at most 10^8 segments");
        key_changes::read(&self.directory, self.seal, 0..segments)
    }

    fn read(&self, place: &Place) -> Result<Attachment, JournalError> {
        let mut read = self.read_all(std::slice::from_ref(place))?;
        Ok(read.pop().expect("an attachment for each place"))
    }

    fn read_all(&self, places: &[Place]) -> Result<Vec<Attachment>, JournalError> {
        let segments = self.published().starts.len();
        read::all(&self.directory, segments, places)
    }

    fn read_entry(&self, place: &RecordPlace) -> Result<Bytes, JournalError> {
        read::entry(&self.directory, place)
    }

    fn blank(&self, places: &[Place]) -> Result<(), JournalError> {
        let last = self.writer()?.blankable()?;
        // No append waits for this: frames in front of the last one change no more, and it will never be an earlier one.
        blank::check(&self.directory, self.seal, last, places)?;
        self.writer()?.blank(places)
    }
}

impl fmt::Debug for FileJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileJournal")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}
