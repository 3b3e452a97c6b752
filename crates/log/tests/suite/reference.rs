//! The tree as RFC 9162 defines it: recursive, from all its leaves, without anything in common with the code under test.

use std::cell::RefCell;
use std::collections::HashMap;

use bytes::Bytes;
use indelible_merkle::{Hash, NodeId, TreeHead};

/// A tree of which every leaf is known. Remembers the subtrees that it has hashed.
pub(crate) struct Reference {
    leaves: Vec<Hash>,
    hashed: RefCell<HashMap<(usize, usize), Hash>>,
}

impl Reference {
    pub(crate) fn of<'a>(entries: impl IntoIterator<Item = &'a Bytes>) -> Reference {
        Reference {
            leaves: entries.into_iter().map(|entry| Hash::leaf(entry)).collect(),
            hashed: RefCell::default(),
        }
    }

    pub(crate) fn head(&self, size: usize) -> TreeHead {
        TreeHead {
            size: size as u64,
            root: self.mth(0, size),
        }
    }

    pub(crate) fn leaves(&self) -> &[Hash] {
        &self.leaves
    }

    /// A perfect subtree.
    pub(crate) fn node(&self, id: NodeId) -> Hash {
        self.mth(id.first() as usize, id.end() as usize)
    }

    /// PATH(m, D\[n\]) of RFC 9162, 2.1.3.1.
    pub(crate) fn inclusion(&self, leaf: usize, size: usize) -> Vec<Hash> {
        self.path(leaf, 0, size)
    }

    /// PROOF(m, D\[n\]) of RFC 9162, 2.1.4.1.
    pub(crate) fn consistency(&self, old: usize, new: usize) -> Vec<Hash> {
        match old {
            0 => vec![],
            _ => self.subproof(old, 0, new, Known::Yes),
        }
    }

    /// MTH(D\[start:end\]) of RFC 9162, 2.1.1.
    fn mth(&self, start: usize, end: usize) -> Hash {
        match end - start {
            0 => Hash::EMPTY_ROOT,
            1 => self.leaves[start],
            count => {
                if let Some(hash) = self.hashed.borrow().get(&(start, end)) {
                    return *hash;
                }
                let middle = start + split(count);
                let hash = Hash::node(&self.mth(start, middle), &self.mth(middle, end));
                self.hashed.borrow_mut().insert((start, end), hash);
                hash
            }
        }
    }

    fn path(&self, leaf: usize, start: usize, end: usize) -> Vec<Hash> {
        if end - start == 1 {
            return vec![];
        }
        let middle = start + split(end - start);
        let (mut path, sibling) = match leaf < middle {
            true => (self.path(leaf, start, middle), self.mth(middle, end)),
            false => (self.path(leaf, middle, end), self.mth(start, middle)),
        };
        path.push(sibling);
        path
    }

    fn subproof(&self, old: usize, start: usize, end: usize, known: Known) -> Vec<Hash> {
        if old == end {
            return match known {
                Known::Yes => vec![],
                Known::No => vec![self.mth(start, end)],
            };
        }
        let middle = start + split(end - start);
        let (mut proof, sibling) = match old <= middle {
            true => (self.subproof(old, start, middle, known), self.mth(middle, end)),
            false => (self.subproof(old, middle, end, Known::No), self.mth(start, middle)),
        };
        proof.push(sibling);
        proof
    }
}

/// Whether the verifier has the root of the subtree already: the `b` of SUBPROOF.
#[derive(Clone, Copy)]
enum Known {
    Yes,
    No,
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: usize) -> usize {
    1 << (count - 1).ilog2()
}
