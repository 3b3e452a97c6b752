//! What no proof can be about.

/// A question about leaves that the tree does not have: whoever asked is wrong, or ahead of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfTree {
    /// A leaf beyond the last one.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    Index {
        /// The leaf asked for.
        index: u64,
        /// The number of leaves.
        size: u64,
    },
    /// An older tree that is the larger one.
    #[error("a tree of {old} leaves cannot be an earlier state of one of {new}")]
    OldSize {
        /// The size of the tree that should be the older one.
        old: u64,
        /// The size of the tree that should be the newer one.
        new: u64,
    },
    /// An older tree whose head nobody needs to prove: it is empty, or not the smaller one.
    #[error("the head of {old} leaves of a tree of {new} is none to be proved")]
    Prefix {
        /// The size of the tree that should be the older one.
        old: u64,
        /// The size of the tree that should be the newer one.
        new: u64,
    },
    /// A range that is empty, upside down, or ends beyond the last leaf.
    #[error("[{start}, {end}) is not a range of leaves of a tree of {size}")]
    Range {
        /// The first leaf asked for.
        start: u64,
        /// The leaf behind the last one asked for.
        end: u64,
        /// The number of leaves.
        size: u64,
    },
}
