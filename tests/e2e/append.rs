//! Appending by every method, and reading back by every method.

use bytes::Bytes;
use indelible_merkle::{
    ConsistencyProof, Hash, InclusionProof, RangeProof, TreeHead, check_batch, check_consistency, check_inclusion,
    check_range,
};
use indelible_note::{VerifierKey, open_checkpoint};

use crate::stubs::{
    AppendBatchRequest, AppendRequest, GetConsistencyProofRequest, GetEntriesRequest, GetInclusionProofRequest,
    GetInclusionProofsRequest, GetTreeHeadRequest, SignedTreeHead, WatchTreeHeadsRequest, get_inclusion_proof_request,
};
use crate::support::Bed;

fn tree(head: Option<SignedTreeHead>, key: &VerifierKey) -> TreeHead {
    open_checkpoint(&head.expect("a head").checkpoint, key).unwrap().head()
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    Hash::split(bytes).unwrap()
}

fn entry(index: u64) -> Bytes {
    Bytes::from(format!("entry number {index}"))
}

/// 700 entries: two full tiles and a part, in memory and, after the sealer has come by, in sled.
#[tokio::test(flavor = "multi_thread")]
async fn every_method_answers_with_proofs_that_hold_before_and_after_sealing() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey();
    let mut stub = server.stub().await;

    let first = stub
        .append(AppendRequest {
            entry: entry(0),
            omit_proof: false,
            ..AppendRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (first.index, first.leaf_hash),
        (0, Bytes::copy_from_slice(Hash::leaf(&entry(0)).as_bytes()))
    );
    let old = tree(first.head, &key);
    check_inclusion(
        Hash::leaf(&entry(0)),
        &InclusionProof::new(0, 1, hashes(&first.proof.unwrap().hashes)),
        &old,
    )
    .unwrap();

    let second = stub
        .append(AppendRequest {
            entry: entry(1),
            omit_proof: true,
            ..AppendRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert!(second.proof.is_none(), "a declined proof is left out");

    let batch = AppendBatchRequest {
        entries: (2..700).map(entry).collect(),
        ..AppendBatchRequest::default()
    };
    let batch = stub.append_batch(batch).await.unwrap().into_inner();
    assert_eq!((batch.first_index, batch.count), (2, 698));
    let newest = tree(batch.head, &key);
    let leaves: Vec<Hash> = (2..700).map(|index| Hash::leaf(&entry(index))).collect();
    let proof = RangeProof::new(2, 700, 700, hashes(&batch.proof.unwrap().hashes));
    check_range(&leaves, &proof, &newest).unwrap();

    for sealed in [false, true] {
        if sealed {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
        let head = stub
            .get_tree_head(GetTreeHeadRequest {})
            .await
            .unwrap()
            .into_inner()
            .head;
        assert_eq!(tree(head, &key), newest);

        for index in [0, 1, 2, 255, 256, 511, 512, 699] {
            let by_index = get_inclusion_proof_request::Entry::Index(index);
            let answer = stub.get_inclusion_proof(GetInclusionProofRequest {
                entry: Some(by_index),
                tree_size: None,
            });
            let answer = answer.await.unwrap().into_inner();
            assert_eq!(tree(answer.head, &key), newest);
            let proof = InclusionProof::new(index, 700, hashes(&answer.proof.unwrap().hashes));
            check_inclusion(Hash::leaf(&entry(index)), &proof, &newest).unwrap();
        }
        let request = GetInclusionProofRequest {
            entry: Some(get_inclusion_proof_request::Entry::Index(0)),
            tree_size: Some(1),
        };
        let older = stub.get_inclusion_proof(request).await.unwrap().into_inner();
        assert!(
            older.head.is_none() && older.tree_size == 1,
            "an older tree's head is the client's to bring"
        );

        let indices = vec![0, 7, 255, 256, 600, 699];
        let many = GetInclusionProofsRequest {
            indices: indices.clone(),
            tree_size: None,
        };
        let many = stub.get_inclusion_proofs(many).await.unwrap().into_inner();
        let leaves: Vec<(u64, Hash)> = indices
            .iter()
            .map(|index| (*index, Hash::leaf(&entry(*index))))
            .collect();
        check_batch(&leaves, &hashes(&many.hashes), &newest).unwrap();

        let request = GetConsistencyProofRequest {
            old_size: 1,
            new_size: None,
        };
        let consistency = stub.get_consistency_proof(request).await.unwrap().into_inner();
        let proof = ConsistencyProof::new(1, 700, hashes(&consistency.proof.unwrap().hashes));
        check_consistency(&proof, &old, &newest).unwrap();

        let mut stream = stub
            .get_entries(GetEntriesRequest {
                start: 5,
                count: 10_000,
            })
            .await
            .unwrap()
            .into_inner();
        let mut next = 5;
        while let Some(message) = stream.message().await.unwrap() {
            assert_eq!(message.first_index, next);
            for found in message.entries {
                assert_eq!(found, entry(next));
                next += 1;
            }
        }
        assert_eq!(next, 700);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leaf_hashes_are_found_first_copy_first_once_the_index_has_them() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut stub = server.stub().await;
    let entries = vec![
        Bytes::from_static(b"a"),
        Bytes::from_static(b"b"),
        Bytes::from_static(b"a"),
    ];
    stub.append_batch(AppendBatchRequest {
        entries,
        ..AppendBatchRequest::default()
    })
    .await
    .unwrap();
    for (entry, index) in [(b"a", 0), (b"b", 1)] {
        let hash = Bytes::copy_from_slice(Hash::leaf(entry).as_bytes());
        let by_hash = Some(get_inclusion_proof_request::Entry::LeafHash(hash));
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let answer = loop {
            match stub
                .get_inclusion_proof(GetInclusionProofRequest {
                    entry: by_hash.clone(),
                    tree_size: None,
                })
                .await
            {
                Ok(answer) => break answer.into_inner(),
                Err(lags) if std::time::Instant::now() < deadline => {
                    assert_eq!(lags.code(), tonic::Code::Unavailable, "{lags}");
                    assert!(lags.message().contains("of the tree's 3 entries"), "{lags}");
                }
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(answer.index, index);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_gives_the_head_of_now_and_then_newer_ones() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey();
    let mut stub = server.stub().await;
    let mut heads = stub
        .watch_tree_heads(WatchTreeHeadsRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        tree(heads.message().await.unwrap().unwrap().head, &key),
        TreeHead::EMPTY
    );
    for index in 0..200 {
        stub.append(AppendRequest {
            entry: entry(index),
            omit_proof: true,
            ..AppendRequest::default()
        })
        .await
        .unwrap();
    }
    let mut last = 0;
    while last < 200 {
        let size = tree(heads.message().await.unwrap().unwrap().head, &key).size;
        assert!(size > last, "never an old one: {size} after {last}");
        last = size;
    }
}
