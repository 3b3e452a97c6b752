//! Entry bundles (C2SP tlog-tiles), which are also what a run of entries is in the object store.

use indelible_merkle::bundle::{decode, encode};

use super::Verdict;

/// No entry, short ones, and one whose length needs both bytes.
pub fn seeds() -> Vec<Vec<u8>> {
    let long = vec![7; 300];
    let bundle = |entries: &[&[u8]]| encode(entries).expect("short entries");
    vec![bundle(&[]), bundle(&[b"one", b"", b"three"]), bundle(&[&long, b"x"])]
}

/// A bundle has one encoding, and every byte of it belongs to an entry or its length.
pub fn check(bytes: &[u8]) -> Verdict {
    match decode(bytes) {
        Ok(entries) => {
            assert_eq!(entries.iter().map(|entry| 2 + entry.len()).sum::<usize>(), bytes.len());
            assert_eq!(encode(entries).expect("they came out of a bundle"), bytes);
            Verdict::Accepted
        }
        Err(bad) => {
            assert!(0 < bad.left && bad.left <= bytes.len());
            Verdict::Refused
        }
    }
}
