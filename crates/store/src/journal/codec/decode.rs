//! From bytes to a frame. Every length is checked against what is there before it is used.

use bytes::Bytes;

use super::header::{Header, Role};
use super::{HEADER_BYTES, SECTOR_BYTES, is_zero};
use crate::journal::{Absence, Absent, Frame, Kind, Reason, Record};

/// A frame whose body holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The frame, with zeros for what is absent.
    pub frame: Frame,
    /// The attachments that are not what was appended.
    pub absent: Vec<Absent>,
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
