//! Range proofs: every one of every tree up to 64 leaves, and some of larger ones.

use std::collections::HashMap;

use indelible_merkle::{
    BadProof, Hash, InclusionProof, OutOfTree, RangeProof, TreeHead, check_inclusion, check_range, proof,
};

use crate::reference::Reference;
use crate::tree::{Random, Tree, entries, flipped, flips, of_other_length, some_flips};

#[test]
fn proofs_are_as_defined_and_give_all_that_they_promise() {
    let entries = entries(3000);
    let (reference, tree) = (Reference::new(entries.clone()), Tree::new(&entries));
    let mut planned = HashMap::new();
    let mut check = |start: u64, end: u64, size: u64| {
        let head = TreeHead {
            size,
            root: reference.mth(0, size),
        };
        let proof = tree.range(start, end, size);
        assert_eq!(proof.hashes(), reference.range(start, end, 0, size));

        let included = check_range(tree.leaves(start, end), &proof, &head).unwrap();
        assert_eq!((included.start(), included.end(), included.head()), (start, end, head));
        assert_eq!(included.leaves(), tree.leaves(start, end));
        assert_eq!(
            included.head_before(),
            TreeHead {
                size: start,
                root: reference.mth(0, start)
            }
        );
        for index in start..end {
            let direct: &InclusionProof = planned
                .entry((index, size))
                .or_insert_with(|| tree.inclusion(index, size));
            assert_eq!(included.inclusion(index).as_ref(), Some(direct));
        }
        assert_eq!(start.checked_sub(1).and_then(|index| included.inclusion(index)), None);
        assert_eq!(included.inclusion(end), None);
    };
    for size in 1..=64 {
        for end in 1..=size {
            (0..end).for_each(|start| check(start, end, size));
        }
    }
    let mut random = Random(4);
    for size in (65..=300).chain([511, 512, 513, 1025, 2047, 2048, 3000]) {
        // As an append is acknowledged: the run is the end of the tree.
        check(random.below(size), size, size);
        check(0, 1 + random.below(size), size);
        for _ in 0..5 {
            let start = random.below(size);
            check(start, start + 1 + random.below(size - start), size);
        }
    }
}

#[test]
fn a_run_of_one_is_its_inclusion_proof_left_to_right() {
    let tree = Tree::new(&entries(300));
    for size in 1..=300 {
        for index in 0..size {
            let (mut one, mut other) = (
                tree.range(index, index + 1, size).hashes().to_vec(),
                tree.inclusion(index, size).hashes().to_vec(),
            );
            one.sort();
            other.sort();
            assert_eq!(one, other);
        }
    }
}

#[test]
fn nothing_else_holds() {
    let tree = Tree::new(&entries(300));
    let mut random = Random(5);
    let mut check = |start: u64, end: u64, size: u64| {
        let head = tree.head(size);
        let (leaves, proof) = (tree.leaves(start, end), tree.range(start, end, size));
        let refuse = |leaves: &[Hash], hashes: Vec<Hash>| {
            let refused = check_range(leaves, &RangeProof::new(start, end, size, hashes), &head);
            refused.expect_err("a proof holds that should not")
        };
        if size <= 40 {
            for hashes in flips(proof.hashes()) {
                assert!(matches!(refuse(leaves, hashes), BadProof::RootDiffers { .. }));
            }
        }
        if size <= 16 {
            for leaves in flips(leaves) {
                assert!(matches!(
                    refuse(&leaves, proof.hashes().to_vec()),
                    BadProof::RootDiffers { .. }
                ));
            }
            for bit in 0..256 {
                let other = TreeHead {
                    size,
                    root: flipped(head.root, bit),
                };
                assert!(check_range(leaves, &proof, &other).is_err());
            }
        }
        for hashes in some_flips(proof.hashes(), &mut random) {
            assert!(matches!(refuse(leaves, hashes), BadProof::RootDiffers { .. }));
        }
        for leaves in some_flips(leaves, &mut random) {
            assert!(matches!(
                refuse(&leaves, proof.hashes().to_vec()),
                BadProof::RootDiffers { .. }
            ));
        }
        for hashes in of_other_length(proof.hashes()) {
            let refused = refuse(leaves, hashes);
            assert!(matches!(
                refused,
                BadProof::TooFewHashes { .. } | BadProof::TooManyHashes { .. }
            ));
        }
        for leaves in of_other_length(leaves) {
            assert!(matches!(
                refuse(&leaves, proof.hashes().to_vec()),
                BadProof::LeafCount { .. }
            ));
        }
        // The same run of leaves, said to stand elsewhere.
        for other in (0..=size - leaves.len() as u64).filter(|&other| other != start) {
            let moved = RangeProof::new(other, other + (end - start), size, proof.hashes().to_vec());
            assert!(
                check_range(leaves, &moved, &head).is_err(),
                "[{start}, {end}) of {size} passes for {other}"
            );
        }
    };
    for size in 1..=40 {
        for end in 1..=size {
            (0..end).for_each(|start| check(start, end, size));
        }
    }
    let mut random = Random(6);
    for size in 41..=300 {
        let start = random.below(size);
        check(start, start + 1 + random.below(size - start), size);
    }
}

/// The example of docs/formats.md, as another implementation computed it.
#[test]
fn the_published_example_holds() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/vectors/range-proofs.json")).unwrap();
    let example = &vectors["example"];
    let number = |name: &str| example[name].as_u64().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let tree = Tree::new(&(0..13_u8).map(|byte| vec![byte]).collect::<Vec<_>>());
    let proof = tree.range(number("start"), number("end"), number("size"));
    let hashes: Vec<String> = proof.hashes().iter().map(Hash::to_string).collect();
    assert_eq!(
        hashes,
        example["hashes"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect::<Vec<_>>()
    );
    assert_eq!(tree.head(13).root.to_string(), text(&example["root"]));
    let included = check_range(tree.leaves(5, 9), &proof, &tree.head(13)).unwrap();
    assert!(check_inclusion(tree.leaf(8), &included.inclusion(8).unwrap(), &tree.head(13)).is_ok());
}

#[test]
fn errors_say_what_is_wrong() {
    let tree = Tree::new(&entries(13));
    let (leaves, head) = (tree.leaves(5, 9), tree.head(13));
    let of = |start, end, size, count: usize| {
        let hashes = tree
            .range(5, 9, 13)
            .hashes()
            .iter()
            .cycle()
            .take(count)
            .copied()
            .collect();
        check_range(leaves, &RangeProof::new(start, end, size, hashes), &head).map(|included| included.start())
    };
    assert_eq!(of(5, 9, 13, 5), Ok(5));
    assert_eq!(of(5, 9, 13, 4), Err(BadProof::TooFewHashes { got: 4 }));
    assert_eq!(of(5, 9, 13, 6), Err(BadProof::TooManyHashes { got: 6 }));
    assert_eq!(of(5, 9, 14, 5), Err(BadProof::SizeDiffers { proof: 14, head: 13 }));
    assert_eq!(of(5, 10, 13, 5), Err(BadProof::LeafCount { expected: 5, got: 4 }));
    for (start, end) in [(5, 5), (6, 5), (9, 14), (13, 14)] {
        let refused = OutOfTree::Range { start, end, size: 13 };
        assert_eq!(of(start, end, 13, 5), Err(BadProof::OutOfTree(refused)));
        assert_eq!(proof::range(start, end, 13), Err(refused));
    }
}
