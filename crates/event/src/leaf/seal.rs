//! From an event to its leaf and its disclosures.

use std::fmt;

use bytes::Bytes;

use super::Leaf;
use crate::{
    canonical::{EVENT_BYTES_MAX, Unfit, write_member},
    disclosure::Disclosure,
    member::{Event, Member},
    received::Second,
    salted::{Digest, Salt, open_disclosure},
};

/// The salts of one event, one for each member.
#[derive(Clone)]
pub struct Salts([Salt; Member::ALL.len()]);

impl Salts {
    /// 176: eleven times 16.
    pub const BYTES: usize = Member::ALL.len() * Salt::BYTES;

    /// Salts of bytes that the caller's source of randomness gave for nothing else.
    pub fn from_random(bytes: &[u8; Salts::BYTES]) -> Self {
        let (salts, _) = bytes.as_chunks();
        Self(std::array::from_fn(|place| Salt::from_random(salts[place])))
    }

    fn of(&self, member: Member) -> &Salt {
        &self.0[member.place()]
    }
}

/// Tells nothing: who learns a salt can confirm a guess.
impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts(…)")
    }
}

/// An event as it enters a log: the leaf, and what the leaf commits to.
#[derive(Clone, Debug)]
pub struct Sealed {
    leaf: Leaf,
    disclosures: [Disclosure; Member::ALL.len()],
}

impl Sealed {
    /// Makes the leaf of an event that was received in this second.
    ///
    /// Secrets must be out of it before ([`redact`](crate::redact)). Costs about 10 µs for an event of 1 kB, most of it base64 and SHA-256: each byte is written once,
    /// into one buffer that the disclosures share.
    ///
    /// # Errors
    ///
    /// If a member cannot be written, or exceeds a limit; all are the sender's fault.
    pub fn seal(event: &Event, salts: &Salts, received: Second) -> Result<Self, BadEvent> {
        Ok(Written::write(event, salts)?.seal(received))
    }

    /// The leaf.
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// The disclosures, in the order of the members.
    pub fn disclosures(&self) -> &[Disclosure; Member::ALL.len()] {
        &self.disclosures
    }

    /// Leaf and disclosures.
    pub fn into_parts(self) -> (Leaf, [Disclosure; Member::ALL.len()]) {
        (self.leaf, self.disclosures)
    }
}

/// The disclosures of an event as they are written, before any of them is hashed: half of what [`Sealed::seal`] does, for whoever asks what
/// each half costs.
#[derive(Clone)]
pub struct Written {
    /// One behind the other, in the order of the members.
    bytes: Bytes,
    ends: [usize; Member::ALL.len()],
}

impl Written {
    /// Writes canonical JSON of each member behind its salt and its name.
    ///
    /// # Errors
    ///
    /// As [`Sealed::seal`].
    pub fn write(event: &Event, salts: &Salts) -> Result<Self, BadEvent> {
        let mut out = Vec::with_capacity(BUFFER_BYTES);
        let mut ends = [0; Member::ALL.len()];
        let mut values = 0;
        for member in Member::ALL {
            open_disclosure(&mut out, salts.of(member), member.as_str());
            let start = out.len();
            write_member(&mut out, event, member).map_err(|reason| BadEvent::Member { member, reason })?;
            values += out.len() - start;
            if values > EVENT_BYTES_MAX {
                return Err(BadEvent::TooLong { member });
            }
            out.push(b']');
            ends[member.place()] = out.len();
        }
        Ok(Self {
            bytes: out.into(),
            ends,
        })
    }

    /// Hashes them, and makes the leaf of an event that was received in this second.
    pub fn seal(self, received: Second) -> Sealed {
        let mut start = 0;
        let disclosures = Member::ALL.map(|member| {
            let d = self.bytes.slice(start..self.ends[member.place()]);
            start = self.ends[member.place()];
            Disclosure::written(member, d)
        });
        let digests: [Digest; Member::ALL.len()] = std::array::from_fn(|place| disclosures[place].digest());
        Sealed {
            leaf: Leaf::of(digests, received),
            disclosures,
        }
    }
}

/// Tells neither salts nor values.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(…)")
    }
}

/// Why an event cannot enter a log. It is its sender's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// A member cannot be written.
    #[error("{member}: {reason}")]
    Member {
        /// Which one.
        member: Member,
        /// What is wrong with it.
        reason: Unfit,
    },
    /// All members together are too long.
    #[error("{member}: with it the members have more than {EVENT_BYTES_MAX} bytes of canonical JSON")]
    TooLong {
        /// The first that does not fit.
        member: Member,
    },
}

/// The disclosures of an ordinary event: a kilobyte, and 35 bytes for each salt and name.
const BUFFER_BYTES: usize = 2048;
