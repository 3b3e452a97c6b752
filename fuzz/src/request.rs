//! Requests over gRPC: a byte that says which, then the message.

use indelible::wire::{
    AppendBatchRequest, AppendRequest, AppendStreamRequest, ConsistencyQuery, EntryName, GetConsistencyProofRequest,
    GetEntriesRequest, GetInclusionProofRequest, GetInclusionProofsRequest, InclusionQuery, InclusionsQuery,
    RangeQuery, StreamEntry,
};
use indelible_log::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, Batch};
use indelible_merkle::{BATCH_MAX, ENTRY_MAX};
use prost::Message;

use super::Verdict;

/// Each request once, with all of its fields.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |kind: u8, message: Vec<u8>| [vec![kind], message].concat();
    let entries = vec!["one".into(), "two".into(), "".into()];
    let (entry, held_size) = ("entry".into(), Some(300));
    // The other name of an entry, its leaf hash, is field 2: 32 bytes.
    let by_leaf = [&[0x12, 32][..], &[9; 32], &[0x18, 7]].concat();
    vec![
        seed(
            0,
            AppendRequest {
                entry: "entry".into(),
                omit_proof: true,
                wait: 1,
            }
            .encode_to_vec(),
        ),
        seed(1, AppendBatchRequest { entries, wait: 1 }.encode_to_vec()),
        seed(2, AppendStreamRequest { entry, held_size }.encode_to_vec()),
        seed(3, vec![0x08, 5, 0x18, 7]),
        seed(3, by_leaf),
        seed(
            4,
            GetInclusionProofsRequest {
                indices: vec![1, 5, 300],
                tree_size: Some(301),
            }
            .encode_to_vec(),
        ),
        seed(
            5,
            GetConsistencyProofRequest {
                old_size: 3,
                new_size: Some(300),
            }
            .encode_to_vec(),
        ),
        seed(6, GetEntriesRequest { start: 1, count: 1000 }.encode_to_vec()),
    ]
}

/// A message that is read is within all limits that its type promises, and says so in words if it is not.
pub fn check(bytes: &[u8]) -> Verdict {
    let Some((kind, message)) = bytes.split_first() else {
        return Verdict::Refused;
    };
    let accepted = match kind % 7 {
        0 => read(
            message,
            |request: AppendRequest| Batch::try_from(request),
            within_limits,
        ),
        1 => read(
            message,
            |request: AppendBatchRequest| Batch::try_from(request),
            within_limits,
        ),
        2 => read(
            message,
            |request: AppendStreamRequest| Ok::<_, String>(StreamEntry::from(request)),
            |_| (),
        ),
        3 => read(
            message,
            |request: GetInclusionProofRequest| InclusionQuery::try_from(request),
            |query| {
                assert_ne!(query.tree_size, Some(0));
                assert!(matches!(query.entry, EntryName::Index(_) | EntryName::Leaf(_)));
            },
        ),
        4 => read(
            message,
            |request: GetInclusionProofsRequest| InclusionsQuery::try_from(request),
            |query| {
                assert!((1..=BATCH_MAX).contains(&query.indices.len()));
                assert!(query.indices.is_sorted_by(|before, behind| before < behind));
                assert_ne!(query.tree_size, Some(0));
            },
        ),
        5 => read(
            message,
            |request: GetConsistencyProofRequest| ConsistencyQuery::try_from(request),
            |query| assert!(query.new_size.is_none_or(|new| query.old_size <= new)),
        ),
        _ => read(
            message,
            |request: GetEntriesRequest| RangeQuery::try_from(request),
            |query| assert!(query.count > 0),
        ),
    };
    match accepted {
        true => Verdict::Accepted,
        false => Verdict::Refused,
    }
}

fn read<M: Message + Default, Q, E: ToString>(
    bytes: &[u8],
    convert: impl FnOnce(M) -> Result<Q, E>,
    holds: impl FnOnce(&Q),
) -> bool {
    let Ok(message) = M::decode(bytes) else {
        return false;
    };
    match convert(message) {
        Ok(query) => {
            holds(&query);
            true
        }
        Err(refusal) => {
            let words = refusal.to_string();
            assert!(!words.is_empty() && words.len() < 500);
            false
        }
    }
}

fn within_limits(batch: &Batch) {
    assert!((1..=BATCH_ENTRIES_MAX).contains(&batch.len()));
    assert!(batch.bytes() <= BATCH_BYTES_MAX.max(ENTRY_MAX + 4));
    assert_eq!(batch.hashes().len(), batch.len());
}
