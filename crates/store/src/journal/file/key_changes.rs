//! The key changes of a journal, found without reading it: each is the first frame of its segment.

use std::path::Path;

use super::segment;
use super::window::Window;
use crate::journal::codec::{HEADER_BYTES, Header, Role, Seal, complete, decode};
use crate::journal::{FramePlace, JournalError, Kind, Replayed};

/// The key changes among the first frames of these segments. Reads the header of each, and the whole of those that are one.
pub(super) fn read(
    directory: &Path,
    seal: Seal,
    segments: impl Iterator<Item = u32>,
) -> Result<Vec<Replayed>, JournalError> {
    let mut changes = Vec::new();
    // Segment 0 begins with the genesis, whose header has another seal.
    for number in segments.filter(|number| *number > 0) {
        let window = Window::open(segment::path(directory, number))?;
        let front = window.piece(0, HEADER_BYTES as u64)?;
        let header = Header::parse(&front, seal).map_err(|reason| window.damaged(0, reason))?;
        if header.role != Role::Frame(Kind::KeyChange) {
            continue;
        }
        let stored = window.piece(0, header.padded())?;
        let decoded = complete(&header, stored)
            .and_then(|bytes| decode(&header, &bytes))
            .map_err(|reason| window.damaged(0, reason))?;
        changes.push(Replayed {
            frame: decoded.frame,
            place: FramePlace {
                segment: number,
                offset: 0,
            },
            absent: decoded.absent,
        });
    }
    Ok(changes)
}
