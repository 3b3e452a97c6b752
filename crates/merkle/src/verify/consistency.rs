//! RFC 9162, 2.1.4.2. The names `fn` (here `fn_`), `sn`, `fr` and `sr` are the RFC's.

use super::{BadProof, same_count, same_root, same_size};
use crate::{ConsistencyProof, Hash, OutOfTree, TreeHead};

/// Checks that the tree of `new` begins with the leaves of the tree of `old`. At most 128 node hashes.
///
/// The empty tree is the beginning of every tree: then, and between heads of the same size, the proof must be empty, and
/// the heads must not contradict each other or, at size 0, the definition.
pub fn check_consistency(proof: &ConsistencyProof, old: &TreeHead, new: &TreeHead) -> Result<Consistent, BadProof> {
    same_size(proof.old_size(), old)?;
    same_size(proof.new_size(), new)?;
    let proven = Consistent { old: *old, new: *new };

    // The cases before those of the RFC, which asks for 0 < first < second.
    if old.size > new.size {
        return Err(OutOfTree::OldSize {
            old: old.size,
            new: new.size,
        }
        .into());
    }
    if old.size == 0 {
        same_root(Hash::EMPTY_ROOT, old)?;
    }
    if old.size == new.size {
        same_root(old.root, new)?;
    }
    if old.size == 0 || old.size == new.size {
        same_count(proof.hashes().len(), 0)?;
        return Ok(proven);
    }

    // 2. If the old tree is perfect, its root is the first hash, and was left out.
    let known = old.size.is_power_of_two().then_some(&old.root);
    let (fr, sr) = fold(
        known.into_iter().chain(proof.hashes()),
        (old.size, new.size),
        proof.hashes().len(),
    )?;
    // 7. Both roots must be the heads'.
    same_root(fr, old)?;
    same_root(sr, new)?;
    Ok(proven)
}

/// Computes the head of the first `old_size` leaves of the tree of `new`, of which there are more: what any honest head of that
/// size must be. At most 128 node hashes.
///
/// The hashes are those of [`crate::proof::prefix`]. They prove what they lead to, whatever head somebody else may hold: so a
/// log that has signed another head of that size has forked.
pub fn check_prefix(hashes: &[Hash], old_size: u64, new: &TreeHead) -> Result<Consistent, BadProof> {
    if old_size == 0 || old_size >= new.size {
        let (old, new) = (old_size, new.size);
        return Err(OutOfTree::Prefix { old, new }.into());
    }
    let (fr, sr) = fold(hashes.iter(), (old_size, new.size), hashes.len())?;
    same_root(sr, new)?;
    let old = TreeHead {
        size: old_size,
        root: fr,
    };
    Ok(Consistent { old, new: *new })
}

/// Folds the hashes of the way from the last perfect subtree of the old tree to the roots of the old and of the new one. `got`
/// is the number of hashes that somebody sent.
fn fold<'h>(
    mut hashes: impl Iterator<Item = &'h Hash>,
    (old_size, new_size): (u64, u64),
    got: usize,
) -> Result<(Hash, Hash), BadProof> {
    // 1. An empty proof fails.
    let seed = *hashes.next().ok_or(BadProof::TooFewHashes { got })?;
    // 3. fn is the place of the current node in its layer, sn that of the layer's last node in the new tree.
    let (mut fn_, mut sn) = (old_size - 1, new_size - 1);
    // 4. Begin at the top of the old tree's last perfect subtree.
    while fn_ & 1 == 1 {
        fn_ >>= 1;
        sn >>= 1;
    }
    // 5. fr grows to the root of the old tree, sr to that of the new one.
    let (mut fr, mut sr) = (seed, seed);
    // 6. Each further hash is a sibling on the way up.
    for c in hashes {
        // a. The root is reached and hashes are left: fail.
        if sn == 0 {
            return Err(BadProof::TooManyHashes { got });
        }
        if fn_ & 1 == 1 || fn_ == sn {
            // b. The sibling is on the left, so in both trees ...
            fr = Hash::node(c, &fr);
            sr = Hash::node(c, &sr);
            // ... and where there is none in this layer, the node first rises alone until there is one.
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            // Otherwise it is on the right, so in the new tree only.
            sr = Hash::node(&sr, c);
        }
        // c. One layer up.
        fn_ >>= 1;
        sn >>= 1;
    }
    // 7. The root must be reached.
    if sn == 0 {
        Ok((fr, sr))
    } else {
        Err(BadProof::TooFewHashes { got })
    }
}

/// Two heads of which the later has all the leaves of the earlier, in their places. Only [`check_consistency`] and
/// [`check_prefix`] make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consistent {
    old: TreeHead,
    new: TreeHead,
}

impl Consistent {
    /// The earlier head.
    pub fn old_head(&self) -> TreeHead {
        self.old
    }

    /// The later head.
    pub fn new_head(&self) -> TreeHead {
        self.new
    }
}
