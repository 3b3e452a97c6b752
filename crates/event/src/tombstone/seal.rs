//! From an erasure to its tombstones.

use std::fmt;

use indelible_merkle::ENTRY_MAX;

use super::{
    disclosure::{TombstoneDisclosure, TombstoneMember},
    leaf::{AROUND_RANGES, Tombstone, write_range},
};
use crate::{
    canonical::MEMBER_BYTES_MAX,
    erasure::Erasable,
    ranges::{MemberRange, MemberRanges},
    received::Second,
    salted::Salt,
};

/// The salts of one tombstone, one for each of its two members.
#[derive(Clone)]
pub struct TombstoneSalts([Salt; 2]);

impl TombstoneSalts {
    /// 32: twice 16.
    pub const BYTES: usize = 2 * Salt::BYTES;

    /// Salts of bytes that the caller's source of randomness gave for nothing else.
    pub fn from_random(bytes: &[u8; TombstoneSalts::BYTES]) -> Self {
        let (salts, _) = bytes.as_chunks();
        Self([Salt::from_random(salts[0]), Salt::from_random(salts[1])])
    }
}

/// Tells nothing: who learns a salt can confirm a guess.
impl fmt::Debug for TombstoneSalts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TombstoneSalts(…)")
    }
}

impl Erasable {
    /// Cuts it into as many parts as it needs tombstones, each of which [fits](SealedTombstone::seal) into a leaf. One holds about
    /// 1,000 scattered entries.
    pub fn split(&self) -> Vec<Erasable> {
        let mut parts = Vec::new();
        let mut part: Vec<MemberRange> = Vec::new();
        let (mut text, mut length) = (String::new(), AROUND_RANGES);
        for range in self.ranges().as_slice() {
            text.clear();
            write_range(&mut text, range);
            // A comma in front of each but the first is counted for all.
            let added = text.len() + 1;
            if length + added > ENTRY_MAX {
                parts.push(std::mem::take(&mut part));
                length = AROUND_RANGES;
            }
            length += added;
            part.push(*range);
        }
        if !part.is_empty() {
            parts.push(part);
        }
        let ordered = |part| MemberRanges::in_order(part).expect("a part of what is in order is in order");
        parts.into_iter().map(ordered).map(Erasable::part).collect()
    }
}

/// A tombstone as it enters a log: the leaf, and what the leaf commits to.
#[derive(Clone, Debug)]
pub struct SealedTombstone {
    leaf: Tombstone,
    disclosures: [TombstoneDisclosure; 2],
}

impl SealedTombstone {
    /// Makes the tombstone of an erasure, or of one [part](Erasable::split) of it. It must come to stand above all that it erases.
    ///
    /// # Errors
    ///
    /// If there is nothing to erase, or the leaf or one of the texts gets too long.
    pub fn seal(
        erasable: &Erasable,
        basis: Option<&str>,
        requester: Option<&str>,
        salts: &TombstoneSalts,
        received: Second,
    ) -> Result<Self, BadTombstone> {
        if erasable.ranges().is_empty() {
            return Err(BadTombstone::Nothing);
        }
        let [first, second] = &salts.0;
        let seal = |member, text, salt| {
            TombstoneDisclosure::seal(member, text, salt).ok_or(BadTombstone::TextTooLong { member })
        };
        let basis = seal(TombstoneMember::Basis, basis, first)?;
        let requester = seal(TombstoneMember::Requester, requester, second)?;
        let digests = [basis.digest(), requester.digest()];
        let ranges = erasable.ranges().clone();
        let leaf = Tombstone::of(digests, ranges, received).ok_or(BadTombstone::TooLong)?;
        Ok(Self {
            leaf,
            disclosures: [basis, requester],
        })
    }

    /// The leaf.
    pub fn leaf(&self) -> &Tombstone {
        &self.leaf
    }

    /// Basis and requester: the attachments of the entry.
    pub fn disclosures(&self) -> &[TombstoneDisclosure; 2] {
        &self.disclosures
    }
}

/// Why an erasure is no tombstone. It is the caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTombstone {
    /// It erases nothing.
    #[error("there is nothing to erase")]
    Nothing,
    /// It was not split.
    #[error("the tombstone has more than {ENTRY_MAX} bytes: it must be several")]
    TooLong,
    /// A text is too long.
    #[error("{member}: the text has more than {MEMBER_BYTES_MAX} bytes")]
    TextTooLong {
        /// Which of the two.
        member: TombstoneMember,
    },
}
