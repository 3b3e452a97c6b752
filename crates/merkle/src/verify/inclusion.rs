//! RFC 9162, 2.1.3.2. The names `fn` (here `fn_`), `sn` and `r` are the RFC's.

use super::{BadProof, same_root, same_size};
use crate::{Hash, InclusionProof, OutOfTree, TreeHead};

/// Checks that the leaf with this hash stands in the tree of `head` where the proof says. At most 64 node hashes.
pub fn check_inclusion(leaf: Hash, proof: &InclusionProof, head: &TreeHead) -> Result<Included, BadProof> {
    same_size(proof.size(), head)?;
    let (index, size, got) = (proof.index(), proof.size(), proof.hashes().len());

    // 1. An index beyond the tree fails.
    if index >= size {
        return Err(OutOfTree::Index { index, size }.into());
    }
    // 2. fn is the place of the current node in its layer, sn that of the layer's last node.
    let (mut fn_, mut sn) = (index, size - 1);
    // 3. r is the hash of the current node.
    let mut r = leaf;
    // 4. Each hash of the proof is a sibling on the way up.
    for p in proof.hashes() {
        // a. The root is reached and hashes are left: fail.
        if sn == 0 {
            return Err(BadProof::TooManyHashes { got });
        }
        if fn_ & 1 == 1 || fn_ == sn {
            // b. A right child, or the layer's last node: the sibling is on the left ...
            r = Hash::node(p, &r);
            // ... and where it has none in this layer, it first rises alone until it has one.
            while fn_ & 1 == 0 && fn_ != 0 {
                fn_ >>= 1;
                sn >>= 1;
            }
        } else {
            // Otherwise a left child: the sibling is on the right.
            r = Hash::node(&r, p);
        }
        // c. One layer up.
        fn_ >>= 1;
        sn >>= 1;
    }
    // 5. The root must be reached, and be the head's.
    if sn != 0 {
        return Err(BadProof::TooFewHashes { got });
    }
    same_root(r, head)?;
    Ok(Included {
        leaf,
        index,
        head: *head,
    })
}

/// A leaf that is in a tree. Only [`check_inclusion`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Included {
    leaf: Hash,
    index: u64,
    head: TreeHead,
}

impl Included {
    /// The hash of the leaf.
    pub fn leaf(&self) -> Hash {
        self.leaf
    }

    /// Where it stands.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The tree that it is in.
    pub fn head(&self) -> TreeHead {
        self.head
    }
}
