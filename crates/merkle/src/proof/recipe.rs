//! What all plans have in common: nodes to fetch, hashes to make of them.

use crate::{Hash, NodeId, WrongCount, node};

/// The perfect nodes that a proof is made of, and how they fold into its hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// What to fetch, in the order of the proof, none of them twice.
    nodes: Vec<NodeId>,
    /// For each hash of the proof, how many of the nodes fold into it: more than one only at the right edge.
    terms: Vec<usize>,
}

impl Recipe {
    /// The recipe for the hashes of these nodes, in this order, in a tree of `size` leaves that may clip them.
    pub(crate) fn of(wanted: impl IntoIterator<Item = NodeId>, size: u64) -> Recipe {
        let mut recipe = Recipe {
            nodes: Vec::new(),
            terms: Vec::new(),
        };
        for node in wanted {
            let parts = if node.index < size >> node.level {
                vec![node]
            } else {
                node::cover(node.first(), size)
            };
            recipe.terms.push(parts.len());
            recipe.nodes.extend(parts);
        }
        recipe
    }

    pub(crate) fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// How many hashes the proof will have.
    pub(crate) fn hash_count(&self) -> usize {
        self.terms.len()
    }

    /// Makes the proof's hashes of those of [`Recipe::nodes`].
    pub(crate) fn fold(&self, hashes: &[Hash]) -> Result<Vec<Hash>, WrongCount> {
        WrongCount::check(self.nodes.len(), hashes)?;
        let mut rest = hashes;
        let folded = self.terms.iter().map(|&count| {
            let (parts, behind) = rest.split_at(count);
            rest = behind;
            node::fold(parts).expect("every wanted node has at least one leaf")
        });
        Ok(folded.collect())
    }
}
