//! What is erased and what must not be: pure sets, filled from the tombstones and the holds of a log.

mod holds;
mod intervals;

pub use holds::{Erasable, HOLDS_MAX, Held, Hold, HoldRefused, Holds};

use std::collections::BTreeMap;

use self::intervals::Intervals;
use crate::{member::Member, ranges::MemberSet, tombstone::Erasure};

/// All that the tombstones of a log erase.
///
/// Ranges are kept by the set of members that they name, of which a log has a handful: a question costs a look into each of those sets,
/// log n, and 100,000 scattered ranges take about 7 MB. Adding a tombstone costs log n for each of its ranges and for each
/// that it closes a gap between, so that no order of tombstones is slow.
#[derive(Clone, Debug, Default)]
pub struct Erasures {
    sets: BTreeMap<MemberSet, Intervals>,
}

impl Erasures {
    /// Adds what a tombstone erases.
    pub fn add(&mut self, erasure: &Erasure) {
        for range in erasure.ranges().as_slice() {
            let intervals = self.sets.entry(range.members).or_default();
            intervals.insert(range.first, range.last, erasure.tombstone());
        }
    }

    /// Adds all that another set has.
    pub fn merge(&mut self, other: &Self) {
        for (&set, intervals) in &other.sets {
            let own = self.sets.entry(set).or_default();
            for (first, last, tombstone) in intervals.iter() {
                own.insert(first, last, tombstone);
            }
        }
    }

    /// The index of a tombstone that erases this member of this entry; `None` if none does. Of several that name the same members the one
    /// added first counts, of others that with the lowest index.
    pub fn tombstone(&self, index: u64, member: Member) -> Option<u64> {
        let naming = self.sets.iter().filter(|(set, _)| set.contains(member));
        naming.filter_map(|(_, intervals)| intervals.at(index)).min()
    }

    /// The members of this entry that are erased.
    pub fn erased(&self, index: u64) -> MemberSet {
        let at = self.sets.iter().filter(|(_, intervals)| intervals.at(index).is_some());
        at.flat_map(|(set, _)| set.iter()).collect()
    }

    /// Whether nothing is erased.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// How many runs of erased entries it keeps.
    pub fn len(&self) -> usize {
        self.sets.values().map(Intervals::len).sum()
    }
}
