//! Checks proofs against a tree head: inclusion and consistency by the steps of RFC 9162 (2.1.3.2, 2.1.4.2), ranges by
//! docs/formats.md.
//!
//! Makes no proofs (see [`crate::proof`]) and authenticates no heads. A check that succeeds returns a value that nothing
//! else can make, so that a function that asks for an [`Included`] cannot be called by mistake with something unchecked.
//!
//! Everything but the head may come from an enemy: sizes up to `u64::MAX`, any number of hashes.

mod consistency;
mod inclusion;
mod range;

pub use self::consistency::{Consistent, check_consistency, check_prefix};
pub use self::inclusion::{Included, check_inclusion};
pub use self::range::{IncludedRange, check_range};

use crate::{BadBatch, Hash, OutOfTree, TreeHead};

/// Why a proof does not hold. Unless the caller took the wrong head or leaf, whoever made the proof is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// It is about a tree of another size than the head.
    #[error("the proof is about a tree of {proof} leaves, the head about one of {head}")]
    SizeDiffers {
        /// The size that the proof names.
        proof: u64,
        /// The size of the head.
        head: u64,
    },
    /// It is about leaves that its own tree does not have.
    #[error(transparent)]
    OutOfTree(#[from] OutOfTree),
    /// A range proof came with another number of leaves than its range has.
    #[error("the proof is about {expected} leaves, {got} were given")]
    LeafCount {
        /// How many the range has.
        expected: u64,
        /// How many there were.
        got: u64,
    },
    /// It has not enough hashes to reach the root.
    #[error("{got} hashes are too few for this proof")]
    TooFewHashes {
        /// How many there were.
        got: usize,
    },
    /// It has hashes left over when the root is reached.
    #[error("{got} hashes are too many for this proof")]
    TooManyHashes {
        /// How many there were.
        got: usize,
    },
    /// Its hashes lead to another root.
    #[error("the root of {size} leaves is {expected}, the proof leads to {computed}")]
    RootDiffers {
        /// The size of the tree: of the two in a consistency proof, it tells which.
        size: u64,
        /// The root in the head.
        expected: Hash,
        /// The root that leaves and proof lead to.
        computed: Hash,
    },
    /// A batch proof was asked for with indices that cannot be: here the caller is at fault.
    #[error(transparent)]
    Batch(#[from] BadBatch),
}

/// Refuses a proof about a tree of another size than the head's.
fn same_size(proof: u64, head: &TreeHead) -> Result<(), BadProof> {
    if proof == head.size {
        Ok(())
    } else {
        Err(BadProof::SizeDiffers { proof, head: head.size })
    }
}

/// Refuses a root other than the head's.
pub(crate) fn same_root(computed: Hash, head: &TreeHead) -> Result<(), BadProof> {
    let &TreeHead { size, root: expected } = head;
    if computed == expected {
        Ok(())
    } else {
        Err(BadProof::RootDiffers {
            size,
            expected,
            computed,
        })
    }
}

/// Refuses any number of hashes but the one that the shape of the tree asks for.
pub(crate) fn same_count(got: usize, expected: usize) -> Result<(), BadProof> {
    match got.cmp(&expected) {
        std::cmp::Ordering::Less => Err(BadProof::TooFewHashes { got }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(BadProof::TooManyHashes { got }),
    }
}
