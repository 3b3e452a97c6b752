//! That a tree has grown out of an earlier one and kept all its leaves (RFC 9162, 2.1.4).

use std::iter;

use super::out_of_tree::OutOfTree;
use super::recipe::Recipe;
use crate::{Hash, NodeId, WrongCount, node};

/// Plans the proof that the tree of `new` leaves begins with those of the tree of `old`: at most 127 nodes for at most 65
/// hashes. None for `old` 0, of which every tree is a continuation, and for `old` equal to `new`.
pub fn consistency(old: u64, new: u64) -> Result<ConsistencyPlan, OutOfTree> {
    if old > new {
        return Err(OutOfTree::OldSize { old, new });
    }
    let wanted = if old == 0 || old == new {
        Vec::new()
    } else {
        path(old, new)
    };
    Ok(ConsistencyPlan {
        old_size: old,
        new_size: new,
        recipe: Recipe::of(wanted, new),
    })
}

/// Plans the proof of what the head of the first `old` leaves of the tree of `new` leaves is, `old` being neither 0 nor all of
/// them: at most 127 nodes for at most 65 hashes.
///
/// It is the consistency proof with the one hash that is left out there for verifiers who hold the old head: a verifier who
/// doubts that head must not take it from there (SUBPROOF of RFC 9162, 2.1.4.1, with `b` false).
pub fn prefix(old: u64, new: u64) -> Result<PrefixPlan, OutOfTree> {
    if old == 0 || old >= new {
        return Err(OutOfTree::Prefix { old, new });
    }
    let last = last_subtree(old);
    let wanted = iter::once(last).chain(node::siblings(last, new));
    Ok(PrefixPlan {
        recipe: Recipe::of(wanted, new),
    })
}

/// The way from the last perfect subtree of the old tree to the root of the new one. The verifier needs that subtree's own
/// hash first, unless it is the whole old tree, whose root it has.
fn path(old: u64, new: u64) -> Vec<NodeId> {
    let last = last_subtree(old);
    let known = old.is_power_of_two();
    (!known)
        .then_some(last)
        .into_iter()
        .chain(node::siblings(last, new))
        .collect()
}

/// The last of the perfect subtrees that make up a tree with leaves.
fn last_subtree(size: u64) -> NodeId {
    let level = node::level_of(size.trailing_zeros());
    NodeId {
        level,
        index: (size >> level) - 1,
    }
}

/// A proof of a head for which the nodes are still to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixPlan {
    recipe: Recipe,
}

impl PrefixPlan {
    /// The nodes to fetch.
    pub fn nodes(&self) -> &[NodeId] {
        self.recipe.nodes()
    }

    /// Makes the hashes for [`crate::check_prefix`] of those of [`nodes`](PrefixPlan::nodes), given in that order.
    pub fn finish(&self, hashes: &[Hash]) -> Result<Vec<Hash>, WrongCount> {
        self.recipe.fold(hashes)
    }
}

/// A consistency proof for which the nodes are still to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyPlan {
    old_size: u64,
    new_size: u64,
    recipe: Recipe,
}

impl ConsistencyPlan {
    /// The nodes to fetch.
    pub fn nodes(&self) -> &[NodeId] {
        self.recipe.nodes()
    }

    /// Makes the proof of the hashes of [`nodes`](ConsistencyPlan::nodes), given in that order.
    pub fn finish(&self, hashes: &[Hash]) -> Result<ConsistencyProof, WrongCount> {
        Ok(ConsistencyProof::new(
            self.old_size,
            self.new_size,
            self.recipe.fold(hashes)?,
        ))
    }
}

/// The claim that the tree of `new_size` leaves begins with those of the tree of `old_size`. To be checked by
/// [`crate::check_consistency`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    old_size: u64,
    new_size: u64,
    hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// A proof as it was received.
    pub fn new(old_size: u64, new_size: u64, hashes: Vec<Hash>) -> ConsistencyProof {
        ConsistencyProof {
            old_size,
            new_size,
            hashes,
        }
    }

    /// The size of the earlier tree.
    pub fn old_size(&self) -> u64 {
        self.old_size
    }

    /// The size of the later tree.
    pub fn new_size(&self) -> u64 {
        self.new_size
    }

    /// The hashes in the order of RFC 9162.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}
