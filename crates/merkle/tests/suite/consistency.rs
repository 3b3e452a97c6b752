//! Consistency proofs, every one between any two trees up to 300 leaves.

use indelible_merkle::{BadProof, ConsistencyProof, Hash, OutOfTree, TreeHead, check_consistency, check_prefix, proof};

use crate::reference::{Known, Reference};
use crate::tree::{Random, Tree, entries, flipped, flips, of_other_length, some_flips};

#[test]
fn proofs_are_as_defined_and_hold() {
    let entries = entries(300);
    let (reference, tree) = (Reference::new(entries.clone()), Tree::new(&entries));
    let head = |size| TreeHead {
        size,
        root: reference.mth(0, size),
    };
    for new in 0..=300 {
        for old in 0..=new {
            let proof = tree.consistency(old, new);
            let defined = if old == 0 {
                Vec::new()
            } else {
                reference.subproof((0, old), 0, new, Known::Yes)
            };
            assert_eq!(proof.hashes(), defined);
            let consistent = check_consistency(&proof, &head(old), &head(new)).unwrap();
            assert_eq!((consistent.old_head(), consistent.new_head()), (head(old), head(new)));
        }
    }
}

#[test]
fn nothing_else_holds() {
    let tree = Tree::new(&entries(300));
    let heads: Vec<TreeHead> = (0..=300).map(|size| tree.head(size)).collect();
    let mut random = Random(3);
    for new in 0..=300 {
        for old in 0..=new {
            let (old_head, new_head) = (heads[old as usize], heads[new as usize]);
            let proof = tree.consistency(old, new);
            let check = |hashes| check_consistency(&ConsistencyProof::new(old, new, hashes), &old_head, &new_head);

            if new <= 40 {
                for hashes in flips(proof.hashes()) {
                    assert!(matches!(check(hashes), Err(BadProof::RootDiffers { .. })));
                }
                for bit in 0..256 {
                    let other = |head: TreeHead| TreeHead {
                        root: flipped(head.root, bit),
                        ..head
                    };
                    assert!(check_consistency(&proof, &other(old_head), &new_head).is_err());
                    // Whatever root is signed for a tree is a continuation of the empty one.
                    if old > 0 || new == 0 {
                        assert!(check_consistency(&proof, &old_head, &other(new_head)).is_err());
                    }
                }
            }
            for hashes in some_flips(proof.hashes(), &mut random) {
                assert!(matches!(check(hashes), Err(BadProof::RootDiffers { .. })));
            }
            for hashes in of_other_length(proof.hashes()) {
                assert!(check(hashes).is_err(), "{old} to {new} holds with a hash more or less");
            }
        }
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let tree = Tree::new(&entries(13));
    let (proof, old, new) = (tree.consistency(6, 13), tree.head(6), tree.head(13));
    let of = |old_size, new_size, count: usize| {
        let hashes = proof.hashes().iter().cycle().take(count).copied().collect();
        check_consistency(&ConsistencyProof::new(old_size, new_size, hashes), &old, &new)
    };
    assert!(of(6, 13, 4).is_ok());
    assert_eq!(of(6, 13, 0), Err(BadProof::TooFewHashes { got: 0 }));
    assert_eq!(of(6, 13, 3), Err(BadProof::TooFewHashes { got: 3 }));
    assert_eq!(of(6, 13, 5), Err(BadProof::TooManyHashes { got: 5 }));
    assert_eq!(of(5, 13, 4), Err(BadProof::SizeDiffers { proof: 5, head: 6 }));
    assert_eq!(of(6, 14, 4), Err(BadProof::SizeDiffers { proof: 14, head: 13 }));

    let backwards = ConsistencyProof::new(13, 6, Vec::new());
    let refused = OutOfTree::OldSize { old: 13, new: 6 };
    assert_eq!(
        check_consistency(&backwards, &new, &old),
        Err(BadProof::OutOfTree(refused))
    );
    assert_eq!(proof::consistency(13, 6), Err(refused));

    // Two roots for one size are a fork, and no proof makes them one tree.
    let fork = TreeHead {
        size: 6,
        root: Hash::leaf(b"another history"),
    };
    let same_size = ConsistencyProof::new(6, 6, Vec::new());
    let differs = BadProof::RootDiffers {
        size: 6,
        expected: old.root,
        computed: fork.root,
    };
    assert_eq!(check_consistency(&same_size, &fork, &old), Err(differs));

    // A head of size 0 has one root only.
    let not_empty = TreeHead {
        size: 0,
        root: old.root,
    };
    let from_nothing = ConsistencyProof::new(0, 13, Vec::new());
    let differs = BadProof::RootDiffers {
        size: 0,
        expected: old.root,
        computed: Hash::EMPTY_ROOT,
    };
    assert_eq!(check_consistency(&from_nothing, &not_empty, &new), Err(differs));
    assert!(check_consistency(&from_nothing, &TreeHead::EMPTY, &new).is_ok());
}

#[test]
fn a_prefix_proves_its_own_head() {
    let entries = entries(130);
    let (reference, tree) = (Reference::new(entries.clone()), Tree::new(&entries));
    let mut random = Random(4);
    for new in 2..=130 {
        let newer = tree.head(new);
        for old in 1..new {
            let plan = proof::prefix(old, new).unwrap();
            let hashes = plan.finish(&tree.fetch(plan.nodes())).unwrap();
            assert_eq!(hashes, reference.subproof((0, old), 0, new, Known::No));
            let proven = check_prefix(&hashes, old, &newer).unwrap();
            assert_eq!((proven.old_head(), proven.new_head()), (tree.head(old), newer));
            for wrong in some_flips(&hashes, &mut random)
                .into_iter()
                .chain(of_other_length(&hashes))
            {
                assert!(check_prefix(&wrong, old, &newer).is_err(), "{old} of {new}");
            }
        }
    }
}

#[test]
fn a_prefix_is_some_leaves_and_not_all() {
    let head = Tree::new(&entries(13)).head(13);
    for (old, new) in [(0, 13), (13, 13), (14, 13), (0, 0), (u64::MAX, 13)] {
        let refused = OutOfTree::Prefix { old, new };
        assert_eq!(proof::prefix(old, new), Err(refused));
        let head = TreeHead { size: new, ..head };
        for hashes in [&[][..], &[Hash::EMPTY_ROOT]] {
            assert_eq!(check_prefix(hashes, old, &head), Err(BadProof::OutOfTree(refused)));
        }
    }
    assert_eq!(check_prefix(&[], 4, &head), Err(BadProof::TooFewHashes { got: 0 }));
}
