//! What a run of new leaves adds to a tree, for whoever stores nodes or serves them.

use crate::{Hash, NodeId};

/// Every perfect node that appending the leaves `[first, end)` has completed, leaves included: at level `l` those with an
/// index from `first >> l` to `end >> l`. About twice as many hashes as leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    first: u64,
    end: u64,
    /// By level, as far up as there are any.
    rows: Vec<Vec<Hash>>,
}

/// Neighbouring nodes of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The level of all of them.
    pub level: u8,
    /// The index of the first one in its level.
    pub start: u64,
    /// Their hashes, left to right; never empty.
    pub hashes: &'a [Hash],
}

impl Growth {
    pub(crate) fn new(first: u64, end: u64, rows: Vec<Vec<Hash>>) -> Growth {
        Growth { first, end, rows }
    }

    /// The index of the first new leaf: the size of the tree before.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The index behind the last new leaf: the size of the tree after.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The new nodes level by level, leaves first.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..).zip(&self.rows).map(|(level, hashes)| Row {
            level,
            start: self.first >> level,
            hashes,
        })
    }

    /// The hashes of the new leaves.
    pub fn leaves(&self) -> &[Hash] {
        self.rows.first().map_or(&[], Vec::as_slice)
    }

    /// The hash of a node, if these leaves completed it.
    pub fn node(&self, id: NodeId) -> Option<Hash> {
        let row = self.rows.get(usize::from(id.level))?;
        let place = id.index.checked_sub(self.first >> id.level)?;
        row.get(usize::try_from(place).ok()?).copied()
    }
}
