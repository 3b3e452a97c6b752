//! Inclusion proofs, every one of every tree up to 300 leaves.

use indelible_merkle::{BadProof, InclusionProof, OutOfTree, TreeHead, check_inclusion, proof};

use crate::reference::Reference;
use crate::tree::{Random, Tree, entries, flipped, flips, of_other_length, some_flips};

#[test]
fn proofs_are_as_defined_and_hold() {
    let entries = entries(300);
    let (reference, tree) = (Reference::new(entries.clone()), Tree::new(&entries));
    for size in 1..=300 {
        let head = TreeHead {
            size,
            root: reference.mth(0, size),
        };
        for index in 0..size {
            let proof = tree.inclusion(index, size);
            assert_eq!(proof.hashes(), reference.path(index, 0, size));
            let included = check_inclusion(tree.leaf(index), &proof, &head).unwrap();
            assert_eq!(
                (included.leaf(), included.index(), included.head()),
                (tree.leaf(index), index, head)
            );
        }
    }
}

#[test]
fn nothing_else_holds() {
    let tree = Tree::new(&entries(300));
    let mut random = Random(2);
    for size in 1..=300 {
        let head = tree.head(size);
        for index in 0..size {
            let (leaf, proof) = (tree.leaf(index), tree.inclusion(index, size));
            let check = |hashes| check_inclusion(leaf, &InclusionProof::new(index, size, hashes), &head);

            if size <= 40 {
                for hashes in flips(proof.hashes()) {
                    assert!(matches!(check(hashes), Err(BadProof::RootDiffers { .. })));
                }
                for bit in 0..256 {
                    let other = TreeHead {
                        size,
                        root: flipped(head.root, bit),
                    };
                    assert!(check_inclusion(leaf, &proof, &other).is_err());
                    assert!(check_inclusion(flipped(leaf, bit), &proof, &head).is_err());
                }
                for other in (0..=size).filter(|&other| other != index) {
                    let moved = InclusionProof::new(other, size, proof.hashes().to_vec());
                    assert!(
                        check_inclusion(leaf, &moved, &head).is_err(),
                        "leaf {index} of {size} passes for {other}"
                    );
                }
            }
            for hashes in some_flips(proof.hashes(), &mut random) {
                assert!(matches!(check(hashes), Err(BadProof::RootDiffers { .. })));
            }
            for hashes in of_other_length(proof.hashes()) {
                assert!(
                    check(hashes).is_err(),
                    "leaf {index} of {size} holds with a hash more or less"
                );
            }
        }
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let tree = Tree::new(&entries(7));
    let (leaf, proof, head) = (tree.leaf(4), tree.inclusion(4, 7), tree.head(7));
    let of = |index, size, count: usize| {
        let hashes = proof.hashes().iter().cycle().take(count).copied().collect();
        check_inclusion(leaf, &InclusionProof::new(index, size, hashes), &head)
    };
    assert!(of(4, 7, 3).is_ok());
    assert_eq!(of(4, 7, 2), Err(BadProof::TooFewHashes { got: 2 }));
    assert_eq!(of(4, 7, 4), Err(BadProof::TooManyHashes { got: 4 }));
    assert_eq!(
        of(7, 7, 3),
        Err(BadProof::OutOfTree(OutOfTree::Index { index: 7, size: 7 }))
    );
    assert_eq!(of(4, 8, 3), Err(BadProof::SizeDiffers { proof: 8, head: 7 }));
    assert!(matches!(of(5, 7, 3), Err(BadProof::RootDiffers { size: 7, expected, .. }) if expected == head.root));

    assert_eq!(proof::inclusion(0, 0), Err(OutOfTree::Index { index: 0, size: 0 }));
    assert_eq!(proof::inclusion(7, 7), Err(OutOfTree::Index { index: 7, size: 7 }));
}
