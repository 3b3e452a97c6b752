//! The crate as a log uses it: a tree that grew, and proofs by plan, fetch, finish.

use indelible_merkle::{
    CompactRange, ConsistencyProof, Growth, Hash, InclusionProof, NodeId, RangeProof, TreeHead, proof,
};

/// A tree with all its perfect nodes at hand.
pub(crate) struct Tree {
    growth: Growth,
}

impl Tree {
    pub(crate) fn new(entries: &[Vec<u8>]) -> Tree {
        let leaves = entries.iter().map(|entry| Hash::leaf(entry)).collect();
        Tree {
            growth: CompactRange::new().extend(leaves),
        }
    }

    pub(crate) fn leaf(&self, index: u64) -> Hash {
        self.growth.leaves()[index as usize]
    }

    pub(crate) fn leaves(&self, start: u64, end: u64) -> &[Hash] {
        &self.growth.leaves()[start as usize..end as usize]
    }

    pub(crate) fn fetch(&self, nodes: &[NodeId]) -> Vec<Hash> {
        nodes
            .iter()
            .map(|&id| self.growth.node(id).expect("plans name nodes that are complete"))
            .collect()
    }

    pub(crate) fn head(&self, size: u64) -> TreeHead {
        let edge = self.fetch(&CompactRange::nodes_of(size));
        CompactRange::from_hashes(size, edge)
            .expect("as many as asked for")
            .head()
    }

    pub(crate) fn inclusion(&self, index: u64, size: u64) -> InclusionProof {
        let plan = proof::inclusion(index, size).expect("the leaf is in the tree");
        plan.finish(&self.fetch(plan.nodes())).expect("as many as asked for")
    }

    pub(crate) fn consistency(&self, old: u64, new: u64) -> ConsistencyProof {
        let plan = proof::consistency(old, new).expect("the old tree is not larger");
        plan.finish(&self.fetch(plan.nodes())).expect("as many as asked for")
    }

    pub(crate) fn range(&self, start: u64, end: u64, size: u64) -> RangeProof {
        let plan = proof::range(start, end, size).expect("the range is in the tree");
        plan.finish(&self.fetch(plan.nodes())).expect("as many as asked for")
    }
}

/// Entries of two bytes, all different.
pub(crate) fn entries(count: u16) -> Vec<Vec<u8>> {
    (0..count).map(|number| number.to_be_bytes().to_vec()).collect()
}

/// The hash with one of its 256 bits turned over.
pub(crate) fn flipped(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::from(bytes)
}

/// Every list of hashes that differs from this one in a single bit.
pub(crate) fn flips(hashes: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    (0..hashes.len() * 256).map(|bit| with_flip(hashes, bit / 256, bit % 256))
}

/// For each hash, the list in which one bit of it is turned over, at random.
pub(crate) fn some_flips(hashes: &[Hash], random: &mut Random) -> Vec<Vec<Hash>> {
    (0..hashes.len())
        .map(|place| with_flip(hashes, place, random.below(256) as usize))
        .collect()
}

/// The list with a hash more or less, at either end.
pub(crate) fn of_other_length(hashes: &[Hash]) -> Vec<Vec<Hash>> {
    let extra = Hash::leaf(b"one too many");
    let mut lists = vec![[hashes, &[extra]].concat(), [&[extra], hashes].concat()];
    if let ([_, behind @ ..], [before @ .., last]) = (hashes, hashes) {
        lists.extend([behind.to_vec(), before.to_vec(), [hashes, &[*last]].concat()]);
    }
    lists
}

fn with_flip(hashes: &[Hash], place: usize, bit: usize) -> Vec<Hash> {
    let mut hashes = hashes.to_vec();
    hashes[place] = flipped(hashes[place], bit);
    hashes
}

/// Numbers that look random and are the same in every run (the generator is splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
