//! Proofs of many scattered leaves at once, in the format of the crate rs_merkle: shorter than one inclusion proof each,
//! because what their paths share is sent once.
//!
//! rs_merkle makes the plan and has the last word on the proof, but it never meets what it does not handle: given a leaf
//! twice its verifier accepts forged hashes, and it ignores hashes behind those it needs. What it gets here is strictly
//! increasing, inside the tree of a head, and has the exact number of hashes.

use rs_merkle::utils::indices::proof_indices_by_layers;
use rs_merkle::{Hasher, MerkleProof};

use crate::proof::recipe::Recipe;
use crate::verify::{same_count, same_root};
use crate::{BadProof, Hash, NodeId, OutOfTree, TreeHead, WrongCount};

/// The most leaves in a batch. rs_merkle takes time by the square of their number: in a tree of a million leaves, a few
/// milliseconds for 1,000 of them and 0.2 s for 10,000; for 1,000 in the largest tree that can be, 20 ms.
pub const BATCH_MAX: usize = 1000;

/// Plans the proof that the leaves with these indices, 1 to [`BATCH_MAX`] of them in strictly increasing order, are in the
/// tree of `size` leaves. Their own hashes are not part of it.
pub fn plan_batch(indices: &[u64], size: u64) -> Result<BatchPlan, BadBatch> {
    Ok(BatchPlan {
        recipe: recipe(&places(indices, size)?, size)?,
    })
}

/// Checks that leaves, given as index and hash, 1 to [`BATCH_MAX`] of them in strictly increasing order, are in the tree
/// of `head`, by the hashes that [`BatchPlan::finish`] has made.
pub fn check_batch(leaves: &[(u64, Hash)], hashes: &[Hash], head: &TreeHead) -> Result<IncludedMany, BadProof> {
    let (indices, leaf_hashes): (Vec<u64>, Vec<[u8; Hash::BYTES]>) =
        leaves.iter().map(|(index, hash)| (*index, *hash.as_bytes())).unzip();
    let places = places(&indices, head.size)?;
    same_count(hashes.len(), recipe(&places, head.size)?.hash_count())?;

    let proof = MerkleProof::<Rfc6962>::new(hashes.iter().map(|hash| *hash.as_bytes()).collect());
    let computed = proof
        .root(&places, &leaf_hashes, word(head.size)?)
        .map_err(|_missing| BadProof::TooFewHashes { got: hashes.len() })?;
    same_root(Hash::from(computed), head)?;
    Ok(IncludedMany {
        leaves: leaves.to_vec(),
        head: *head,
    })
}

/// A batch proof for which the nodes are still to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPlan {
    recipe: Recipe,
}

impl BatchPlan {
    /// The nodes to fetch, none of them twice: at most 64 a leaf, and 63 more at the right edge.
    pub fn nodes(&self) -> &[NodeId] {
        self.recipe.nodes()
    }

    /// Makes the proof's hashes, in the order of rs_merkle, of those of [`nodes`](BatchPlan::nodes), given in that order.
    pub fn finish(&self, hashes: &[Hash]) -> Result<Vec<Hash>, WrongCount> {
        self.recipe.fold(hashes)
    }
}

/// Leaves that are in a tree. Only [`check_batch`] makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncludedMany {
    leaves: Vec<(u64, Hash)>,
    head: TreeHead,
}

impl IncludedMany {
    /// Index and hash of each leaf, in increasing order.
    pub fn leaves(&self) -> &[(u64, Hash)] {
        &self.leaves
    }

    /// The tree that they are in.
    pub fn head(&self) -> TreeHead {
        self.head
    }
}

/// Leaves that nobody can prove in one batch: the fault of whoever chose them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBatch {
    /// No leaves, or more than [`BATCH_MAX`].
    #[error("a batch has 1 to {BATCH_MAX} leaves, not {got}")]
    Count {
        /// How many there were.
        got: usize,
    },
    /// A leaf that stands behind another of the same or a larger index.
    #[error("leaf {index} stands behind leaf {before}: indices must increase")]
    NotIncreasing {
        /// The earlier one of the two.
        before: u64,
        /// The later one.
        index: u64,
    },
    /// A leaf beyond the tree.
    #[error(transparent)]
    OutOfTree(#[from] OutOfTree),
    /// A tree with more leaves than a machine word counts; not met on 64 bits.
    #[error("a tree of {size} leaves is too large for batch proofs on this machine")]
    TooLarge {
        /// The number of leaves.
        size: u64,
    },
}

/// The indices as rs_merkle wants them, once they are known to be such as it can handle.
fn places(indices: &[u64], size: u64) -> Result<Vec<usize>, BadBatch> {
    let Some(&last) = indices.last().filter(|_| indices.len() <= BATCH_MAX) else {
        return Err(BadBatch::Count { got: indices.len() });
    };
    if let Some((before, index)) = indices
        .iter()
        .zip(&indices[1..])
        .find(|(before, index)| before >= index)
    {
        return Err(BadBatch::NotIncreasing {
            before: *before,
            index: *index,
        });
    }
    if last >= size {
        return Err(OutOfTree::Index { index: last, size }.into());
    }
    indices.iter().map(|&index| word(index)).collect()
}

/// The nodes that rs_merkle wants in a proof. It counts them as we do (see `node`): a node without a sibling is its own
/// parent, so that what is clipped at the right edge is the hash of the leaves that are there.
fn recipe(places: &[usize], size: u64) -> Result<Recipe, BadBatch> {
    let layers = proof_indices_by_layers(places, word(size)?);
    let wanted = (0..).zip(layers).flat_map(|(level, places)| {
        places.into_iter().map(move |place| NodeId {
            level,
            index: place as u64,
        })
    });
    Ok(Recipe::of(wanted, size))
}

fn word(number: u64) -> Result<usize, BadBatch> {
    usize::try_from(number).map_err(|_| BadBatch::TooLarge { size: number })
}

/// The hashing of RFC 6962 for rs_merkle.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; Hash::BYTES];

    fn hash(entry: &[u8]) -> Self::Hash {
        *Hash::leaf(entry).as_bytes()
    }

    fn concat_and_hash(left: &Self::Hash, right: Option<&Self::Hash>) -> Self::Hash {
        right.map_or(*left, |right| {
            *Hash::node(&Hash::from(*left), &Hash::from(*right)).as_bytes()
        })
    }
}
