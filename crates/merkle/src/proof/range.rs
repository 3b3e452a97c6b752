//! That a run of neighbouring leaves is in a tree (docs/formats.md, "Range proof").

use super::out_of_tree::OutOfTree;
use super::recipe::Recipe;
use crate::{Hash, NodeId, WrongCount, node};

/// Plans the proof that the leaves `[start, end)` are in the tree of `size` leaves: at most 189 nodes for at most 126
/// hashes, whatever the length of the run.
pub fn range(start: u64, end: u64, size: u64) -> Result<RangePlan, OutOfTree> {
    if start >= end || end > size {
        return Err(OutOfTree::Range { start, end, size });
    }
    let wanted = node::cover(0, start).into_iter().chain(node::right_of(end, size));
    Ok(RangePlan {
        start,
        end,
        size,
        recipe: Recipe::of(wanted, size),
    })
}

/// A range proof for which the nodes are still to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangePlan {
    start: u64,
    end: u64,
    size: u64,
    recipe: Recipe,
}

impl RangePlan {
    /// The nodes to fetch.
    pub fn nodes(&self) -> &[NodeId] {
        self.recipe.nodes()
    }

    /// Makes the proof of the hashes of [`nodes`](RangePlan::nodes), given in that order.
    pub fn finish(&self, hashes: &[Hash]) -> Result<RangeProof, WrongCount> {
        Ok(RangeProof::new(
            self.start,
            self.end,
            self.size,
            self.recipe.fold(hashes)?,
        ))
    }
}

/// The claim that a run of leaves stands at `[start, end)` in a tree of `size` leaves. To be checked by
/// [`crate::check_range`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeProof {
    start: u64,
    end: u64,
    size: u64,
    hashes: Vec<Hash>,
}

impl RangeProof {
    /// A proof as it was received.
    pub fn new(start: u64, end: u64, size: u64, hashes: Vec<Hash>) -> RangeProof {
        RangeProof {
            start,
            end,
            size,
            hashes,
        }
    }

    /// The index of the first leaf.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The index behind the last leaf.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The size of the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The largest subtrees outside the range, left to right.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}
