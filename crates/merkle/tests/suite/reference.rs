//! The definitions, as recursive as RFC 9162 (2.1.1, 2.1.3.1, 2.1.4.1) and docs/formats.md write them, and nothing of the
//! crate but the type of a hash.

use std::cell::RefCell;
use std::collections::HashMap;

use indelible_merkle::Hash;
use sha2::{Digest, Sha256};

/// A tree as the definitions see it: its entries, from which everything is computed anew, though not twice.
pub(crate) struct Reference {
    entries: Vec<Vec<u8>>,
    known: RefCell<HashMap<(u64, u64), Hash>>,
}

impl Reference {
    pub(crate) fn new(entries: Vec<Vec<u8>>) -> Reference {
        Reference {
            entries,
            known: RefCell::default(),
        }
    }

    /// MTH(D[a:b]).
    pub(crate) fn mth(&self, a: u64, b: u64) -> Hash {
        if let Some(hash) = self.known.borrow().get(&(a, b)) {
            return *hash;
        }
        let hash = match b - a {
            0 => sha256(&[]),
            1 => sha256(&[&[0], &self.entries[a as usize]]),
            n => {
                let k = split(n);
                sha256(&[&[1], self.mth(a, a + k).as_ref(), self.mth(a + k, b).as_ref()])
            }
        };
        self.known.borrow_mut().insert((a, b), hash);
        hash
    }

    /// PATH(m, D[a:b]).
    pub(crate) fn path(&self, m: u64, a: u64, b: u64) -> Vec<Hash> {
        if b - a == 1 {
            return Vec::new();
        }
        let k = split(b - a);
        if m < a + k {
            [self.path(m, a, a + k), vec![self.mth(a + k, b)]].concat()
        } else {
            [self.path(m, a + k, b), vec![self.mth(a, a + k)]].concat()
        }
    }

    /// The consistency of the subtree [s, e) with D[a:b], whose hash the verifier has if it is `known`. PROOF(m, D[n]) of
    /// RFC 9162 is that of [0, m).
    pub(crate) fn subproof(&self, (s, e): (u64, u64), a: u64, b: u64, known: Known) -> Vec<Hash> {
        if (s, e) == (a, b) {
            return if known == Known::Yes {
                Vec::new()
            } else {
                vec![self.mth(s, e)]
            };
        }
        let k = split(b - a);
        if e <= a + k {
            [self.subproof((s, e), a, a + k, known), vec![self.mth(a + k, b)]].concat()
        } else if s >= a + k {
            [self.subproof((s, e), a + k, b, known), vec![self.mth(a, a + k)]].concat()
        } else {
            [self.subproof((a + k, e), a + k, b, Known::No), vec![self.mth(a, a + k)]].concat()
        }
    }

    /// RANGE(s, e, a, b).
    pub(crate) fn range(&self, s: u64, e: u64, a: u64, b: u64) -> Vec<Hash> {
        if s <= a && b <= e {
            return Vec::new();
        }
        if b <= s || e <= a {
            return vec![self.mth(a, b)];
        }
        let k = split(b - a);
        [self.range(s, e, a, a + k), self.range(s, e, a + k, b)].concat()
    }
}

/// Whether a verifier has the hash of a subtree already.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Known {
    Yes,
    No,
}

/// The largest power of two below n.
pub(crate) fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let digest: [u8; 32] = Sha256::digest(parts.concat()).into();
    Hash::from(digest)
}
