//! The right edge of a growing tree: all that a writer must remember.

use crate::{Growth, Hash, NodeId, TreeHead, WrongCount, node};

/// The perfect subtrees of the leaves `[0, size)`, one for each bit of `size`: at most 64 hashes, from which the tree can
/// grow and its root be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    /// Left to right, so the largest first.
    peaks: Vec<Hash>,
}

impl CompactRange {
    /// The tree without leaves.
    pub fn new() -> CompactRange {
        CompactRange::default()
    }

    /// The nodes that [`CompactRange::from_hashes`] needs for a tree of `size` leaves, in its order.
    pub fn nodes_of(size: u64) -> Vec<NodeId> {
        node::cover(0, size)
    }

    /// Restores the edge of a tree from the hashes of [`CompactRange::nodes_of`]. Whether they are right only its
    /// [`root`](CompactRange::root) can tell.
    pub fn from_hashes(size: u64, hashes: Vec<Hash>) -> Result<CompactRange, WrongCount> {
        WrongCount::check(size.count_ones() as usize, &hashes)?;
        Ok(CompactRange { size, peaks: hashes })
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes that [`CompactRange::from_hashes`] restores it from.
    pub fn hashes(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root of the tree; costs at most 63 node hashes.
    pub fn root(&self) -> Hash {
        node::fold(&self.peaks).unwrap_or(Hash::EMPTY_ROOT)
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: self.root(),
        }
    }

    /// Appends leaf hashes and tells every node that they complete. Hashes level by level: about one node hash a leaf, and
    /// at most 63 more.
    ///
    /// # Panics
    /// If the tree would have 2^64 leaves.
    pub fn extend(&mut self, leaves: Vec<Hash>) -> Growth {
        let first = self.size;
        let end = first
            .checked_add(leaves.len() as u64)
            .expect("a tree has fewer than 2^64 leaves");

        let mut rows = Vec::new();
        let (mut row, mut level) = (leaves, 0);
        while !row.is_empty() {
            let parents = self.parents(&row, level);
            rows.push(row);
            (row, level) = (parents, level + 1);
        }

        let growth = Growth::new(first, end, rows);
        self.peaks = node::cover(0, end)
            .into_iter()
            .map(|id| growth.node(id).unwrap_or_else(|| self.peak(id.level)))
            .collect();
        self.size = end;
        growth
    }

    /// The nodes above a row of new ones. If the row begins with a right child, its left sibling is a peak.
    fn parents(&self, row: &[Hash], level: u8) -> Vec<Hash> {
        let mut parents = Vec::with_capacity(row.len().div_ceil(2));
        let mut row = row;
        if (self.size >> level) % 2 == 1
            && let Some((first, rest)) = row.split_first()
        {
            parents.push(Hash::node(&self.peak(level), first));
            row = rest;
        }
        let (pairs, _waiting) = row.as_chunks();
        parents.extend(pairs.iter().map(|[left, right]| Hash::node(left, right)));
        parents
    }

    /// The peak of a level at which the size has its bit set: as many lie left of it as there are higher bits.
    fn peak(&self, level: u8) -> Hash {
        self.peaks[(self.size >> level >> 1).count_ones() as usize]
    }
}
