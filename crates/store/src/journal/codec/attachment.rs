//! Attachments and entries by themselves: where they lie, and what lies there.

use bytes::Bytes;

use super::{ATTACHMENT_PREFIX_BYTES, HEADER_BYTES, is_zero};
use crate::journal::{Attachment, Frame, FramePlace, Place, Reason};

/// Where one record lies, and how long its parts are: all that tells where its attachments are, without a byte of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// The frame that has it.
    pub frame: FramePlace,
    /// The byte in the frame where it begins, counted from the frame's first.
    pub begin: u32,
    /// The length of its entry.
    pub entry_bytes: u16,
    /// The lengths of its attachments.
    pub attachments: Box<[u32]>,
}

impl RecordPlace {
    /// The byte in the frame behind the record, where the next one begins.
    pub fn end(&self) -> u64 {
        let attachments = self.attachments.iter();
        let bytes: u64 = attachments
            .map(|length| ATTACHMENT_PREFIX_BYTES as u64 + u64::from(*length))
            .sum();
        u64::from(self.begin) + RECORD_OVERHEAD_BYTES + u64::from(self.entry_bytes) + bytes
    }

    /// Where its attachments lie, in order. Arithmetic only.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        let mut next = self.frame.offset + u64::from(self.begin) + RECORD_OVERHEAD_BYTES + u64::from(self.entry_bytes);
        self.attachments.iter().map(move |length| {
            let offset = next + ATTACHMENT_PREFIX_BYTES as u64;
            next = offset + u64::from(*length);
            Place {
                segment: self.frame.segment,
                offset,
                length: *length,
                frame_offset: self.frame.offset,
            }
        })
    }
}

/// Where each record lies in a frame that stands at `at` and is within its limits. Arithmetic only.
pub fn record_places(frame: &Frame, at: FramePlace) -> impl Iterator<Item = RecordPlace> {
    let mut next = HEADER_BYTES as u64;
    frame.records.iter().map(move |record| {
        let lengths = record
            .attachments
            .iter()
            .map(|bytes| u32::try_from(bytes.len()).expect(WITHIN_LIMITS));
        let place = RecordPlace {
            frame: at,
            begin: u32::try_from(next).expect(WITHIN_LIMITS),
            entry_bytes: u16::try_from(record.entry.len()).expect(WITHIN_LIMITS),
            attachments: lengths.collect(),
        };
        next = place.end();
        place
    })
}

/// Where the attachments of each record lie in a frame that stands at `at`. Arithmetic only.
pub fn attachment_places(frame: &Frame, at: FramePlace) -> Vec<Vec<Place>> {
    record_places(frame, at).map(|place| place.places().collect()).collect()
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

/// The entry of `length` bytes in `stored`: its length, and its bytes, as they stand in the journal.
///
/// `None` if no entry of that length stands there.
pub fn open_entry(stored: &Bytes, length: u16) -> Option<Bytes> {
    let (prefix, bytes) = stored.split_first_chunk::<ENTRY_PREFIX_BYTES>()?;
    let there = u16::from_be_bytes(*prefix) == length && bytes.len() == usize::from(length);
    there.then(|| stored.slice(ENTRY_PREFIX_BYTES..))
}

/// In front of an entry's bytes: their number.
pub const ENTRY_PREFIX_BYTES: usize = 2;

/// Around an entry: its length in front of it, the number of its attachments behind it.
pub const RECORD_OVERHEAD_BYTES: u64 = 2 + 1;

const WITHIN_LIMITS: &str = "a frame in a journal is within its limits";
