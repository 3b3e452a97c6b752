//! Which members of which entries: what an erasure takes and a hold keeps.

mod set;

pub use set::MemberSet;

use crate::{canonical::INTEGER_MAX, member::Member};

/// Members of neighbouring entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberRange {
    /// The index of the first entry.
    pub first: u64,
    /// The index of the last one; the same for a single entry.
    pub last: u64,
    /// Which of their members. `raw` means the raw bytes as well.
    pub members: MemberSet,
}

/// Members of entries, in the one order that they have: ranges ascend and do not overlap, none is empty, and two neighbours differ in
/// their members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberRanges(Vec<MemberRange>);

impl MemberRanges {
    /// Puts ranges in order, whatever theirs was and however they overlap. Costs n log n.
    ///
    /// # Errors
    ///
    /// If a range ends before it begins, names no member, or reaches beyond 2^53 - 2.
    pub fn of(ranges: impl IntoIterator<Item = MemberRange>) -> Result<Self, BadRange> {
        let mut edges: Vec<(u64, MemberSet, bool)> = Vec::new();
        for range in ranges {
            let MemberRange { first, last, members } = range.checked()?;
            edges.push((first, members, true));
            edges.push((last + 1, members, false));
        }
        edges.sort_unstable_by_key(|&(at, ..)| at);

        let mut ordered: Vec<MemberRange> = Vec::new();
        let mut open = [0_u64; Member::ALL.len()];
        let (mut first, mut members) = (0, MemberSet::NONE);
        for run in edges.chunk_by(|(a, ..), (b, ..)| a == b) {
            for (member, begins) in run
                .iter()
                .flat_map(|(_, set, begins)| set.iter().map(move |m| (m, begins)))
            {
                let count = &mut open[member.place()];
                *count = if *begins { *count + 1 } else { count.wrapping_sub(1) };
            }
            let (at, ..) = run[0];
            let now = Member::ALL
                .into_iter()
                .filter(|member| open[member.place()] != 0)
                .collect();
            if now == members {
                continue;
            }
            if members != MemberSet::NONE {
                let last = at - 1;
                ordered.push(MemberRange { first, last, members });
            }
            (first, members) = (at, now);
        }
        Ok(Self(ordered))
    }

    /// Takes ranges that are in order already.
    pub(crate) fn in_order(ranges: Vec<MemberRange>) -> Option<Self> {
        let ordered = ranges.windows(2).all(|pair| {
            let [before, after] = pair else { return true };
            let touch = before.last + 1 == after.first;
            before.last < after.first && !(touch && before.members == after.members)
        });
        let each = ranges.iter().all(|range| range.checked().is_ok());
        (ordered && each).then_some(Self(ranges))
    }

    /// All these members of one entry.
    ///
    /// # Errors
    ///
    /// As [`MemberRanges::of`].
    pub fn of_entry(index: u64, members: MemberSet) -> Result<Self, BadRange> {
        Self::of([MemberRange {
            first: index,
            last: index,
            members,
        }])
    }

    /// The ranges, ascending.
    pub fn as_slice(&self) -> &[MemberRange] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The largest index; `None` if there is none.
    pub fn last_index(&self) -> Option<u64> {
        self.0.last().map(|range| range.last)
    }

    /// Whether this member of this entry is among them. Costs log n.
    pub fn contains(&self, index: u64, member: Member) -> bool {
        let after = self.0.partition_point(|range| range.last < index);
        let range = self.0.get(after).filter(|range| range.first <= index);
        range.is_some_and(|range| range.members.contains(member))
    }

    /// The first entry and member that both have. Costs a walk over both.
    pub fn first_common(&self, other: &Self) -> Option<(u64, Member)> {
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let first = a.first.max(b.first);
            let common = a.members.intersection(b.members).iter().next();
            if let Some(member) = common.filter(|_| first <= a.last.min(b.last)) {
                return Some((first, member));
            }
            if a.last < b.last {
                ours.next()
            } else {
                theirs.next()
            };
        }
        None
    }
}

impl MemberRange {
    fn checked(self) -> Result<Self, BadRange> {
        let MemberRange { first, last, members } = self;
        if first > last {
            return Err(BadRange::Inverted { first, last });
        }
        if last >= INTEGER_MAX {
            return Err(BadRange::TooLarge { last });
        }
        if members == MemberSet::NONE {
            return Err(BadRange::NoMember { first, last });
        }
        Ok(self)
    }
}

/// Why a range is none. It is the caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRange {
    /// It ends before it begins.
    #[error("the range from {first} to {last} ends before it begins")]
    Inverted {
        /// Its first index.
        first: u64,
        /// Its last index.
        last: u64,
    },
    /// No log is so long that its indexes are not exact in JSON.
    #[error("the index {last} is not below 2^53 - 1")]
    TooLarge {
        /// The last index of the range.
        last: u64,
    },
    /// It has no member.
    #[error("the range from {first} to {last} names no member")]
    NoMember {
        /// Its first index.
        first: u64,
        /// Its last index.
        last: u64,
    },
}
