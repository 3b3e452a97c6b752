//! Leaves, of events and of tombstones.

use bytes::Bytes;
use indelible_event::AnyLeaf;
use indelible_merkle::{ENTRY_MAX, Hash};

use super::Verdict;
use super::trail::{EVENTS, TOMBSTONE, leaf_hashes};

/// One of each.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![EVENTS[0].leaf().text().to_vec(), TOMBSTONE.leaf().text().to_vec()]
}

/// A leaf has one text, which is what the log hashes; what a tombstone erases lies below it.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(leaf) = AnyLeaf::parse(Bytes::copy_from_slice(bytes)) else {
        return Verdict::Refused;
    };
    assert!(bytes.len() <= ENTRY_MAX);
    match leaf {
        AnyLeaf::Event(leaf) => {
            assert_eq!((leaf.text().as_ref(), leaf.hash()), (bytes, Hash::leaf(bytes)));
            assert_eq!(bytes.len(), indelible_event::Leaf::BYTES);
            assert!(leaf.digests().is_sorted_by(|before, after| before < after));
            // Whoever finds another leaf that commits to these has broken SHA-256.
            let opens = EVENTS[0].disclosures().iter().all(|one| leaf.open(one.clone()).is_ok());
            assert!(!opens || leaf.digests() == EVENTS[0].leaf().digests());
        }
        AnyLeaf::Tombstone(leaf) => {
            assert_eq!((leaf.text().as_ref(), leaf.hash()), (bytes, Hash::leaf(bytes)));
            let ranges = leaf.ranges().as_slice();
            let last = leaf.ranges().last_index().expect("it erases something");
            assert!(
                ranges
                    .iter()
                    .all(|range| range.first <= range.last && range.last <= last)
            );
            assert!(leaf.at(last).is_err(), "it erases itself");
            let erasure = leaf.at(last + 1).expect("it stands above all that it erases");
            assert_eq!(erasure.ranges(), leaf.ranges());
            let opens = TOMBSTONE.disclosures().iter().all(|one| leaf.open(one.clone()).is_ok());
            assert!(
                !opens
                    || leaf_hashes()[2] == leaf.hash()
                    || leaf.ranges() != TOMBSTONE.leaf().ranges()
                    || leaf.received() != TOMBSTONE.leaf().received()
            );
        }
    }
    Verdict::Accepted
}
