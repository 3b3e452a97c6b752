//! Trees larger than any memory, from a few leaves short of 2^40 up to the largest that a `u64` can count. All their leaves
//! are the same, so that a perfect node is known by its level alone.

use std::collections::HashSet;

use indelible_merkle::{
    BadProof, CompactRange, Hash, InclusionProof, NodeId, RangeProof, TreeHead, check_batch, check_consistency,
    check_inclusion, check_range, plan_batch, proof,
};

use crate::tree::Random;

#[test]
fn proofs_of_any_leaf_hold_and_stay_small() {
    let tree = Uniform::new();
    for size in sizes() {
        let head = tree.head(size);
        for index in places(size) {
            let plan = proof::inclusion(index, size).unwrap();
            check_nodes(plan.nodes(), 126, size);
            let proof = plan.finish(&tree.fetch(plan.nodes())).unwrap();
            assert!(proof.hashes().len() <= log2(size));
            assert!(check_inclusion(tree.0[0], &proof, &head).is_ok());
            let short = InclusionProof::new(index, size, proof.hashes()[1..].to_vec());
            assert!(check_inclusion(tree.0[0], &short, &head).is_err());

            let batch: Vec<u64> = [index / 3, index / 2, index].into();
            if batch[0] < batch[1] && batch[1] < batch[2] {
                let plan = plan_batch(&batch, size).unwrap();
                check_nodes(plan.nodes(), 3 * 63 + 63, size);
                let hashes = plan.finish(&tree.fetch(plan.nodes())).unwrap();
                let leaves: Vec<(u64, Hash)> = batch.iter().map(|&index| (index, tree.0[0])).collect();
                assert!(check_batch(&leaves, &hashes, &head).is_ok());
                assert!(check_batch(&leaves, &hashes[1..], &head).is_err());
            }
        }
    }
}

#[test]
fn proofs_between_any_sizes_hold_and_stay_small() {
    let tree = Uniform::new();
    for new in sizes() {
        for old in places(new) {
            let plan = proof::consistency(old, new).unwrap();
            check_nodes(plan.nodes(), 127, new);
            let proof = plan.finish(&tree.fetch(plan.nodes())).unwrap();
            assert!(proof.hashes().len() <= log2(new) + 1);
            assert!(check_consistency(&proof, &tree.head(old), &tree.head(new)).is_ok());
        }
    }
}

#[test]
fn proofs_of_any_run_hold_and_stay_small() {
    let tree = Uniform::new();
    for size in sizes() {
        let head = tree.head(size);
        for start in places(size) {
            for count in [1, 2, 3, 8, 100, 1000]
                .into_iter()
                .filter(|&count| count <= size - start)
            {
                let end = start + count;
                let plan = proof::range(start, end, size).unwrap();
                check_nodes(plan.nodes(), 189, size);
                let proof = plan.finish(&tree.fetch(plan.nodes())).unwrap();
                assert!(proof.hashes().len() <= 2 * log2(size));
                let leaves = vec![tree.0[0]; count as usize];
                let included = check_range(&leaves, &proof, &head).unwrap();
                assert_eq!(included.head_before(), tree.head(start));
                let last = included.inclusion(end - 1).unwrap();
                assert!(check_inclusion(tree.0[0], &last, &head).is_ok());

                let too_many = [proof.hashes(), &leaves[..1]].concat();
                let refused = check_range(&leaves, &RangeProof::new(start, end, size, too_many), &head);
                assert!(matches!(refused, Err(BadProof::TooManyHashes { .. })));
            }
        }
        // The longest runs have the shortest proofs.
        for (start, end) in [(0, size), (1, size), (0, size - 1), (1, size - 1)] {
            check_nodes(proof::range(start, end, size).unwrap().nodes(), 2, size);
        }
    }
}

/// The perfect nodes of a tree of equal leaves, by level.
struct Uniform(Vec<Hash>);

impl Uniform {
    fn new() -> Uniform {
        let above = |hash: &Hash| Some(Hash::node(hash, hash));
        Uniform(
            std::iter::successors(Some(Hash::leaf(b"again")), above)
                .take(64)
                .collect(),
        )
    }

    fn fetch(&self, nodes: &[NodeId]) -> Vec<Hash> {
        nodes.iter().map(|node| self.0[usize::from(node.level)]).collect()
    }

    fn head(&self, size: u64) -> TreeHead {
        let edge = self.fetch(&CompactRange::nodes_of(size));
        CompactRange::from_hashes(size, edge)
            .expect("as many as asked for")
            .head()
    }
}

/// No plan asks for a node twice, for more than `most`, or for one that the tree does not have.
fn check_nodes(nodes: &[NodeId], most: usize, size: u64) {
    assert!(nodes.len() <= most, "{} nodes", nodes.len());
    assert_eq!(nodes.iter().collect::<HashSet<_>>().len(), nodes.len());
    assert!(nodes.iter().all(|node| node.index < size >> node.level));
}

fn sizes() -> impl Iterator<Item = u64> {
    let around = |size: u64| [size - 1, size, size + 1];
    [1 << 40, 1 << 62, 1 << 63]
        .into_iter()
        .flat_map(around)
        .chain([0x5555_5555_5555_5555, u64::MAX - 1, u64::MAX])
}

/// Some places in a tree, its edges among them.
fn places(size: u64) -> impl Iterator<Item = u64> {
    let mut random = Random(size);
    let edges = [
        0,
        1,
        2,
        255,
        256,
        (1 << 40) - 2,
        size / 2,
        size / 2 + 1,
        size - 2,
        size - 1,
    ];
    edges.into_iter().chain((0..30).map(move |_| random.below(size)))
}

/// The logarithm, rounded up.
fn log2(size: u64) -> usize {
    (64 - (size - 1).leading_zeros()) as usize
}
