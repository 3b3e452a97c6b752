//! The first frame of a journal: its header is sealed without the seed, which lies in the body.

use bytes::Bytes;

use super::decode::Body;
use super::encode::finish;
use super::header::{Header, Role, Seal};
use super::{FRAME_BYTES_MAX, HEADER_BYTES};
use crate::journal::{Genesis, Limit, Reason};

/// Replaces `buffer` by the frame with its padding.
///
/// # Errors
/// [`Limit::Frame`] if description and note together are too long.
pub fn encode_genesis(genesis: &Genesis, buffer: &mut Vec<u8>) -> Result<Header, Limit> {
    let length = HEADER_BYTES as u64 + 24 + genesis.description.len() as u64 + genesis.note.len() as u64;
    if length > FRAME_BYTES_MAX {
        return Err(Limit::Frame { bytes: length });
    }
    buffer.clear();
    buffer.resize(HEADER_BYTES, 0);
    buffer.extend_from_slice(&genesis.seed);
    for part in [&genesis.description, &genesis.note] {
        let length = u32::try_from(part.len()).expect("the frame's limit is below 4 GiB");
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(part);
    }
    let mut header = Header {
        role: Role::Genesis,
        check: 0,
        length,
        first: 0,
        count: 0,
        zero_sectors: 0,
        body_check: crc32c::crc32c(&buffer[HEADER_BYTES..]),
        previous: 0,
    };
    finish(&mut header, Seal::of_genesis(), buffer);
    Ok(header)
}

/// The genesis that `header` stands in front of. `frame` is the whole of it: header, body and padding.
pub fn decode_genesis(header: &Header, frame: &Bytes) -> Result<Genesis, Reason> {
    if header.role != Role::Genesis || header.first != 0 || header.count != 0 || header.previous != 0 {
        return Err(Reason::Header);
    }
    let mut body = Body::of(header, frame)?;
    let genesis = Genesis {
        seed: body.array()?,
        description: body.long()?,
        note: body.long()?,
    };
    body.end(header)?;
    Ok(genesis)
}
