//! Three implementations of other people: they must make the same roots and proofs, and accept ours.

use std::cell::RefCell;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use indelible_merkle::{Hash, NodeId};
use rs_merkle::{Hasher, MerkleTree};
use sha2::{Digest, Sha256};
use tlog_tiles::tlog;

use crate::tree::{Tree, entries};

#[test]
fn rs_merkle_agrees() {
    let tree = Tree::new(&entries(300));
    for size in 1..=300 {
        let theirs = rs_merkle_tree(&tree, size);
        assert_eq!(theirs.root(), Some(*tree.head(size).root.as_bytes()));
        for index in 0..size {
            let proof = theirs.proof(&[index as usize]);
            assert_eq!(proof.to_bytes(), Hash::join(tree.inclusion(index, size).hashes()));
        }
    }
}

#[test]
fn ct_merkle_agrees() {
    let entries = entries(300);
    let tree = Tree::new(&entries);
    let mut theirs = MemoryBackedTree::<sha2_11::Sha256, Vec<u8>>::new();
    let mut roots: Vec<RootHash<sha2_11::Sha256>> = Vec::new();
    for (entry, size) in entries.iter().zip(1..) {
        theirs.push(entry.clone());
        let root = theirs.root();
        assert_eq!(root.as_bytes()[..], tree.head(size).root.as_bytes()[..]);
        for index in 0..size {
            let ours = InclusionProof::from_bytes(Hash::join(tree.inclusion(index, size).hashes()));
            assert_eq!(theirs.prove_inclusion(index as usize).as_bytes(), ours.as_bytes());
            root.verify_inclusion(&entries[index as usize], index, &ours).unwrap();
        }
        for (old, old_root) in (1..size).zip(&roots) {
            let ours = Hash::join(tree.consistency(old, size).hashes());
            assert_eq!(theirs.prove_consistency((size - old) as usize).as_bytes(), ours);
            let ours = ConsistencyProof::try_from_bytes(ours).unwrap();
            root.verify_consistency(old_root, &ours).unwrap();
        }
        roots.push(root);
    }
}

#[test]
fn tlog_tiles_agrees() {
    let entries = entries(300);
    let tree = Tree::new(&entries);
    let theirs = TlogStore::default();
    let theirs_of = |hashes: &[Hash]| {
        hashes
            .iter()
            .map(|hash| tlog::Hash(*hash.as_bytes()))
            .collect::<Vec<_>>()
    };
    let mut roots = Vec::new();
    for (entry, size) in entries.iter().zip(1..) {
        theirs.push(entry);
        let root = tlog::tree_hash(size, &theirs).unwrap();
        assert_eq!(root.0, *tree.head(size).root.as_bytes());
        roots.push(root);
        for index in 0..size {
            let ours = theirs_of(tree.inclusion(index, size).hashes());
            assert_eq!(tlog::prove_record(size, index, &theirs).unwrap(), ours);
            let leaf = tlog::record_hash(&entries[index as usize]);
            tlog::check_record(&ours, size, root, index, leaf).unwrap();
        }
        for (old, old_root) in (1..=size).zip(&roots) {
            let ours = theirs_of(tree.consistency(old, size).hashes());
            assert_eq!(tlog::prove_tree(size, old, &theirs).unwrap(), ours);
            tlog::check_tree(&ours, size, root, old, *old_root).unwrap();
        }
    }
    // The numbering of its stored hashes is that of our perfect nodes.
    for (place, hash) in (0..).zip(theirs.hashes.borrow().iter()) {
        let (level, index) = tlog::split_stored_hash_index(place);
        assert_eq!(tree.fetch(&[NodeId { level, index }]), [Hash::from(hash.0)]);
    }
}

pub(crate) fn rs_merkle_tree(tree: &Tree, size: u64) -> MerkleTree<Rfc6962> {
    let leaves: Vec<[u8; 32]> = tree.leaves(0, size).iter().map(|hash| *hash.as_bytes()).collect();
    MerkleTree::from_leaves(&leaves)
}

/// The hashing of RFC 6962, written once more for rs_merkle.
#[derive(Clone)]
pub(crate) struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(entry: &[u8]) -> [u8; 32] {
        Sha256::digest([&[0], entry].concat()).into()
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        right.map_or(*left, |right| Sha256::digest([&[1][..], left, right].concat()).into())
    }
}

/// The stored hashes of a log as tlog_tiles numbers them.
#[derive(Default)]
struct TlogStore {
    hashes: RefCell<Vec<tlog::Hash>>,
}

impl TlogStore {
    fn push(&self, entry: &[u8]) {
        let count = (0..)
            .take_while(|&n| tlog::stored_hash_count(n) < self.hashes.borrow().len() as u64)
            .count();
        let new = tlog::stored_hashes(count as u64, entry, self).expect("the store has all hashes before");
        self.hashes.borrow_mut().extend(new);
    }
}

impl tlog::HashReader for TlogStore {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog_tiles::Error> {
        let hashes = self.hashes.borrow();
        Ok(indexes.iter().map(|&index| hashes[index as usize]).collect())
    }
}
