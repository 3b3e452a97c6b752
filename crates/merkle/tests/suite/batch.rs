//! Batch proofs: those of rs_merkle, without what it lets pass.

use indelible_merkle::{
    BATCH_MAX, BadBatch, BadProof, Hash, OutOfTree, TreeHead, WrongCount, check_batch, cover, plan_batch,
};
use rs_merkle::MerkleProof;

use crate::oracles::{Rfc6962, rs_merkle_tree};
use crate::tree::{Random, Tree, entries, flipped, flips, of_other_length, some_flips};

/// All singles and pairs of trees up to 24 leaves, and some choices of every density of trees up to 300: each proof is
/// byte for byte that of rs_merkle, is accepted, and is refused once a bit or the number of hashes differs.
#[test]
fn proofs_are_those_of_rs_merkle_and_nothing_else_holds() {
    let tree = Tree::new(&entries(300));
    let mut random = Random(7);
    for size in 1..=300 {
        let (head, theirs) = (tree.head(size), rs_merkle_tree(&tree, size));
        let check = |indices: &[u64], random: &mut Random| {
            let leaves: Vec<(u64, Hash)> = indices.iter().map(|&index| (index, tree.leaf(index))).collect();
            let hashes = prove(&tree, indices, size);
            let places: Vec<usize> = indices.iter().map(|&index| index as usize).collect();
            assert_eq!(Hash::join(&hashes), theirs.proof(&places).to_bytes());

            let included = check_batch(&leaves, &hashes, &head).unwrap();
            assert_eq!((included.leaves(), included.head()), (&leaves[..], head));

            let flips: Vec<Vec<Hash>> = if size <= 12 {
                flips(&hashes).collect()
            } else {
                some_flips(&hashes, random)
            };
            for hashes in flips {
                assert!(matches!(
                    check_batch(&leaves, &hashes, &head),
                    Err(BadProof::RootDiffers { .. })
                ));
            }
            for hashes in of_other_length(&hashes) {
                let refused = check_batch(&leaves, &hashes, &head).unwrap_err();
                assert!(matches!(
                    refused,
                    BadProof::TooFewHashes { .. } | BadProof::TooManyHashes { .. }
                ));
            }
            let forged = random.below(leaves.len() as u64) as usize;
            let mut forgery = leaves.clone();
            forgery[forged].1 = flipped(forgery[forged].1, random.below(256) as usize);
            assert!(matches!(
                check_batch(&forgery, &hashes, &head),
                Err(BadProof::RootDiffers { .. })
            ));
        };
        if size <= 24 {
            for second in 0..size {
                check(&[second], &mut random);
                (0..second).for_each(|first| check(&[first, second], &mut random));
            }
        }
        for one_in in [1, 2, 3, 8, 40] {
            let chosen: Vec<u64> = (0..size).filter(|_| random.below(one_in) == 0).collect();
            if !chosen.is_empty() {
                check(&chosen, &mut random);
            }
        }
    }
}

/// rs_merkle (1.5.0, antouhou/rs-merkle #52) hashes a leaf's place twice in a row with what the proof says and never looks
/// at the leaves themselves.
#[test]
fn a_repeated_leaf_is_no_way_around_the_tree() {
    let tree = Tree::new(&entries(4));
    let head = tree.head(4);
    let forged = Hash::leaf(b"never logged");
    let hashes = [tree.leaf(2), tree.leaf(3), Hash::node(&tree.leaf(0), &tree.leaf(1))];

    let proof = MerkleProof::<Rfc6962>::new(hashes.iter().map(|hash| *hash.as_bytes()).collect());
    let accepted = proof.verify(*head.root.as_bytes(), &[3, 3], &[*forged.as_bytes(); 2], 4);
    assert!(
        accepted,
        "rs_merkle no longer accepts the forgery: this guard may be all that is left of it"
    );

    let refused = BadProof::Batch(BadBatch::NotIncreasing { before: 3, index: 3 });
    assert_eq!(check_batch(&[(3, forged), (3, forged)], &hashes, &head), Err(refused));
}

#[test]
fn what_rs_merkle_does_not_handle_never_reaches_it() {
    let tree = Tree::new(&entries(3000));
    let size = 3000;
    let head = tree.head(size);
    let both = |indices: &[u64], head: &TreeHead, expected: BadBatch| {
        let leaves: Vec<(u64, Hash)> = indices.iter().map(|&index| (index, tree.leaf(0))).collect();
        assert_eq!(plan_batch(indices, head.size), Err(expected));
        assert_eq!(check_batch(&leaves, &[], head), Err(BadProof::Batch(expected)));
    };
    both(&[], &head, BadBatch::Count { got: 0 });
    both(&(0..1001).collect::<Vec<_>>(), &head, BadBatch::Count { got: 1001 });
    both(&[5, 5], &head, BadBatch::NotIncreasing { before: 5, index: 5 });
    both(&[1, 9, 8], &head, BadBatch::NotIncreasing { before: 9, index: 8 });
    both(
        &[1, 3000],
        &head,
        BadBatch::OutOfTree(OutOfTree::Index { index: 3000, size }),
    );
    both(
        &[0],
        &TreeHead::EMPTY,
        BadBatch::OutOfTree(OutOfTree::Index { index: 0, size: 0 }),
    );

    let most: Vec<u64> = (0..BATCH_MAX as u64).map(|place| 3 * place).collect();
    let leaves: Vec<(u64, Hash)> = most.iter().map(|&index| (index, tree.leaf(index))).collect();
    let hashes = prove(&tree, &most, size);
    assert!(check_batch(&leaves, &hashes, &head).is_ok());

    // A proof of leaf 2 of 3 is also one of leaf 1 of 2: only the size in the head tells them apart.
    let hashes = prove(&tree, &[2], 3);
    assert!(check_batch(&[(2, tree.leaf(2))], &hashes, &tree.head(3)).is_ok());
    assert!(check_batch(&[(1, tree.leaf(2))], &hashes, &tree.head(3)).is_err());
}

#[test]
fn a_plan_wants_its_own_number_of_nodes() {
    let plan = plan_batch(&[0], 7).unwrap();
    // Leaf 1, the two leaves behind it, and the clipped node over the last three leaves.
    assert_eq!(plan.nodes(), [cover(1, 2), cover(2, 4), cover(4, 7)].concat());
    let hashes = vec![Hash::EMPTY_ROOT; 3];
    assert_eq!(plan.finish(&hashes), Err(WrongCount { expected: 4, got: 3 }));
}

fn prove(tree: &Tree, indices: &[u64], size: u64) -> Vec<Hash> {
    let plan = plan_batch(indices, size).expect("the indices are as they should be");
    plan.finish(&tree.fetch(plan.nodes())).expect("as many as asked for")
}
