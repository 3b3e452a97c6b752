//! Hashes over all answers for trees up to 130 leaves, each computed independently before: the first three are those of
//! draft-ietf-plants-merkle-tree-certs, the last one is that of docs/formats.md.

use std::fmt::Write;

use indelible_merkle::{CompactRange, Hash, NodeId, proof};
use sha2::{Digest, Sha256};

use crate::reference::{Known, Reference};
use crate::tree::Tree;

#[test]
fn subtree_hashes() {
    let mut lines = Lines::default();
    for (start, end) in subtrees() {
        let mut tree = CompactRange::new();
        tree.extend(Tree::new(&entries()).leaves(start, end).to_vec());
        lines.add(format_args!("[{start}, {end}) {}", tree.root()), &[]);
    }
    lines.check(712, "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81");
}

#[test]
fn inclusion_in_subtrees() {
    let tree = Tree::new(&entries());
    let mut lines = Lines::default();
    for (start, end) in subtrees() {
        for index in start..end {
            // A valid subtree begins where all its perfect nodes may: planned as a tree of its own, they move as a whole.
            let plan = proof::inclusion(index - start, end - start).unwrap();
            let moved = |node: &NodeId| NodeId {
                level: node.level,
                index: node.index + (start >> node.level),
            };
            let nodes: Vec<NodeId> = plan.nodes().iter().map(moved).collect();
            let proof = plan.finish(&tree.fetch(&nodes)).unwrap();
            lines.add(format_args!("{index} [{start}, {end})"), proof.hashes());
        }
    }
    lines.check(
        12_807,
        "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f",
    );
}

#[test]
fn consistency_of_subtrees() {
    let (tree, reference) = (Tree::new(&entries()), Reference::new(entries()));
    let mut lines = Lines::default();
    for size in 0..=130 {
        for (start, end) in subtrees().filter(|(_, end)| *end <= size) {
            let hashes = match (start, end) {
                (0, end) => tree.consistency(end, size).hashes().to_vec(),
                // The crate proves consistency of trees, which begin at 0; the definition covers the rest.
                (start, end) if start < end => reference.subproof((start, end), 0, size, Known::Yes),
                _ => Vec::new(),
            };
            lines.add(format_args!("[{start}, {end}) {size}"), &hashes);
        }
    }
    lines.check(
        42_893,
        "10fa99b37bf9bf9ffa26b412fbd98bd75363256d0b75d61bc4538b9c9c5a0a74",
    );
}

#[test]
fn coverings() {
    let mut lines = Lines::default();
    for end in 0..=130 {
        for start in 0..=end {
            let (a, m, b) = covering(start, end);
            lines.add(format_args!("[{a}, {m}) [{m}, {b})"), &[]);
        }
    }
    lines.check(
        8_646,
        "7fd9c8b926e9d2b5cf831560e8ce295a5ef97ad5c5ede4ea0dea28a8c8fc8bb0",
    );
}

#[test]
fn range_proofs() {
    let tree = Tree::new(&entries());
    let mut lines = Lines::default();
    for size in 1..=130 {
        for end in 1..=size {
            for start in 0..end {
                let proof = tree.range(start, end, size);
                lines.add(format_args!("[{start}, {end}) {size}"), proof.hashes());
            }
        }
    }
    lines.check(
        374_660,
        "816cf019a28ff7b6bdc427dad06ac8a08d784f614af26ea87704e547bd67b3a0",
    );
}

/// Entry i is the single byte i.
fn entries() -> Vec<Vec<u8>> {
    (0..130_u8).map(|byte| vec![byte]).collect()
}

/// The subtrees that are valid: they begin at 0, or at a multiple of the smallest power of two that holds them.
fn subtrees() -> impl Iterator<Item = (u64, u64)> {
    let valid =
        |(start, end): &(u64, u64)| *start == 0 || start == end || start % (end - start).next_power_of_two() == 0;
    (0..=130)
        .flat_map(|end| (0..=end).map(move |start| (start, end)))
        .filter(valid)
}

/// Two subtrees that hold the range [start, end) with little besides.
fn covering(start: u64, end: u64) -> (u64, u64, u64) {
    if end - start <= 1 {
        return (start, end, end);
    }
    let last = end - 1;
    let mask = (1 << (start ^ last).ilog2()) - 1;
    let low_bits = 64 - (mask & !start).leading_zeros();
    (start >> low_bits << low_bits, last & !mask, end)
}

#[derive(Default)]
struct Lines {
    count: usize,
    text: String,
}

impl Lines {
    fn add(&mut self, line: std::fmt::Arguments<'_>, hashes: &[Hash]) {
        write!(self.text, "{line}").expect("a String takes all");
        hashes
            .iter()
            .for_each(|hash| write!(self.text, " {hash}").expect("a String takes all"));
        self.text.push('\n');
        self.count += 1;
    }

    fn check(&self, count: usize, sha256: &str) {
        assert_eq!(self.count, count);
        assert_eq!(
            Hash::from(<[u8; 32]>::from(Sha256::digest(&self.text))).to_string(),
            sha256
        );
    }
}
