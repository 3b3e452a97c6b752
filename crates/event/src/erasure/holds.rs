//! Legal holds: what must not be erased until it is released.

use std::collections::BTreeMap;

use crate::{member::Member, ranges::MemberRanges};

/// The most holds in force at once: an erasure is compared with each of them.
pub const HOLDS_MAX: usize = 1_000;

/// The holds in force, by the index of the event that placed each.
#[derive(Clone, Debug, Default)]
pub struct Holds(BTreeMap<u64, Hold>);

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why, in the words of whoever placed it.
    pub reason: String,
    /// What is held.
    pub ranges: MemberRanges,
}

impl Holds {
    /// Places the hold of the event at this index. The same index again replaces it.
    ///
    /// # Errors
    ///
    /// If [`HOLDS_MAX`] are in force.
    pub fn place(&mut self, index: u64, hold: Hold) -> Result<(), HoldRefused> {
        if self.0.len() == HOLDS_MAX && !self.0.contains_key(&index) {
            return Err(HoldRefused);
        }
        self.0.insert(index, hold);
        Ok(())
    }

    /// Releases the hold of the event at this index; `None` if there is none.
    pub fn release(&mut self, index: u64) -> Option<Hold> {
        self.0.remove(&index)
    }

    /// The holds in force with the indexes of their events, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Hold)> {
        self.0.iter().map(|(&index, hold)| (index, hold))
    }

    /// Lets an erasure pass if nothing of it is held.
    ///
    /// # Errors
    ///
    /// [`Held`], with the first hold that stands against it.
    pub fn clear(&self, ranges: MemberRanges) -> Result<Erasable, Held> {
        for (&hold, Hold { reason, ranges: held }) in &self.0 {
            if let Some((index, member)) = ranges.first_common(held) {
                return Err(Held {
                    hold,
                    reason: reason.clone(),
                    index,
                    member,
                });
            }
        }
        Ok(Erasable(ranges))
    }
}

/// What may be erased: no hold stands against it. Only [`Holds::clear`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasable(MemberRanges);

impl Erasable {
    pub(crate) fn part(ranges: MemberRanges) -> Self {
        Self(ranges)
    }

    /// What it is.
    pub fn ranges(&self) -> &MemberRanges {
        &self.0
    }
}

/// A hold stands against an erasure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member} of entry {index} is held by #{hold}: {reason}")]
pub struct Held {
    /// The index of the event that placed the hold.
    pub hold: u64,
    /// Its reason.
    pub reason: String,
    /// The first entry that is held.
    pub index: u64,
    /// The first of its members that is held.
    pub member: Member,
}

/// There are as many holds as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{HOLDS_MAX} holds are in force: release one, or widen one")]
pub struct HoldRefused;
