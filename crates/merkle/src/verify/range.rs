//! Range proofs (docs/formats.md), checked layer by layer instead of by their recursive definition: what is computed on
//! the way is then at hand, in order, for the inclusion proof of every leaf of the run.

use super::{BadProof, same_count, same_root, same_size};
use crate::{Hash, InclusionProof, OutOfTree, RangeProof, TreeHead, node};

/// Checks that these leaf hashes stand in the tree of `head`, next to each other and in this order, where the proof says.
/// About one node hash a leaf, and at most 126 more.
pub fn check_range(leaves: &[Hash], proof: &RangeProof, head: &TreeHead) -> Result<IncludedRange, BadProof> {
    same_size(proof.size(), head)?;
    let (start, end, size) = (proof.start(), proof.end(), proof.size());
    if start >= end || end > size {
        return Err(OutOfTree::Range { start, end, size }.into());
    }
    let (expected, got) = (end - start, leaves.len() as u64);
    if got != expected {
        return Err(BadProof::LeafCount { expected, got });
    }
    // The hashes left of the range are one for each bit of its start, as they would be in a tree that ended there.
    let left_count = start.count_ones() as usize;
    same_count(proof.hashes().len(), left_count + node::right_of(end, size).count())?;
    let (left, right) = proof.hashes().split_at(left_count);

    let layers = climb(leaves.to_vec(), left, right, start..end, size);
    // The climb ends at the layer of the root alone.
    same_root(layers[layers.len() - 1].hashes[0], head)?;
    Ok(IncludedRange {
        start,
        end,
        left: left.to_vec(),
        layers,
        head: *head,
    })
}

/// Computes the nodes above the run, layer by layer, up to the root. Each layer begins with a left child and ends with a
/// right child or the last node of the tree's layer; a margin that the run does not cover is taken from the proof, whose
/// left hashes come largest first and right hashes smallest first.
fn climb(leaves: Vec<Hash>, left: &[Hash], right: &[Hash], run: std::ops::Range<u64>, size: u64) -> Vec<Layer> {
    let (mut left, mut right) = (left.iter().rev(), right.iter());
    let (mut start, mut end, mut width) = (run.start, run.end, size);
    let mut nodes = leaves;
    let mut layers = Vec::new();
    loop {
        let mut hashes = Vec::with_capacity(nodes.len() + 2);
        if start % 2 == 1 {
            hashes.extend(left.next());
        }
        hashes.append(&mut nodes);
        if end % 2 == 1 && end < width {
            hashes.extend(right.next());
        }
        nodes = hashes.chunks(2).map(parent).collect();
        layers.push(Layer {
            start: start - start % 2,
            hashes,
        });
        if width == 1 {
            return layers;
        }
        (start, end, width) = (start / 2, end.div_ceil(2), width.div_ceil(2));
    }
}

/// The node above two children, or above a clipped one that has no sibling.
fn parent(children: &[Hash]) -> Hash {
    if let [left, right] = children {
        Hash::node(left, right)
    } else {
        children[0]
    }
}

/// Neighbouring leaves that are in a tree, and what it takes to prove each of them alone. Only [`check_range`] makes one.
///
/// Holds about twice as many hashes as leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncludedRange {
    start: u64,
    end: u64,
    /// The perfect subtrees left of the run, the largest first.
    left: Vec<Hash>,
    /// From the leaves to the root.
    layers: Vec<Layer>,
    head: TreeHead,
}

/// Neighbouring nodes of one layer, clipped ones included.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Layer {
    /// The place of the first, always even.
    start: u64,
    hashes: Vec<Hash>,
}

impl IncludedRange {
    /// The index of the first leaf.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The index behind the last leaf.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The tree that they are in.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The leaf hashes.
    pub fn leaves(&self) -> &[Hash] {
        let margin = usize::from(self.start % 2 == 1);
        let count = usize::try_from(self.end - self.start).expect("the run was in memory when it was checked");
        &self.layers[0].hashes[margin..][..count]
    }

    /// The inclusion proof of one leaf of the run, without asking anybody and without hashing: one look-up a layer.
    /// `None` if the leaf is not in the run.
    pub fn inclusion(&self, index: u64) -> Option<InclusionProof> {
        if index < self.start || index >= self.end {
            return None;
        }
        // All layers but the last, which is the root alone.
        let below_root = &self.layers[..self.layers.len() - 1];
        let siblings = below_root.iter().enumerate().filter_map(|(level, layer)| {
            let place = ((index >> level) ^ 1) - layer.start;
            layer.hashes.get(usize::try_from(place).ok()?).copied()
        });
        Some(InclusionProof::new(index, self.head.size, siblings.collect()))
    }

    /// The head of the tree as it was before the run: whoever already trusts exactly this head needs no consistency proof
    /// to trust [`head`](IncludedRange::head). At most 63 node hashes.
    pub fn head_before(&self) -> TreeHead {
        TreeHead {
            size: self.start,
            root: node::fold(&self.left).unwrap_or(Hash::EMPTY_ROOT),
        }
    }
}
