//! A journal in the making that has the frames of another one, each in the same segment and at the same byte.
//!
//! What makes it one journal is the caller's: he puts frames in their order, and remembers up to which of them it is good. Until
//! [`Mirror::end`] there may be anything behind that, as an interrupted copy leaves it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

use super::segment::{self, failed};
use super::stored::StoredFrame;
use super::window::Window;
use crate::journal::codec::HEADER_BYTES;
use crate::journal::{JournalError, Reason};

/// The copy of a journal.
#[derive(Debug)]
pub struct Mirror {
    directory: PathBuf,
    open: Option<OpenSegment>,
}

/// What stands in a copy in the place of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same bytes.
    Same,
    /// The same header, so that this was the same frame once: what differs are attachments that were blanked in one of the two,
    /// or the copy was damaged.
    Altered,
    /// Something else, or nothing.
    Other,
}

#[derive(Debug)]
struct OpenSegment {
    number: u32,
    path: PathBuf,
    file: File,
    /// The byte behind the last frame that was compared or put.
    end: u64,
}

impl Mirror {
    /// The copy in this directory, which is made, for its owner alone, if it is missing (not those above it).
    pub fn at(directory: &Path) -> Result<Mirror, JournalError> {
        match fs::DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(failed("create", directory))?,
        }
        let parent = directory
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        segment::sync_directory(parent)?;
        for leftover in segment::list(directory)?.leftovers {
            fs::remove_file(&leftover).map_err(failed("remove", &leftover))?;
        }
        Ok(Mirror {
            directory: directory.to_owned(),
            open: None,
        })
    }

    /// Holds what the copy has in the place of `frame` against it. Changes nothing.
    pub fn compare(&mut self, frame: &StoredFrame) -> Result<Likeness, JournalError> {
        if !self.enter(frame.place().segment)? {
            return Ok(Likeness::Other);
        }
        let bytes = frame.bytes();
        let segment = self.open.as_mut().expect("it was just entered");
        let window = Window::open(segment.path.clone())?;
        let stored = window.piece(frame.place().offset, bytes.len() as u64)?;
        segment.end = frame.place().offset + bytes.len() as u64;
        Ok(match stored == bytes {
            true => Likeness::Same,
            false if stored.len() >= HEADER_BYTES && stored[..HEADER_BYTES] == bytes[..HEADER_BYTES] => {
                Likeness::Altered
            }
            false => Likeness::Other,
        })
    }

    /// Puts a frame in its place, whatever lies there. Durable after [`Mirror::sync`], or with the first frame of a new segment.
    pub fn put(&mut self, frame: &StoredFrame) -> Result<(), JournalError> {
        let place = frame.place();
        if !self.enter(place.segment)? {
            if place.offset != 0 {
                return Err(JournalError::Damaged {
                    file: segment::path(&self.directory, place.segment),
                    offset: 0,
                    reason: Reason::Segment { number: place.segment },
                });
            }
            self.open = Some(OpenSegment {
                number: place.segment,
                path: segment::path(&self.directory, place.segment),
                file: segment::give_birth(&self.directory, place.segment, frame.bytes())?,
                end: 0,
            });
        }
        let segment = self.open.as_mut().expect("it was just entered");
        segment
            .file
            .write_all_at(frame.bytes(), place.offset)
            .map_err(failed("write to", &segment.path))?;
        segment.end = place.offset + frame.bytes().len() as u64;
        Ok(())
    }

    /// Makes durable what was put.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.open.as_ref().map_or(Ok(()), |segment| {
            segment.file.sync_data().map_err(failed("sync", &segment.path))
        })
    }

    /// Ends the copy behind the last frame that was compared or put: what an interrupted one left there is cut off. Durable when
    /// it returns.
    pub fn end(mut self) -> Result<(), JournalError> {
        let Some(last) = self.open.as_ref().map(|segment| segment.number) else {
            return Ok(());
        };
        // From the last one down, so that a crash on the way leaves no gap.
        for number in segment::list(&self.directory)?.segments.into_iter().rev() {
            if number > last {
                let path = segment::path(&self.directory, number);
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        self.leave()?;
        segment::sync_directory(&self.directory)
    }

    /// Turns to a segment, if it exists.
    fn enter(&mut self, number: u32) -> Result<bool, JournalError> {
        if self.open.as_ref().is_some_and(|segment| segment.number == number) {
            return Ok(true);
        }
        self.leave()?;
        let path = segment::path(&self.directory, number);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            file => file.map_err(failed("open", &path))?,
        };
        self.open = Some(OpenSegment {
            number,
            path,
            file,
            end: 0,
        });
        Ok(true)
    }

    /// Ends the open segment behind its last frame.
    fn leave(&mut self) -> Result<(), JournalError> {
        let Some(segment) = self.open.take() else { return Ok(()) };
        segment
            .file
            .set_len(segment.end)
            .map_err(failed("shorten", &segment.path))?;
        segment.file.sync_data().map_err(failed("sync", &segment.path))
    }
}
