//! That a leaf is in a tree (RFC 9162, 2.1.3).

use super::out_of_tree::OutOfTree;
use super::recipe::Recipe;
use crate::{Hash, NodeId, WrongCount, node};

/// Plans the proof that leaf `index` is in the tree of `size` leaves: at most 126 nodes for at most 64 hashes.
pub fn inclusion(index: u64, size: u64) -> Result<InclusionPlan, OutOfTree> {
    if index >= size {
        return Err(OutOfTree::Index { index, size });
    }
    let recipe = Recipe::of(node::siblings(NodeId { level: 0, index }, size), size);
    Ok(InclusionPlan { index, size, recipe })
}

/// An inclusion proof for which the nodes are still to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionPlan {
    index: u64,
    size: u64,
    recipe: Recipe,
}

impl InclusionPlan {
    /// The nodes to fetch.
    pub fn nodes(&self) -> &[NodeId] {
        self.recipe.nodes()
    }

    /// Makes the proof of the hashes of [`nodes`](InclusionPlan::nodes), given in that order.
    pub fn finish(&self, hashes: &[Hash]) -> Result<InclusionProof, WrongCount> {
        Ok(InclusionProof::new(self.index, self.size, self.recipe.fold(hashes)?))
    }
}

/// The claim that a leaf stands at `index` in a tree of `size` leaves. To be checked by [`crate::check_inclusion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    index: u64,
    size: u64,
    hashes: Vec<Hash>,
}

impl InclusionProof {
    /// A proof as it was received.
    pub fn new(index: u64, size: u64, hashes: Vec<Hash>) -> InclusionProof {
        InclusionProof { index, size, hashes }
    }

    /// Where the leaf stands.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The size of the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The siblings on the way to the root, the leaf's own first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}
