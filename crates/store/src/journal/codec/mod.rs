//! Frames as bytes. Pure: no file, no clock, no randomness; and no length is believed before it is checked.
//!
//! The layout is docs/formats.md, "Journal frame". [`encode`] and [`decode`] are twins; [`Header`] is what they share, and a
//! [`Chain`] is where the next frame must attach.

mod attachment;
mod decode;
mod encode;
mod genesis;
mod header;

pub use self::attachment::{
    ENTRY_PREFIX_BYTES, RECORD_OVERHEAD_BYTES, RecordPlace, attachment_places, open_attachment, open_entry,
    record_places,
};
pub use self::decode::{Decoded, complete, decode};
pub use self::encode::encode;
pub use self::genesis::{decode_genesis, encode_genesis};
pub use self::header::{Chain, Header, Role, Seal};

/// A frame begins at a multiple of this many bytes, and a disk is trusted to write as many all or not at all.
pub const SECTOR_BYTES: usize = 512;

/// The header; the body follows it at once.
pub const HEADER_BYTES: usize = 64;

/// In front of an attachment's bytes: its length and its CRC32C.
pub const ATTACHMENT_PREFIX_BYTES: usize = 8;

/// The longest entry: what its length of two bytes can say.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// The most attachments of one record: what their number of one byte can say.
pub const ATTACHMENTS_MAX: usize = 255;

/// The longest attachment: half a frame, so that one always fits beside its entry and the note.
pub const ATTACHMENT_BYTES_MAX: usize = 64 << 20;

/// The longest frame, header and body: one attachment of 64 MiB and as much again for entries and note, of which a commit
/// takes 4 MiB or one batch. It is also the most that a reader allocates because a header says so.
pub const FRAME_BYTES_MAX: u64 = 128 << 20;

/// The length of a frame with its padding, in bytes.
pub fn padded(length: u64) -> u64 {
    length.next_multiple_of(SECTOR_BYTES as u64)
}

/// Whether all bytes are zero.
pub fn is_zero(bytes: &[u8]) -> bool {
    // Comparing sector by sector with a constant is a memcmp, several times as fast as a look at each byte.
    bytes
        .chunks(SECTOR_BYTES)
        .all(|sector| sector == &ZEROS[..sector.len()])
}

static ZEROS: [u8; SECTOR_BYTES] = [0; SECTOR_BYTES];
