//! Blanking: the only overwriting of what was synced.

use std::collections::BTreeMap;
use std::fs::OpenOptions;

use super::segment::{self, failed, write_zeros};
use super::window::Window;
use super::writer::Writer;
use crate::journal::codec::{HEADER_BYTES, Header, SECTOR_BYTES, attachment_places, complete, decode};
use crate::journal::{FramePlace, JournalError, Place};

impl Writer {
    pub(super) fn blank(&mut self, places: &[Place]) -> Result<(), JournalError> {
        if self.in_doubt {
            return Err(JournalError::Poisoned);
        }
        let mut frames: BTreeMap<(u32, u64), Vec<&Place>> = BTreeMap::new();
        for place in places {
            if (place.segment, place.frame_offset) == (self.active.segment, self.active.offset) {
                return Err(JournalError::InLastFrame(*place));
            }
            frames
                .entry((place.segment, place.frame_offset))
                .or_default()
                .push(place);
        }
        for ((segment, offset), places) in &frames {
            self.check_places(
                FramePlace {
                    segment: *segment,
                    offset: *offset,
                },
                places,
            )?;
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

    /// Whether each of `places` is exactly an attachment of the frame at `at`.
    fn check_places(&self, at: FramePlace, places: &[&Place]) -> Result<(), JournalError> {
        let refused = JournalError::NotAnAttachment(*places[0]);
        if at.segment > self.number || !at.offset.is_multiple_of(SECTOR_BYTES as u64) {
            return Err(refused);
        }
        let window = Window::open(segment::path(&self.directory, at.segment))?;
        let front = window.piece(at.offset, HEADER_BYTES as u64)?;
        let Ok(header) = Header::parse(&front, self.chain.seal) else {
            return Err(refused);
        };
        let stored = window.piece(at.offset, header.padded())?;
        let decoded = complete(&header, stored)
            .and_then(|bytes| decode(&header, &bytes))
            .map_err(|reason| window.damaged(at.offset, reason))?;
        let known = attachment_places(&decoded.frame, at);
        match places
            .iter()
            .find(|place| !known.iter().flatten().any(|known| known == **place))
        {
            Some(place) => Err(JournalError::NotAnAttachment(**place)),
            None => Ok(()),
        }
    }
}
