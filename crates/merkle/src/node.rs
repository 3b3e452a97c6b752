//! Where nodes stand: perfect subtrees, and the layers of a tree whose right edge may be ragged.
//!
//! Seen layer by layer, a tree of `size` leaves has `ceil(size / 2^level)` nodes at `level`. All are perfect but perhaps
//! the last, which is clipped at the right edge: it stands for the leaves that are there, and where it has a single child
//! it is that child. So the siblings on the way from a leaf to the root are the neighbours `index ^ 1` of each layer, as
//! far as they exist, and that gives the same tree as the recursive definition of RFC 9162 (2.1.1).

use crate::Hash;

/// A perfect subtree: the leaves `[index << level, (index + 1) << level)`. Its hash never changes once they are there.
///
/// `level` is below 64 and the subtree ends within `u64`, which is true of every node that this crate names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash)]
pub struct NodeId {
    /// 0 for a leaf.
    pub level: u8,
    /// Counted from the left in its level.
    pub index: u64,
}

impl NodeId {
    /// The index of its first leaf.
    pub fn first(self) -> u64 {
        self.index << self.level
    }

    /// The index behind its last leaf.
    pub fn end(self) -> u64 {
        self.first() + (1 << self.level)
    }
}

/// The largest perfect subtrees that make up the leaves `[start, end)`, left to right: at most 126, and of `[0, end)` at
/// most 64, one for each bit of `end`. Empty if `end <= start`.
pub fn cover(mut start: u64, end: u64) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    while start < end {
        // The largest that may begin here, and the largest that fits. Zero is aligned to everything.
        let level = level_of(start.trailing_zeros().min((end - start).ilog2()));
        nodes.push(NodeId {
            level,
            index: start >> level,
        });
        start += 1 << level;
    }
    nodes
}

/// The hash over neighbouring perfect subtrees of falling size, as [`cover`] finds them from an aligned start: the root of
/// that part of the tree. `None` without any.
pub(crate) fn fold(hashes: &[Hash]) -> Option<Hash> {
    let (last, rest) = hashes.split_last()?;
    Some(rest.iter().rfold(*last, |right, left| Hash::node(left, &right)))
}

/// A level, counted in the bits of a leaf's index or a tree's size.
pub(crate) fn level_of(bits: u32) -> u8 {
    u8::try_from(bits).expect("an index has 64 bits")
}

/// How many nodes a tree of `size` leaves has at `level`, the clipped one included.
pub(crate) fn width(size: u64, level: u8) -> u64 {
    let whole = size >> level;
    whole + u64::from(whole << level != size)
}

/// The siblings on the way from `node` to the root of a tree of `size` leaves, bottom up. One of them may be clipped.
pub(crate) fn siblings(node: NodeId, size: u64) -> impl Iterator<Item = NodeId> {
    (node.level..LEVELS)
        .map(move |level| NodeId {
            level,
            index: (node.index >> (level - node.level)) ^ 1,
        })
        .filter(move |sibling| sibling.index < width(size, sibling.level))
}

/// What lies behind the leaves `[0, end)` of a tree of `size` leaves: its largest subtrees there, left to right. The last
/// may be clipped.
pub(crate) fn right_of(end: u64, size: u64) -> impl Iterator<Item = NodeId> {
    (0..LEVELS)
        .map(move |level| NodeId {
            level,
            index: width(end, level),
        })
        .filter(move |node| node.index % 2 == 1 && node.index < width(size, node.level))
}

/// A size has 64 bits.
const LEVELS: u8 = 64;
