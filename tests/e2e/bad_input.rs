//! What bad input gets: a clear error that names field and limit, the right code, and nothing written.

use bytes::Bytes;
use tonic::{Code, Status};

use crate::stubs::{
    AppendBatchRequest, AppendRequest, GetConsistencyProofRequest, GetEntriesRequest, GetInclusionProofRequest,
    GetInclusionProofsRequest, GetTreeHeadRequest, get_inclusion_proof_request::Entry,
};
use crate::support::{Bed, Server};

/// A service with three entries.
async fn with_three_entries(bed: &Bed) -> Server {
    let server = bed.serve();
    let entries = (0..3).map(|number| Bytes::from(format!("{number}"))).collect();
    server
        .stub()
        .await
        .append_batch(AppendBatchRequest {
            entries,
            ..AppendBatchRequest::default()
        })
        .await
        .unwrap();
    server
}

fn refused(result: Result<impl std::fmt::Debug, Status>, code: Code, words: &[&str]) {
    let status = result.expect_err("must be refused");
    assert_eq!(status.code(), code, "{status}");
    for word in words {
        assert!(
            status.message().contains(word),
            "{word:?} is not in {:?}",
            status.message()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_beyond_the_limits_are_refused_whole() {
    let bed = Bed::with_log();
    let server = with_three_entries(&bed).await;
    let mut stub = server.stub().await;
    let head = stub.get_tree_head(GetTreeHeadRequest {}).await.unwrap().into_inner();
    let batch = |entries| AppendBatchRequest {
        entries,
        ..AppendBatchRequest::default()
    };
    let long = Bytes::from(vec![0; 65_536]);

    refused(
        stub.append(AppendRequest {
            entry: long.clone(),
            omit_proof: false,
            ..AppendRequest::default()
        })
        .await,
        Code::InvalidArgument,
        &["entry 0", "65536", "65535"],
    );
    refused(
        stub.append_batch(batch(vec![])).await,
        Code::InvalidArgument,
        &["entries", "at least 1"],
    );
    refused(
        stub.append_batch(batch(vec![Bytes::from_static(b"good"), long])).await,
        Code::InvalidArgument,
        &["entry 1", "65535"],
    );
    refused(
        stub.append_batch(batch(vec![Bytes::new(); 10_001])).await,
        Code::InvalidArgument,
        &["entries", "10000"],
    );
    let large = vec![Bytes::from(vec![0; 65_000]); 64];
    let larger: Vec<Bytes> = large.into_iter().chain([Bytes::from(vec![0; 40_000])]).collect();
    refused(
        stub.append_batch(batch(larger)).await,
        Code::InvalidArgument,
        &["entries", "4194304", "entry 64"],
    );
    let too_large_to_read = vec![Bytes::from(vec![0; 65_000]); 80];
    refused(
        stub.append_batch(batch(too_large_to_read)).await,
        Code::OutOfRange,
        &["message"],
    );

    let still = stub.get_tree_head(GetTreeHeadRequest {}).await.unwrap().into_inner();
    assert_eq!(still, head, "nothing was written");
    let longest = Bytes::from(vec![0; 65_535]);
    let taken = stub
        .append(AppendRequest {
            entry: longest,
            omit_proof: false,
            ..AppendRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(taken.index, 3, "the limit itself is allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_beyond_the_tree_name_the_field_and_the_size() {
    let bed = Bed::with_log();
    let server = with_three_entries(&bed).await;
    let mut stub = server.stub().await;
    let inclusion = |entry, tree_size| GetInclusionProofRequest { entry, tree_size };
    let index = |index| Some(Entry::Index(index));

    let cases = [
        (
            inclusion(None, None),
            Code::InvalidArgument,
            vec!["entry", "index", "leaf_hash"],
        ),
        (inclusion(index(3), None), Code::OutOfRange, vec!["index 3", "size 3"]),
        (
            inclusion(index(2), Some(2)),
            Code::OutOfRange,
            vec!["index 2", "size 2"],
        ),
        (
            inclusion(index(0), Some(4)),
            Code::OutOfRange,
            vec!["tree_size (4)", "size 3"],
        ),
        (inclusion(index(0), Some(0)), Code::InvalidArgument, vec!["tree_size"]),
        (
            inclusion(index(u64::MAX), Some(u64::MAX)),
            Code::OutOfRange,
            vec!["tree_size"],
        ),
        (
            inclusion(Some(Entry::LeafHash(Bytes::from_static(b"short"))), None),
            Code::InvalidArgument,
            vec!["leaf_hash"],
        ),
    ];
    for (request, code, words) in cases {
        refused(stub.get_inclusion_proof(request).await, code, &words);
    }

    let unknown = inclusion(Some(Entry::LeafHash(Bytes::from(vec![7; 32]))), None);
    let status = loop {
        match stub.get_inclusion_proof(unknown.clone()).await.unwrap_err() {
            lags if lags.code() == Code::Unavailable => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            status => break status,
        }
    };
    assert_eq!(status.code(), Code::NotFound, "{status}");

    let many = |indices, tree_size| GetInclusionProofsRequest { indices, tree_size };
    let cases = [
        (many(vec![], None), Code::InvalidArgument, vec!["indices", "1000"]),
        (
            many((0..1_001).collect(), None),
            Code::InvalidArgument,
            vec!["indices", "1000", "1001"],
        ),
        (many(vec![1, 1], None), Code::InvalidArgument, vec!["increase"]),
        (many(vec![2, 1], None), Code::InvalidArgument, vec!["1 follows 2"]),
        (many(vec![0, 3], None), Code::OutOfRange, vec!["index 3", "size 3"]),
        (many(vec![0], Some(9)), Code::OutOfRange, vec!["tree_size (9)"]),
    ];
    for (request, code, words) in cases {
        refused(stub.get_inclusion_proofs(request).await, code, &words);
    }

    let consistency = |old_size, new_size| GetConsistencyProofRequest { old_size, new_size };
    let cases = [
        (
            consistency(3, Some(2)),
            Code::InvalidArgument,
            vec!["old_size (3)", "new_size (2)"],
        ),
        (consistency(4, None), Code::OutOfRange, vec!["old_size (4)", "size 3"]),
        (
            consistency(1, Some(4)),
            Code::OutOfRange,
            vec!["new_size (4)", "size 3"],
        ),
    ];
    for (request, code, words) in cases {
        refused(stub.get_consistency_proof(request).await, code, &words);
    }
    let from_nothing = stub
        .get_consistency_proof(consistency(0, Some(2)))
        .await
        .unwrap()
        .into_inner();
    assert!(
        from_nothing.proof.unwrap().hashes.is_empty(),
        "every tree is consistent with the empty one"
    );

    let entries = |start, count| GetEntriesRequest { start, count };
    refused(stub.get_entries(entries(0, 0)).await, Code::InvalidArgument, &["count"]);
    refused(
        stub.get_entries(entries(3, 1)).await,
        Code::OutOfRange,
        &["start (3)", "size 3"],
    );
    refused(
        stub.get_entries(entries(u64::MAX, u64::MAX)).await,
        Code::OutOfRange,
        &["start"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_leaf_index_the_answer_says_so() {
    let bed = Bed::with_log();
    bed.write("log/indelible.toml", "leaf_index = false\n");
    let server = with_three_entries(&bed).await;
    let by_hash = Some(Entry::LeafHash(Bytes::from(vec![7; 32])));
    let request = GetInclusionProofRequest {
        entry: by_hash,
        tree_size: None,
    };
    refused(
        server.stub().await.get_inclusion_proof(request).await,
        Code::FailedPrecondition,
        &["index of leaf hashes"],
    );
    assert!(!bed.path("log/state.sqlite").exists());
}
