//! The leaf of a tombstone.

use bytes::Bytes;
use indelible_merkle::{ENTRY_MAX, Hash};

use super::disclosure::{TombstoneDisclosure, TombstoneMember};
use crate::{
    leaf::{Differs, Exact, sorted_digests},
    member::Member,
    ranges::{MemberRange, MemberRanges, MemberSet},
    received::Second,
    salted::Digest,
};

/// The leaf `indelible.tombstone.v1`: what it erases, in the one spelling that it has.
///
/// What it says counts only where it stands above all of it: [`Tombstone::at`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    text: Bytes,
    /// Sorted and distinct.
    digests: [Digest; 2],
    received: Second,
    ranges: MemberRanges,
}

impl Tombstone {
    /// Reads a tombstone: at most 65,535 bytes, which are kept, not copied.
    ///
    /// # Errors
    ///
    /// If the bytes are not exactly the canonical JSON of five members, digests, ranges and members in order.
    pub fn parse(text: Bytes) -> Result<Self, MalformedTombstone> {
        if text.len() > ENTRY_MAX {
            return Err(MalformedTombstone::TooLong { length: text.len() });
        }
        let mut exact = Exact::new(&text);
        let digests = sorted_digests(&mut exact)?;
        exact.piece(ERASED)?;
        let mut ranges = Vec::new();
        loop {
            ranges.push(range(&mut exact)?);
            if !exact.take_if(",") {
                break;
            }
        }
        exact.piece(RECEIVED)?;
        let received = exact.second()?;
        exact.piece(END)?;
        exact.end()?;
        Ok(Self {
            digests,
            received,
            ranges: MemberRanges::in_order(ranges).ok_or(MalformedTombstone::Order)?,
            text,
        })
    }

    /// The tombstone of these digests, in any order; `None` if it has more bytes than a leaf may have.
    pub(super) fn of(mut digests: [Digest; 2], ranges: MemberRanges, received: Second) -> Option<Self> {
        digests.sort_unstable();
        let mut text = format!(
            "{{\"_sd\":[\"{}\",\"{}\"],\"_sd_alg\":\"sha-256\",{ERASED}",
            digests[0], digests[1]
        );
        for (place, range) in ranges.as_slice().iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            write_range(&mut text, range);
        }
        text.push_str(RECEIVED);
        text.push_str(&received.to_string());
        text.push_str(END);
        (text.len() <= ENTRY_MAX).then(|| Self {
            text: text.into(),
            digests,
            received,
            ranges,
        })
    }

    /// The bytes that the log hashes.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// Its hash in the tree.
    pub fn hash(&self) -> Hash {
        Hash::leaf(&self.text)
    }

    /// When the operator says that it was made.
    pub fn received(&self) -> Second {
        self.received
    }

    /// What it says that it erases. It counts only where [`Tombstone::at`] lets it.
    pub fn ranges(&self) -> &MemberRanges {
        &self.ranges
    }

    /// What it erases from its place in the log.
    ///
    /// # Errors
    ///
    /// If it speaks of an entry that is not below it: then it is void as a whole, and erases nothing.
    pub fn at(&self, index: u64) -> Result<Erasure, VoidTombstone> {
        match self.ranges.last_index() {
            Some(last) if last >= index => Err(VoidTombstone { index, last }),
            _ => Ok(Erasure {
                tombstone: index,
                ranges: self.ranges.clone(),
            }),
        }
    }

    /// Checks that the tombstone commits to a disclosure.
    ///
    /// # Errors
    ///
    /// If its digest is neither of the two.
    pub fn open(&self, disclosure: TombstoneDisclosure) -> Result<TombstoneDisclosed, NotInTombstone> {
        let (member, digest) = (disclosure.member(), disclosure.digest());
        if self.digests.contains(&digest) {
            Ok(TombstoneDisclosed(disclosure))
        } else {
            Err(NotInTombstone { member, digest })
        }
    }
}

/// What a tombstone erases from where it stands. Only [`Tombstone::at`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    tombstone: u64,
    ranges: MemberRanges,
}

impl Erasure {
    /// The index of the tombstone.
    pub fn tombstone(&self) -> u64 {
        self.tombstone
    }

    /// What it erases, all of it below the tombstone.
    pub fn ranges(&self) -> &MemberRanges {
        &self.ranges
    }
}

/// A disclosure that a tombstone commits to. Only [`Tombstone::open`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TombstoneDisclosed(TombstoneDisclosure);

impl TombstoneDisclosed {
    /// The disclosure.
    pub fn disclosure(&self) -> &TombstoneDisclosure {
        &self.0
    }
}

/// Why bytes are not a tombstone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedTombstone {
    /// It is longer than any leaf.
    #[error("the tombstone has {length} bytes, at most {ENTRY_MAX} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// Its text is another.
    #[error("the tombstone has not {expected:?} at byte {at}")]
    Text {
        /// Where it is wrong, from 0.
        at: usize,
        /// What must stand there.
        expected: &'static str,
    },
    /// Its ranges overlap, do not ascend, end before they begin, or should be one.
    #[error("the ranges of the tombstone are not in their one order")]
    Order,
}

impl From<Differs> for MalformedTombstone {
    fn from(differs: Differs) -> Self {
        let Differs { at, expected } = differs;
        Self::Text { at, expected }
    }
}

/// A tombstone that speaks of an entry that is not below it erases nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tombstone at {index} is void: it speaks of entry {last}, which is not below it")]
pub struct VoidTombstone {
    /// Where it stands.
    pub index: u64,
    /// The last entry that it speaks of.
    pub last: u64,
}

/// A tombstone does not commit to a disclosure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: the tombstone does not commit to it, its digest {digest} is not one of the two")]
pub struct NotInTombstone {
    /// Which of the two members.
    pub member: TombstoneMember,
    /// The digest of the disclosure.
    pub digest: Digest,
}

fn range(exact: &mut Exact<'_>) -> Result<MemberRange, Differs> {
    exact.piece("{\"first\":")?;
    let first = exact.integer()?;
    exact.piece(",\"last\":")?;
    let last = exact.integer()?;
    exact.piece(",\"members\":[")?;
    let (mut members, mut highest) = (MemberSet::NONE, None);
    loop {
        exact.piece("\"")?;
        let before = exact.differs("the name of a member, in order");
        let member = Member::from_name(exact.word())
            .filter(|&member| highest < Some(member))
            .ok_or(before)?;
        exact.piece("\"")?;
        members = members.with(member);
        highest = Some(member);
        if !exact.take_if(",") {
            break;
        }
    }
    exact.piece("]}")?;
    Ok(MemberRange { first, last, members })
}

pub(super) fn write_range(text: &mut String, range: &MemberRange) {
    use std::fmt::Write;

    let MemberRange { first, last, members } = range;
    write!(text, "{{\"first\":{first},\"last\":{last},\"members\":[").expect("a string takes all that is written");
    for (place, member) in members.iter().enumerate() {
        text.push_str(if place == 0 { "\"" } else { ",\"" });
        text.push_str(member.as_str());
        text.push('"');
    }
    text.push_str("]}");
}

const ERASED: &str = "\"erased\":[";
const RECEIVED: &str = "],\"received\":\"";
const END: &str = "\",\"type\":\"indelible.tombstone.v1\"}";
/// What tells a tombstone from other leaves.
pub(crate) const ENDING: &[u8] = END.as_bytes();
/// All of a tombstone but its ranges: the opening and two digests, the algorithm, what lies around ranges and second.
pub(super) const AROUND_RANGES: usize =
    8 + 2 * (Digest::BYTES + 2) + 1 + 22 + ERASED.len() + RECEIVED.len() + Second::BYTES + END.len();
