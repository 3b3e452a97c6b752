//! From a frame to bytes: limits first, then the body, then the sealed header in front of it.

use super::header::{Chain, Header, Role, Seal};
use super::{
    ATTACHMENT_BYTES_MAX, ATTACHMENT_PREFIX_BYTES, ATTACHMENTS_MAX, ENTRY_BYTES_MAX, FRAME_BYTES_MAX, HEADER_BYTES,
    SECTOR_BYTES, is_zero, padded,
};
use crate::journal::{Frame, Kind, Limit};

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
