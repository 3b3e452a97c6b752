//! The frames of a journal as they are stored, for those who copy it, without opening it.
//!
//! Nothing is changed, and another process may append meanwhile: whoever stops at a frame that was durable before he began never
//! meets one that is being written.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::open::read_genesis;
use super::walk::Walk;
use super::{key_changes, segment};
use crate::journal::codec::{Role, Seal, complete, decode, decode_genesis, is_zero};
use crate::journal::{Absent, Frame, FramePlace, Genesis, JournalError, Reason, Replayed};

/// The frames of a journal from some place on, closing records and genesis included.
pub struct StoredFrames {
    directory: PathBuf,
    genesis: Genesis,
    /// `None` if the segment to begin with does not exist.
    walk: Option<Walk>,
}

/// A frame with the bytes that it is stored as, all of whose checksums hold but those of absent attachments.
#[derive(Clone, Debug)]
pub struct StoredFrame {
    place: FramePlace,
    bytes: Bytes,
    frame: Option<Frame>,
    absent: Vec<Absent>,
}

impl StoredFrames {
    /// All frames, the genesis first.
    ///
    /// # Errors
    /// [`JournalError::Missing`] if there is no first segment.
    pub fn open(directory: &Path) -> Result<StoredFrames, JournalError> {
        StoredFrames::open_at(directory, FramePlace { segment: 0, offset: 0 })
    }

    /// The frames from the one at `place` on, which is taken at its word about what stands in front of it. There are none if the
    /// journal ends before that place.
    ///
    /// # Errors
    /// [`JournalError::Missing`] if there is no first segment.
    pub fn open_at(directory: &Path, place: FramePlace) -> Result<StoredFrames, JournalError> {
        if !segment::path(directory, 0).exists() {
            return Err(JournalError::Missing {
                directory: directory.to_owned(),
            });
        }
        let genesis = read_genesis(directory)?;
        let walk = match segment::path(directory, place.segment).exists() {
            true => {
                let mut walk = Walk::begin(directory, place.segment, Seal::of(&genesis.seed))?;
                walk.offset = place.offset;
                Some(walk)
            }
            false => None,
        };
        Ok(StoredFrames {
            directory: directory.to_owned(),
            genesis,
            walk,
        })
    }

    /// The key changes of a journal, in order. Reads the first header of each segment.
    ///
    /// # Errors
    /// [`JournalError::Missing`] if there is no first segment.
    pub fn key_changes(directory: &Path) -> Result<Vec<Replayed>, JournalError> {
        let genesis = StoredFrames::open(directory)?.genesis;
        let segments = segment::list(directory)?.segments;
        key_changes::read(directory, Seal::of(&genesis.seed), segments.into_iter())
    }

    /// The first frame of the journal.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The next frame; `None` where the journal ends, in zeros or with its last file.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] for everything but an end. A tear is damage here too: somebody else may just be writing it.
    pub fn read_next(&mut self) -> Result<Option<StoredFrame>, JournalError> {
        let Some(walk) = &mut self.walk else { return Ok(None) };
        loop {
            if let Some((offset, header)) = walk.next_header()? {
                let stored = walk.window.frame(offset, header.padded())?;
                let place = FramePlace {
                    segment: walk.number,
                    offset,
                };
                let frame = complete(&header, stored).and_then(|bytes| match header.role {
                    Role::Genesis => decode_genesis(&header, &bytes).map(|_| StoredFrame {
                        place,
                        bytes,
                        frame: None,
                        absent: Vec::new(),
                    }),
                    Role::Frame(_) => decode(&header, &bytes).map(|decoded| StoredFrame {
                        place,
                        bytes,
                        frame: Some(decoded.frame),
                        absent: decoded.absent,
                    }),
                });
                return frame.map(Some).map_err(|reason| walk.window.damaged(offset, reason));
            }
            if !segment::path(&self.directory, walk.number + 1).exists() {
                let offset = walk.offset;
                return match is_zero(walk.window.sector(offset)?) {
                    true => Ok(None),
                    false => Err(walk.window.damaged(offset, Reason::Header)),
                };
            }
            walk.window.refuse_stray(walk.offset)?;
            walk.enter_next(&self.directory)?;
        }
    }
}

impl StoredFrame {
    /// Where it stands.
    pub fn place(&self) -> FramePlace {
        self.place
    }

    /// Header, body and padding.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What it says; `None` for the genesis.
    pub fn frame(&self) -> Option<&Frame> {
        self.frame.as_ref()
    }

    /// The attachments that are not what was appended.
    pub fn absent(&self) -> &[Absent] {
        &self.absent
    }
}

impl std::fmt::Debug for StoredFrames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredFrames")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}
