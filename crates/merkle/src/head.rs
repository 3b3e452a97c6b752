//! What a log signs: how many leaves its tree has, and their root.

use crate::Hash;

/// The size of a tree and its root. Whoever knows both can check every proof about it.
///
/// A `TreeHead` is only as good as where it came from: this crate computes heads, it does not sign or authenticate them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The Merkle tree hash of all of them (RFC 9162, 2.1.1).
    pub root: Hash,
}

impl TreeHead {
    /// The head of the tree without leaves.
    pub const EMPTY: TreeHead = TreeHead {
        size: 0,
        root: Hash::EMPTY_ROOT,
    };
}
