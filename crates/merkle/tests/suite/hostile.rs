//! Input that somebody made up: it is refused, and nothing panics, hangs or takes memory for it.

use indelible_merkle::{
    BadProof, ConsistencyProof, Hash, InclusionProof, RangeProof, TreeHead, bundle, check_batch, check_consistency,
    check_inclusion, check_range, plan_batch, proof,
};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing made up leads to the root, but what it does lead to is where an honest tree would have its own.
    #[test]
    fn inclusion(index in number(), size in number(), leaf in hash(), hashes in vec(hash(), 0..70), root in hash()) {
        let proof = InclusionProof::new(index, size, hashes);
        let refused = check_inclusion(leaf, &proof, &TreeHead { size, root });
        let refused = refused.expect_err("a made-up proof holds");
        let right_shape = proof::inclusion(index, size)
            .is_ok_and(|plan| plan.finish(&vec![leaf; plan.nodes().len()]).is_ok_and(|fit| fit.hashes().len() == proof.hashes().len()));
        prop_assert_eq!(matches!(refused, BadProof::RootDiffers { .. }), right_shape);
    }

    #[test]
    fn consistency(sizes in (number(), number()), hashes in vec(hash(), 0..70), roots in (hash(), hash())) {
        let (old, new) = (TreeHead { size: sizes.0, root: roots.0 }, TreeHead { size: sizes.1, root: roots.1 });
        let empty = old.size == 0 || old.size == new.size;
        let proof = ConsistencyProof::new(old.size, new.size, hashes);
        prop_assert!(check_consistency(&proof, &old, &new).is_err());
        let plan = proof::consistency(old.size, new.size);
        prop_assert_eq!(plan.is_ok_and(|plan| plan.nodes().is_empty()), empty);
    }

    #[test]
    fn range(start in number(), count in 0..6_u64, size in number(), given in 0..6, hashes in vec(hash(), 0..130), root in hash()) {
        let leaves = vec![root; given as usize];
        for end in [start.saturating_add(count), size] {
            let proof = RangeProof::new(start, end, size, hashes.clone());
            let refused = check_range(&leaves, &proof, &TreeHead { size, root });
            prop_assert!(refused.is_err());
            prop_assert_eq!(proof::range(start, end, size).is_ok(), start < end && end <= size);
        }
    }

    #[test]
    fn batch(indices in vec(number(), 0..8), size in number(), hashes in vec(hash(), 0..300), root in hash()) {
        let leaves: Vec<(u64, Hash)> = indices.iter().map(|&index| (index, root)).collect();
        let refused = check_batch(&leaves, &hashes, &TreeHead { size, root });
        prop_assert!(refused.is_err());
        let provable = !indices.is_empty() && indices.is_sorted_by(|a, b| a < b) && indices[indices.len() - 1] < size;
        prop_assert_eq!(plan_batch(&indices, size).is_ok(), provable);
    }

    /// What can be decoded has one encoding.
    #[test]
    fn bundles(bytes in vec(prop_oneof![3 => Just(0), 1 => 0..4_u8, 1 => any::<u8>()], 0..200)) {
        if let Ok(entries) = bundle::decode(&bytes) {
            prop_assert_eq!(bundle::encode(entries), Ok(bytes));
        }
    }
}

/// Indices and sizes of all magnitudes, the ends of their type more often than chance would have it.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..10_u64,
        0..300_u64,
        any::<u64>(),
        (0..64_u32).prop_map(|bits| 1 << bits),
        u64::MAX - 3..=u64::MAX
    ]
}

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from)
}
