//! Reading attachments by their places, those that lie close together at once.

use std::path::Path;

use bytes::Bytes;

use super::segment;
use super::window::Window;
use crate::journal::codec::{
    ATTACHMENT_BYTES_MAX, ATTACHMENT_PREFIX_BYTES, ENTRY_PREFIX_BYTES, open_attachment, open_entry,
};
use crate::journal::{Attachment, JournalError, Place, Reason, RecordPlace};

/// The attachments at `places`, in their order, of a journal that has so many segments.
pub(super) fn all(directory: &Path, segments: usize, places: &[Place]) -> Result<Vec<Attachment>, JournalError> {
    for place in places {
        let possible = (place.segment as usize) < segments
            && place.length as usize <= ATTACHMENT_BYTES_MAX
            && place.offset >= ATTACHMENT_PREFIX_BYTES as u64
            && place.offset.checked_add(u64::from(place.length)).is_some();
        if !possible {
            return Err(JournalError::NotAnAttachment(*place));
        }
    }
    let mut read = Vec::with_capacity(places.len());
    let mut rest = places;
    while let Some(first) = rest.first() {
        let (together, later) = rest.split_at(close_together(rest));
        let window = Window::open(segment::path(directory, first.segment))?;
        read_together(&window, together, &mut read)?;
        rest = later;
    }
    Ok(read)
}

/// The entry of the record at `place`.
pub(super) fn entry(directory: &Path, place: &RecordPlace) -> Result<Bytes, JournalError> {
    let window = Window::open(segment::path(directory, place.frame.segment))?;
    let offset = place.frame.offset.saturating_add(u64::from(place.begin));
    let length = place.entry_bytes;
    let stored = window.piece(offset, ENTRY_PREFIX_BYTES as u64 + u64::from(length))?;
    open_entry(&stored, length).ok_or_else(|| window.damaged(offset, Reason::Lengths))
}

/// How many of the first places are read at once: at least one.
fn close_together(places: &[Place]) -> usize {
    let first = &places[0];
    let mut end = end_of(first);
    let mut count = 1;
    for place in &places[1..] {
        let close = place.segment == first.segment
            && (end..=end + GAP_BYTES_MAX).contains(&place.offset)
            && end_of(place) - first.offset <= TOGETHER_BYTES_MAX;
        if !close {
            break;
        }
        end = end_of(place);
        count += 1;
    }
    count
}

fn read_together(window: &Window, places: &[Place], read: &mut Vec<Attachment>) -> Result<(), JournalError> {
    let prefix = ATTACHMENT_PREFIX_BYTES as u64;
    let begin = places[0].offset - prefix;
    let end = end_of(&places[places.len() - 1]);
    let stored = window.piece(begin, end - begin)?;
    for place in places {
        let within = |offset: u64| usize::try_from(offset - begin).ok().filter(|at| *at <= stored.len());
        let range = within(place.offset - prefix).zip(within(end_of(place)));
        let attachment = range.and_then(|(from, to)| open_attachment(&stored.slice(from..to), place.length));
        match attachment {
            Some(attachment) => read.push(attachment.map_err(|reason| window.damaged(place.offset, reason))?),
            None => return Err(JournalError::NotAnAttachment(*place)),
        }
    }
    Ok(())
}

fn end_of(place: &Place) -> u64 {
    place.offset + u64::from(place.length)
}

/// What may lie between two that are read at once: an entry with what is around it, 65,535 + 2 + 1 + 8, or the rest of a sector, a header
/// and some of that. To read it costs less than another call.
const GAP_BYTES_MAX: u64 = 68 << 10;

/// What is read at once, if it is more than one attachment: more gains nothing.
const TOGETHER_BYTES_MAX: u64 = 1 << 20;
