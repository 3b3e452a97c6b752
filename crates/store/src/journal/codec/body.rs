//! What follows the header: the entries with their attachments, and the note.

use bytes::Bytes;

use super::header::{Chain, Header, Role, Seal};
use super::{
    ATTACHMENT_BYTES_MAX, ATTACHMENT_PREFIX_BYTES, ATTACHMENTS_MAX, ENTRY_BYTES_MAX, FRAME_BYTES_MAX, HEADER_BYTES,
    SECTOR_BYTES, is_zero, padded,
};
use crate::journal::{Absence, Absent, Attachment, Frame, FramePlace, Kind, Limit, Place, Reason, Record};

/// A frame whose body holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The frame, with zeros for what is absent.
    pub frame: Frame,
    /// The attachments that are not what was appended.
    pub absent: Vec<Absent>,
}

/// Replaces `buffer` by the frame with its padding, attached to `chain`.
///
/// Costs a copy and a CRC32C of all bytes, and no allocation where `buffer` is large enough.
///
/// # Errors
/// A [`Limit`], before anything is written.
pub fn encode(frame: &Frame, chain: &Chain, buffer: &mut Vec<u8>) -> Result<Header, Limit> {
    let length = length(frame)?;
    let capacity = usize::try_from(padded(length)).expect("a frame has at most 128 MiB");
    buffer.clear();
    buffer.reserve(capacity);
    buffer.resize(HEADER_BYTES, 0);
    let mut header = Header {
        role: Role::Frame(frame.kind),
        check: 0,
        length,
        first: frame.first,
        count: u32::try_from(frame.records.len()).expect("a record has at least 3 of at most 128 MiB"),
        zero_sectors: 0,
        body_check: if frame.kind == Kind::Closing {
            0
        } else {
            write_body(frame, buffer)
        },
        previous: chain.previous,
    };
    finish(&mut header, chain.seal, buffer);
    Ok(header)
}

/// The frame that `header` stands in front of. `frame` is the whole of it: header, body and padding.
///
/// The frame shares the memory of the bytes it is read from. Allocates at most a constant times what is really there.
///
/// # Errors
/// The [`Reason`] why this is not the body that belongs to the header. An absent attachment is no error here.
pub fn decode(header: &Header, frame: &Bytes) -> Result<Decoded, Reason> {
    let Role::Frame(kind) = header.role else {
        return Err(Reason::Header);
    };
    let mut body = Body::of(header, frame)?;
    let mut absent = Vec::new();
    let mut records = Vec::new();
    let mut note = Bytes::new();
    if kind != Kind::Closing {
        // A record has at least three bytes, so a count that the body cannot hold reserves nothing.
        let count =
            usize::try_from(header.count).expect("32 bits fit into a usize on every platform with files this long");
        if count > body.left() / 3 {
            return Err(Reason::Lengths);
        }
        records.reserve_exact(count);
        for record in 0..count {
            records.push(read_record(&mut body, record, &mut absent)?);
        }
        note = body.long()?;
    }
    body.end(header)?;
    Ok(Decoded {
        frame: Frame {
            kind,
            first: header.first,
            records,
            note,
        },
        absent,
    })
}

/// The whole of a frame of which `stored` is all that the file has: sectors that the file ends before were empty.
///
/// # Errors
/// [`Reason::Short`] if more sectors are missing than were empty when the frame was written.
pub fn complete(header: &Header, stored: Bytes) -> Result<Bytes, Reason> {
    let there = stored.len() as u64;
    let missing = header.padded() / SECTOR_BYTES as u64 - there / SECTOR_BYTES as u64;
    if there == header.padded() {
        return Ok(stored);
    }
    if missing > u64::from(header.zero_sectors) {
        return Err(Reason::Short { missing });
    }
    let mut whole = Vec::from(stored);
    whole.resize(
        usize::try_from(header.padded()).map_err(|_| Reason::Short { missing })?,
        0,
    );
    Ok(Bytes::from(whole))
}

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

/// Pads what is in `buffer`, counts its empty sectors and puts the sealed header in front.
pub(super) fn finish(header: &mut Header, seal: Seal, buffer: &mut Vec<u8>) {
    buffer.resize(buffer.len().next_multiple_of(SECTOR_BYTES), 0);
    // The first sector holds the header and is never empty.
    let empty = buffer
        .chunks(SECTOR_BYTES)
        .skip(1)
        .filter(|sector| is_zero(sector))
        .count();
    header.zero_sectors = u32::try_from(empty).expect("128 MiB are 2^18 sectors");
    header.seal(
        buffer
            .first_chunk_mut()
            .expect("the buffer begins with room for the header"),
        seal,
    );
}

/// The length of header and body, if the frame is within all limits.
fn length(frame: &Frame) -> Result<u64, Limit> {
    if frame.kind == Kind::Closing {
        return match frame.records.is_empty() && frame.note.is_empty() {
            true => Ok(HEADER_BYTES as u64),
            false => Err(Limit::Closing),
        };
    }
    let mut length = HEADER_BYTES as u64 + 4 + frame.note.len() as u64;
    for (number, record) in frame.records.iter().enumerate() {
        if record.entry.len() > ENTRY_BYTES_MAX {
            return Err(Limit::Entry {
                record: number,
                bytes: record.entry.len(),
            });
        }
        if record.attachments.len() > ATTACHMENTS_MAX {
            return Err(Limit::Attachments {
                record: number,
                attachments: record.attachments.len(),
            });
        }
        length += 3 + record.entry.len() as u64;
        for attachment in &record.attachments {
            if attachment.len() > ATTACHMENT_BYTES_MAX {
                return Err(Limit::Attachment {
                    record: number,
                    bytes: attachment.len(),
                });
            }
            length += (ATTACHMENT_PREFIX_BYTES + attachment.len()) as u64;
        }
    }
    match length <= FRAME_BYTES_MAX {
        true => Ok(length),
        false => Err(Limit::Frame { bytes: length }),
    }
}

/// Appends the body to `buffer` and returns its checksum.
fn write_body(frame: &Frame, buffer: &mut Vec<u8>) -> u32 {
    let mut check = 0;
    // What is checked goes up to here. The CRC32C of long runs is several times as fast as that of single fields.
    let mut checked = buffer.len();
    for record in &frame.records {
        let length = u16::try_from(record.entry.len()).expect("an entry within its limit has a length of 16 bits");
        let attachments = u8::try_from(record.attachments.len()).expect("their number within its limit has 8 bits");
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(&record.entry);
        buffer.push(attachments);
        for attachment in &record.attachments {
            let length = u32::try_from(attachment.len()).expect("an attachment within its limit is below 4 GiB");
            buffer.extend_from_slice(&length.to_be_bytes());
            buffer.extend_from_slice(&crc32c::crc32c(attachment).to_be_bytes());
            check = crc32c::crc32c_append(check, &buffer[checked..]);
            buffer.extend_from_slice(attachment);
            checked = buffer.len();
        }
    }
    let length = u32::try_from(frame.note.len()).expect("a note within the frame's limit is below 4 GiB");
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(&frame.note);
    crc32c::crc32c_append(check, &buffer[checked..])
}

fn read_record(body: &mut Body<'_>, number: usize, absent: &mut Vec<Absent>) -> Result<Record, Reason> {
    let entry_bytes = u16::from_be_bytes(body.array()?);
    let entry = body.take(usize::from(entry_bytes))?;
    let [count] = body.array()?;
    let mut attachments = Vec::with_capacity(usize::from(count));
    for attachment in 0..usize::from(count) {
        let (bytes, absence) = body.attachment()?;
        attachments.push(bytes);
        absent.extend(absence.map(|absence| Absent {
            record: number,
            attachment,
            absence,
        }));
    }
    Ok(Record { entry, attachments })
}

/// A body on its way through the decoder: what is left of it, and the checksum of what is not.
pub(super) struct Body<'f> {
    frame: &'f Bytes,
    at: usize,
    end: usize,
    check: u32,
    checked: usize,
}

impl<'f> Body<'f> {
    /// The body in `frame`, which must be exactly as long as `header` says, with its padding.
    pub(super) fn of(header: &Header, frame: &'f Bytes) -> Result<Body<'f>, Reason> {
        let end = usize::try_from(header.length).map_err(|_| Reason::Lengths)?;
        if frame.len() as u64 != header.padded() || end < HEADER_BYTES {
            return Err(Reason::Lengths);
        }
        if !is_zero(&frame[end..]) {
            return Err(Reason::Padding);
        }
        Ok(Body {
            frame,
            at: HEADER_BYTES,
            end,
            check: 0,
            checked: HEADER_BYTES,
        })
    }

    fn left(&self) -> usize {
        self.end - self.at
    }

    fn take(&mut self, bytes: usize) -> Result<Bytes, Reason> {
        if bytes > self.left() {
            return Err(Reason::Lengths);
        }
        self.at += bytes;
        Ok(self.frame.slice(self.at - bytes..self.at))
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let bytes = self.frame[self.at..self.end].first_chunk().ok_or(Reason::Lengths)?;
        self.at += N;
        Ok(*bytes)
    }

    /// Bytes behind their length of 32 bits.
    pub(super) fn long(&mut self) -> Result<Bytes, Reason> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(usize::try_from(length).map_err(|_| Reason::Lengths)?)
    }

    /// An attachment's bytes, which the body's checksum leaves out; zeros and the reason where they are absent.
    fn attachment(&mut self) -> Result<(Bytes, Option<Absence>), Reason> {
        let length = u32::from_be_bytes(self.array()?);
        let crc = u32::from_be_bytes(self.array()?);
        self.check = crc32c::crc32c_append(self.check, &self.frame[self.checked..self.at]);
        let bytes = self.take(usize::try_from(length).map_err(|_| Reason::Lengths)?)?;
        self.checked = self.at;
        Ok(match (crc32c::crc32c(&bytes) == crc, is_zero(&bytes)) {
            (true, _) => (bytes, None),
            (false, true) => (bytes, Some(Absence::Blanked)),
            (false, false) => (Bytes::from(vec![0; bytes.len()]), Some(Absence::Damaged)),
        })
    }

    /// Nothing may be left, and what was taken must be what the header was written for.
    pub(super) fn end(self, header: &Header) -> Result<(), Reason> {
        if self.at != self.end {
            return Err(Reason::Lengths);
        }
        let found = crc32c::crc32c_append(self.check, &self.frame[self.checked..self.end]);
        match found == header.body_check {
            true => Ok(()),
            false => Err(Reason::Body {
                expected: header.body_check,
                found,
            }),
        }
    }
}
