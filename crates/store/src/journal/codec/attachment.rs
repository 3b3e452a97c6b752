//! Attachments by themselves: where they lie, and what lies there.

use bytes::Bytes;

use super::{ATTACHMENT_PREFIX_BYTES, HEADER_BYTES, is_zero};
use crate::journal::{Attachment, Frame, FramePlace, Place, Reason};

/// Where the attachments of each record lie in a frame that stands at `at`. Arithmetic only.
pub fn attachment_places(frame: &Frame, at: FramePlace) -> Vec<Vec<Place>> {
    let mut offset = at.offset + HEADER_BYTES as u64;
    let mut places = Vec::with_capacity(frame.records.len());
    for record in &frame.records {
        offset += 2 + record.entry.len() as u64 + 1;
        let mut row = Vec::with_capacity(record.attachments.len());
        for attachment in &record.attachments {
            offset += ATTACHMENT_PREFIX_BYTES as u64;
            let length = u32::try_from(attachment.len()).expect("a frame in a journal is within its limits");
            row.push(Place {
                segment: at.segment,
                offset,
                length,
                frame_offset: at.offset,
            });
            offset += u64::from(length);
        }
        places.push(row);
    }
    places
}

/// The attachment of `length` bytes in `stored`: its length, its CRC32C, its bytes, as they stand in the journal.
///
/// `None` if no attachment of that length stands there.
///
/// # Errors
/// [`Reason::Attachment`] if it is neither what was appended nor zeros.
pub fn open_attachment(stored: &Bytes, length: u32) -> Option<Result<Attachment, Reason>> {
    let (prefix, bytes) = stored.split_first_chunk::<ATTACHMENT_PREFIX_BYTES>()?;
    let [l0, l1, l2, l3, c0, c1, c2, c3] = *prefix;
    if u32::from_be_bytes([l0, l1, l2, l3]) != length || bytes.len() as u64 != u64::from(length) {
        return None;
    }
    let holds = crc32c::crc32c(bytes) == u32::from_be_bytes([c0, c1, c2, c3]);
    Some(match (holds, is_zero(bytes)) {
        (true, _) => Ok(Attachment::Present(stored.slice(ATTACHMENT_PREFIX_BYTES..))),
        (false, true) => Ok(Attachment::Blanked),
        (false, false) => Err(Reason::Attachment),
    })
}
