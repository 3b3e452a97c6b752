//! Blanking: the only overwriting of what was synced.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::fs::OpenOptions;
use std::path::Path;

use super::segment::{self, failed, write_zeros};
use super::window::Window;
use super::writer::Writer;
use crate::journal::codec::{HEADER_BYTES, Header, SECTOR_BYTES, Seal, attachment_places, complete, decode};
use crate::journal::{FramePlace, JournalError, Place};

impl Writer {
    /// The frame in front of which attachments can be blanked.
    pub(super) fn blankable(&self) -> Result<FramePlace, JournalError> {
        match self.in_doubt {
            true => Err(JournalError::Poisoned),
            false => Ok(self.active),
        }
    }

    /// Blanks places that were checked.
    pub(super) fn blank(&mut self, places: &[Place]) -> Result<(), JournalError> {
        if self.in_doubt {
            return Err(JournalError::Poisoned);
        }
        let mut segments: BTreeMap<u32, Vec<&Place>> = BTreeMap::new();
        for place in places {
            segments.entry(place.segment).or_default().push(place);
        }
        self.in_doubt = true;
        for (number, places) in &segments {
            let path = segment::path(&self.directory, *number);
            let file = OpenOptions::new()
                .write(true)
                .open(&path)
                .map_err(failed("open", &path))?;
            for place in places {
                write_zeros(&file, place.offset, u64::from(place.length)).map_err(failed("write to", &path))?;
            }
            // Not synced: with the power any sector of these may come back. Who asked has not been told that they are gone.
            file.sync_data().map_err(failed("sync", &path))?;
        }
        self.in_doubt = false;
        Ok(())
    }
}

/// Whether each of `places` is exactly an attachment of a frame in front of `last`. Reads each of these frames once.
pub(super) fn check(directory: &Path, seal: Seal, last: FramePlace, places: &[Place]) -> Result<(), JournalError> {
    let mut frames: BTreeMap<(u32, u64), Vec<&Place>> = BTreeMap::new();
    for place in places {
        let at = (place.segment, place.frame_offset);
        match at.cmp(&(last.segment, last.offset)) {
            Ordering::Less => frames.entry(at).or_default().push(place),
            Ordering::Equal => return Err(JournalError::InLastFrame(*place)),
            // Whatever stands there was not there when this began.
            Ordering::Greater => return Err(JournalError::NotAnAttachment(*place)),
        }
    }
    for ((segment, offset), places) in frames {
        check_frame(directory, seal, FramePlace { segment, offset }, &places)?;
    }
    Ok(())
}

/// Whether each of `places` is exactly an attachment of the frame at `at`.
fn check_frame(directory: &Path, seal: Seal, at: FramePlace, places: &[&Place]) -> Result<(), JournalError> {
    let refused = JournalError::NotAnAttachment(*places[0]);
    if !at.offset.is_multiple_of(SECTOR_BYTES as u64) {
        return Err(refused);
    }
    let window = Window::open(segment::path(directory, at.segment))?;
    let front = window.piece(at.offset, HEADER_BYTES as u64)?;
    let Ok(header) = Header::parse(&front, seal) else {
        return Err(refused);
    };
    let stored = window.piece(at.offset, header.padded())?;
    let decoded = complete(&header, stored)
        .and_then(|bytes| decode(&header, &bytes))
        .map_err(|reason| window.damaged(at.offset, reason))?;
    let known: HashSet<Place> = attachment_places(&decoded.frame, at).into_iter().flatten().collect();
    match places.iter().find(|place| !known.contains(**place)) {
        Some(place) => Err(JournalError::NotAnAttachment(**place)),
        None => Ok(()),
    }
}
