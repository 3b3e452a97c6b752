//! The 64 bytes in front of every body: what stands there, how it is sealed, and how frames hang together.

use super::{FRAME_BYTES_MAX, HEADER_BYTES};
use crate::journal::{Kind, Reason};

/// What makes headers of one log checkable and of no other: the CRC32C state behind the log's seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal(u32);

impl Seal {
    /// The seal of all headers but the first.
    pub fn of(seed: &[u8; 16]) -> Seal {
        Seal(crc32c::crc32c(seed))
    }

    /// The seal of the first header: of a seed of zeros, since the seed itself is in the body behind it.
    pub fn of_genesis() -> Seal {
        Seal::of(&[0; 16])
    }

    fn check(self, header: &[u8; HEADER_BYTES]) -> u32 {
        let mut unsealed = *header;
        unsealed[CHECK].fill(0);
        crc32c::crc32c_append(self.0, &unsealed)
    }
}

/// A header whose checksum holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the frame is for.
    pub role: Role,
    /// The checksum over seed and header, and through the two below over everything in front, save attachments.
    pub check: u32,
    /// Header and body in bytes, without padding.
    pub length: u64,
    /// The index of the first entry.
    pub first: u64,
    /// How many entries.
    pub count: u32,
    /// How many of the frame's sectors were all zero when it was written.
    pub zero_sectors: u32,
    /// The CRC32C of the body without the bytes of attachments.
    pub body_check: u32,
    /// The `check` of the frame in front, 0 in the genesis.
    pub previous: u32,
}

/// What a frame is for, the first one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The first frame.
    Genesis,
    /// Any other.
    Frame(Kind),
}

impl Header {
    /// Reads the header at the start of `bytes`.
    ///
    /// # Errors
    /// [`Reason::Header`] unless magic and checksum hold; the others if a genuine header says what this version refuses.
    pub fn parse(bytes: &[u8], seal: Seal) -> Result<Header, Reason> {
        let bytes = Header::genuine(bytes, seal).ok_or(Reason::Header)?;
        if bytes[RESERVED_FRONT]
            .iter()
            .chain(&bytes[RESERVED_BACK])
            .any(|byte| *byte != 0)
        {
            return Err(Reason::Reserved);
        }
        let header = Header {
            role: Role::parse(bytes[KIND])?,
            check: u32_at(bytes, CHECK.start),
            length: u64_at(bytes, LENGTH.start),
            first: u64_at(bytes, FIRST.start),
            count: u32_at(bytes, COUNT.start),
            zero_sectors: u32_at(bytes, ZERO_SECTORS.start),
            body_check: u32_at(bytes, BODY_CHECK.start),
            previous: u32_at(bytes, PREVIOUS.start),
        };
        let possible = (HEADER_BYTES as u64..=FRAME_BYTES_MAX).contains(&header.length)
            && header.first.checked_add(u64::from(header.count)).is_some();
        match possible {
            true => Ok(header),
            false => Err(Reason::Numbers {
                bytes: header.length,
                first: header.first,
                count: header.count,
            }),
        }
    }

    /// The header's bytes, if magic and checksum hold at the start of `bytes`, whatever else it says.
    pub(in crate::journal) fn genuine(bytes: &[u8], seal: Seal) -> Option<&[u8; HEADER_BYTES]> {
        let header = bytes.first_chunk::<HEADER_BYTES>()?;
        (header[MAGIC] == MAGIC_BYTES && seal.check(header) == u32_at(header, CHECK.start)).then_some(header)
    }

    /// The index behind the last entry.
    pub fn end(&self) -> u64 {
        // `parse` has refused what would overflow, and nobody else makes headers of foreign numbers.
        self.first + u64::from(self.count)
    }

    /// The frame's bytes on disk: header, body and padding.
    pub fn padded(&self) -> u64 {
        super::padded(self.length)
    }

    /// Writes the header into `bytes` and sets `check` to what it comes to.
    pub(super) fn seal(&mut self, bytes: &mut [u8; HEADER_BYTES], seal: Seal) {
        bytes.fill(0);
        bytes[MAGIC].copy_from_slice(&MAGIC_BYTES);
        bytes[KIND] = self.role.byte();
        bytes[LENGTH].copy_from_slice(&self.length.to_be_bytes());
        bytes[FIRST].copy_from_slice(&self.first.to_be_bytes());
        bytes[COUNT].copy_from_slice(&self.count.to_be_bytes());
        bytes[ZERO_SECTORS].copy_from_slice(&self.zero_sectors.to_be_bytes());
        bytes[BODY_CHECK].copy_from_slice(&self.body_check.to_be_bytes());
        bytes[PREVIOUS].copy_from_slice(&self.previous.to_be_bytes());
        self.check = seal.check(bytes);
        bytes[CHECK].copy_from_slice(&self.check.to_be_bytes());
    }
}

impl Role {
    fn parse(byte: u8) -> Result<Role, Reason> {
        match byte {
            1 => Ok(Role::Genesis),
            2 => Ok(Role::Frame(Kind::Commit)),
            3 => Ok(Role::Frame(Kind::Closing)),
            4 => Ok(Role::Frame(Kind::KeyChange)),
            kind => Err(Reason::Kind { kind }),
        }
    }

    fn byte(self) -> u8 {
        match self {
            Role::Genesis => 1,
            Role::Frame(Kind::Commit) => 2,
            Role::Frame(Kind::Closing) => 3,
            Role::Frame(Kind::KeyChange) => 4,
        }
    }
}

/// Where the next frame must attach: behind which frame, and at which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// What the next header is sealed with.
    pub seal: Seal,
    /// The `check` of the last frame.
    pub previous: u32,
    /// How many entries stand in front.
    pub size: u64,
}

impl Chain {
    /// The chain behind a frame.
    pub fn behind(header: &Header, seal: Seal) -> Chain {
        Chain {
            seal,
            previous: header.check,
            size: header.end(),
        }
    }

    /// Whether a frame attaches here.
    pub fn admit(&self, header: &Header) -> Result<(), Reason> {
        if header.previous != self.previous {
            return Err(Reason::Chain {
                previous: header.previous,
                expected: self.previous,
            });
        }
        match header.first == self.size {
            true => Ok(()),
            false => Err(Reason::First {
                first: header.first,
                expected: self.size,
            }),
        }
    }
}

fn u32_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u32 {
    let (_, rest) = bytes.split_at(at);
    u32::from_be_bytes(*rest.first_chunk().expect("all fields lie inside the header"))
}

fn u64_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u64 {
    let (_, rest) = bytes.split_at(at);
    u64::from_be_bytes(*rest.first_chunk().expect("all fields lie inside the header"))
}

type Field = std::ops::Range<usize>;
const MAGIC: Field = 0..8;
const KIND: usize = 8;
const RESERVED_FRONT: Field = 9..12;
const CHECK: Field = 12..16;
const LENGTH: Field = 16..24;
const FIRST: Field = 24..32;
const COUNT: Field = 32..36;
const ZERO_SECTORS: Field = 36..40;
const BODY_CHECK: Field = 40..44;
const PREVIOUS: Field = 44..48;
const RESERVED_BACK: Field = 48..64;

const MAGIC_BYTES: [u8; 8] = *b"INDLFRM\x01";
