//! Copies a journal frame by frame, each verified before it is written.

use std::path::{Path, PathBuf};

use indelible_log::{Tally, TallyError};
use indelible_merkle::TreeHead;
use indelible_note::SignedCheckpoint;
use indelible_store::journal::{FramePlace, JournalError, Likeness, Mirror, StoredFrame, StoredFrames};

use super::position::Position;

/// A copy under way.
pub(in crate::data) struct Copying {
    journal: PathBuf,
    frames: StoredFrames,
    mirror: Mirror,
    tally: Tally,
    /// Where the last frame stands that was taken.
    place: Option<FramePlace>,
    /// The head up to which the copy is good already, until it has been passed.
    kept: Option<TreeHead>,
}

/// A frame that was copied, or was there.
pub(in crate::data) struct Step {
    /// Where it stands.
    pub(in crate::data) place: FramePlace,
    /// The head in it, whose root is that of all entries so far and whose signature was not looked at.
    pub(in crate::data) head: Option<SignedCheckpoint>,
    /// How many bytes were written.
    pub(in crate::data) bytes: u64,
    /// Whether one of its attachments was erased, so that a journal cannot end with it.
    pub(in crate::data) erased: bool,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two journals is damaged or cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal is not what its heads say.
    #[error("{journal} does not hold: {error}")]
    Tally {
        /// The directory of the journal that is copied.
        journal: PathBuf,
        /// What does not hold.
        error: Box<TallyError>,
    },
    /// The copy has something else where the journal has this frame.
    #[error(
        "segment {}, byte {}: the copy has another frame there than {journal}, behind the first {entries} entries; these are two \
         histories of one log, or the copy is damaged",
        .place.segment, .place.offset
    )]
    OtherFrame {
        /// The directory of the journal that is copied.
        journal: PathBuf,
        /// Where the first frame stands that the two do not share.
        place: FramePlace,
        /// The entries in front of it.
        entries: u64,
    },
    /// An attachment was erased from the last frame before it was copied, and a journal cannot end with such a frame.
    #[error(
        "something was erased from the last entries of the backup while they were copied; run it again, to a later head"
    )]
    Erased,
    /// The journal ends before the head up to which it was to be copied.
    #[error("{journal} ends behind {found} entries, before the head of {wanted}")]
    Ends {
        /// The directory of the journal that is copied.
        journal: PathBuf,
        /// How many entries it has.
        found: u64,
        /// How many it should have.
        wanted: u64,
    },
}

impl CopyError {
    /// Whether what was read contradicts itself or what was signed, as against could not be read.
    pub fn is_refuted(&self) -> bool {
        match self {
            CopyError::Journal(JournalError::Damaged { .. })
            | CopyError::Tally { .. }
            | CopyError::OtherFrame { .. }
            | CopyError::Ends { .. } => true,
            CopyError::Journal(_) | CopyError::Erased => false,
        }
    }
}

impl Copying {
    /// From the genesis on. Up to the head `kept` the copy must have the same frames; only attachments in them may differ, and
    /// are made those of the journal. `tally` is of nothing yet.
    pub(in crate::data) fn begin(
        from: &Path,
        to: &Path,
        kept: Option<TreeHead>,
        tally: Tally,
    ) -> Result<Copying, CopyError> {
        Ok(Copying {
            journal: from.to_owned(),
            frames: StoredFrames::open(from)?,
            mirror: Mirror::at(to)?,
            tally,
            place: None,
            kept,
        })
    }

    /// From behind the frame at `position` on, which both must have; `None` if the journal does not have it.
    pub(super) fn resume(from: &Path, to: &Path, position: &Position) -> Result<Option<Copying>, CopyError> {
        let mut frames = StoredFrames::open_at(from, position.place)?;
        let mut mirror = Mirror::at(to)?;
        let same = match frames.read_next() {
            Ok(Some(frame)) => mirror.compare(&frame)? != Likeness::Other,
            Ok(None) | Err(JournalError::Damaged { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        Ok(same.then(|| Copying {
            journal: from.to_owned(),
            frames,
            mirror,
            tally: position.tally.clone(),
            place: Some(position.place),
            kept: None,
        }))
    }

    /// The next frame. `until` is the head at which the caller will stop.
    pub(in crate::data) fn step(&mut self, until: TreeHead) -> Result<Step, CopyError> {
        let frame = self.frames.read_next()?.ok_or_else(|| CopyError::Ends {
            journal: self.journal.clone(),
            found: self.tally.edge().size(),
            wanted: until.size,
        })?;
        let entries = self.tally.edge().size();
        let head = self
            .tally
            .take(&frame, self.frames.genesis())
            .map_err(|error| CopyError::Tally {
                journal: self.journal.clone(),
                error: Box::new(error),
            })?;
        let erased = !frame.absent().is_empty();
        let found = head.as_ref().map(SignedCheckpoint::head);
        if erased && found == Some(until) {
            return Err(CopyError::Erased);
        }
        let bytes = self.write(&frame, entries)?;
        self.place = Some(frame.place());
        if self.kept.is_some() && found == self.kept {
            self.kept = None;
        }
        Ok(Step {
            place: frame.place(),
            head,
            bytes,
            erased,
        })
    }

    /// The tree of the frames so far.
    pub(in crate::data) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Makes the copy so far durable.
    pub(in crate::data) fn sync(&self) -> Result<(), CopyError> {
        Ok(self.mirror.sync()?)
    }

    /// Ends the copy behind the frame with the head `until`, and behind the changes of the key that stand there: without them the
    /// copy would be a log under the key before. Tells how many bytes those took.
    pub(in crate::data) fn end(mut self, until: TreeHead) -> Result<(Tally, u64), CopyError> {
        let changes = StoredFrames::key_changes(&self.journal)?;
        // Each begins a segment: all in front of it was synced before that had its name, and is no frame under way.
        let last = changes.iter().rfind(|change| change.frame.first == until.size);
        let mut bytes = 0;
        if let Some(last) = last {
            while self.place != Some(last.place) {
                bytes += self.step(until)?.bytes;
            }
        }
        self.mirror.end()?;
        Ok((self.tally, bytes))
    }

    fn write(&mut self, frame: &StoredFrame, entries: u64) -> Result<u64, CopyError> {
        if self.kept.is_some() {
            match self.mirror.compare(frame)? {
                Likeness::Same => return Ok(0),
                Likeness::Altered => {}
                Likeness::Other => {
                    return Err(CopyError::OtherFrame {
                        journal: self.journal.clone(),
                        place: frame.place(),
                        entries,
                    });
                }
            }
        }
        self.mirror.put(frame)?;
        Ok(frame.bytes().len() as u64)
    }
}
