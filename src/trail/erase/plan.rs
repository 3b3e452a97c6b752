//! What is to be erased, before it is: pure.

use std::fmt::Write as _;

use indelible_event::{MemberRange, MemberRanges, MemberSet, TombstoneMember};
use indelible_merkle::Hash;

/// Which members of which events an erasure would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    ranges: MemberRanges,
    damaged: u64,
    said: Vec<Said>,
}

/// A tombstone says in one of its two members what is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The index of the tombstone.
    pub tombstone: u64,
    /// Where it says it.
    pub member: TombstoneMember,
}

/// A plan that grows entry by entry.
#[derive(Debug, Default)]
pub(super) struct Planning {
    ranges: Vec<MemberRange>,
    damaged: u64,
    said: Vec<Said>,
}

/// The list is too long for one erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {RANGES_MAX} places are meant; erase in several steps, or name what is meant more exactly")]
pub struct TooMany;

impl Planning {
    /// Adds members of an entry behind those that were added before.
    pub(super) fn add(&mut self, index: u64, members: MemberSet) -> Result<(), TooMany> {
        if members == MemberSet::NONE {
            return Ok(());
        }
        let full = self.ranges.len() == RANGES_MAX;
        match self.ranges.last_mut() {
            Some(last) if last.last + 1 == index && last.members == members => last.last = index,
            _ if full => return Err(TooMany),
            _ => self.ranges.push(MemberRange {
                first: index,
                last: index,
                members,
            }),
        }
        Ok(())
    }

    /// What is kept of one more event is not what its leaf says, so that nobody can look into it.
    pub(super) fn damaged(&mut self) {
        self.damaged += 1;
    }

    /// A tombstone says it as well. Of many the first are remembered: they are told to a person.
    pub(super) fn said(&mut self, tombstone: u64, member: TombstoneMember) {
        if self.said.len() < SAID_MAX {
            self.said.push(Said { tombstone, member });
        }
    }

    pub(super) fn finish(self) -> Plan {
        let ranges = MemberRanges::of(self.ranges).expect("each has a member, and is of the log");
        Plan {
            ranges,
            damaged: self.damaged,
            said: self.said,
        }
    }
}

impl Plan {
    /// The same without these members of these entries, which are in order.
    pub(super) fn sparing(self, entries: &[u64], spared: MemberSet) -> Plan {
        let left: MemberSet = MemberSet::ALL
            .iter()
            .filter(|member| !spared.contains(*member))
            .collect();
        let mut ranges = Vec::new();
        for range in self.ranges.as_slice() {
            let mut first = range.first;
            for &index in entries
                .iter()
                .filter(|index| (range.first..=range.last).contains(*index))
            {
                ranges.push((first, index.checked_sub(1), range.members));
                ranges.push((index, Some(index), range.members.intersection(left)));
                first = index + 1;
            }
            ranges.push((first, Some(range.last), range.members));
        }
        let ranges = ranges.into_iter().filter_map(|(first, last, members)| {
            let last = last.filter(|last| first <= *last)?;
            (members != MemberSet::NONE).then_some(MemberRange { first, last, members })
        });
        Plan {
            ranges: MemberRanges::of(ranges).expect("they are parts of ranges"),
            ..self
        }
    }

    /// What it is.
    pub fn ranges(&self) -> &MemberRanges {
        &self.ranges
    }

    /// How many events it touches.
    pub fn events(&self) -> u64 {
        let ranges = self.ranges.as_slice().iter();
        ranges.map(|range| range.last - range.first + 1).sum()
    }

    /// How many events could not be looked into, since what is kept of them was damaged.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Which tombstones say it as well, on what basis or for whom they erase; the first [`SAID_MAX`] of them. That stays: it is why something
    /// was erased.
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// Stands for this list and no other: whoever repeats it has seen the list.
    pub fn token(&self) -> String {
        let mut text = String::new();
        for MemberRange { first, last, members } in self.ranges.as_slice() {
            writeln!(text, "{first} {last} {members}").expect("a string takes all that is written");
        }
        Hash::leaf(text.as_bytes()).to_string()
    }
}

/// The most places in tombstones that a plan tells of.
pub const SAID_MAX: usize = 1_000;

/// 64 bytes of memory each, 240 tombstones: 16 MiB.
const RANGES_MAX: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use indelible_event::member::Member;

    use super::*;

    #[test]
    fn what_is_spared_is_cut_out() {
        let (actor, raw) = (Member::Actor, Member::Raw);
        let mut planning = Planning::default();
        for index in 0..10 {
            planning.add(index, [actor, raw].into_iter().collect()).unwrap();
        }
        planning.add(20, [raw].into_iter().collect()).unwrap();
        let plan = planning
            .finish()
            .sparing(&[0, 4, 5, 9, 12, 20], [raw].into_iter().collect());
        let ranges: Vec<String> = plan
            .ranges()
            .as_slice()
            .iter()
            .map(|r| format!("{}..{} {}", r.first, r.last, r.members))
            .collect();
        assert_eq!(
            ranges,
            [
                "0..0 actor",
                "1..3 actor,raw",
                "4..5 actor",
                "6..8 actor,raw",
                "9..9 actor"
            ]
        );
    }

    #[test]
    fn neighbours_are_one_range_and_another_list_has_another_token() {
        let of = |added: &[(u64, &[Member])]| {
            let mut planning = Planning::default();
            for (index, members) in added {
                planning.add(*index, members.iter().copied().collect()).unwrap();
            }
            planning.finish()
        };
        let (actor, raw) = (Member::Actor, Member::Raw);
        let plan = of(&[
            (3, &[actor]),
            (4, &[actor]),
            (5, &[actor, raw]),
            (6, &[]),
            (7, &[actor]),
        ]);
        let ranges: Vec<String> = plan
            .ranges()
            .as_slice()
            .iter()
            .map(|r| format!("{}..{} {}", r.first, r.last, r.members))
            .collect();
        assert_eq!(ranges, ["3..4 actor", "5..5 actor,raw", "7..7 actor"]);
        assert_eq!(plan.events(), 4);
        assert_ne!(plan.token(), of(&[(3, &[actor])]).token());
        assert_eq!(plan.token(), plan.clone().token());
    }
}
