//! AppendStream: order, runs, acknowledgements.

use bytes::Bytes;
use futures_util::stream;
use indelible_merkle::{ConsistencyProof, Hash, RangeProof, TreeHead, check_consistency, check_range};
use indelible_note::open_checkpoint;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::stubs::{AppendStreamRequest, GetTreeHeadRequest};
use crate::support::Bed;

fn message(entry: impl Into<Bytes>) -> AppendStreamRequest {
    AppendStreamRequest {
        entry: entry.into(),
        held_size: None,
    }
}

/// Three streams at once: what a commit takes of each lies together, in the order sent, so that each head is acknowledged to a
/// stream at most once.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_gets_one_run_a_commit_in_the_order_sent() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey();
    let streams = (0..3).map(|stream| {
        let key = key.clone();
        let stub = server.stub();
        async move {
            let mut stub = stub.await;
            let entry = move |number: u64| Bytes::from(format!("{stream}/{number}"));
            let requests = stream::iter((0..2_000).map(move |number| AppendStreamRequest {
                entry: entry(number),
                held_size: (number == 0).then_some(0),
            }));
            let mut acks = stub.append_stream(requests).await.unwrap().into_inner();
            let (mut sent, mut held, mut sizes) = (0, TreeHead::EMPTY, Vec::new());
            while let Some(ack) = acks.message().await.unwrap() {
                let head = open_checkpoint(&ack.head.unwrap().checkpoint, &key).unwrap().head();
                let leaves: Vec<Hash> = (sent..sent + u64::from(ack.count))
                    .map(|number| Hash::leaf(&entry(number)))
                    .collect();
                let end = ack.first_index + u64::from(ack.count);
                let hashes = Hash::split(&ack.proof.unwrap().hashes).unwrap();
                check_range(
                    &leaves,
                    &RangeProof::new(ack.first_index, end, head.size, hashes),
                    &head,
                )
                .unwrap();
                let hashes = Hash::split(&ack.consistency.unwrap().hashes).unwrap();
                check_consistency(&ConsistencyProof::new(held.size, head.size, hashes), &held, &head).unwrap();
                sent += u64::from(ack.count);
                held = head;
                sizes.push(head.size);
            }
            assert_eq!(sent, 2_000);
            assert!(
                sizes.windows(2).all(|pair| pair[0] < pair[1]),
                "two runs under one head: {sizes:?}"
            );
        }
    });
    futures_util::future::join_all(streams).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_message_ends_the_stream_after_what_came_before_is_acknowledged() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let cases: [(AppendStreamRequest, &str); 2] = [
        (message(vec![0; 65_536]), "65535"),
        (
            AppendStreamRequest {
                entry: Bytes::new(),
                held_size: Some(3),
            },
            "held_size",
        ),
    ];
    for (bad, word) in cases {
        let mut stub = server.stub().await;
        let requests = stream::iter([message("good"), message("also good"), bad, message("too late")]);
        let mut acks = stub.append_stream(requests).await.unwrap().into_inner();
        let mut acknowledged = 0;
        let status = loop {
            match acks.message().await {
                Ok(Some(ack)) => acknowledged += ack.count,
                Ok(None) => panic!("ended without a reason"),
                Err(status) => break status,
            }
        };
        assert_eq!(acknowledged, 2);
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(word), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_head_beyond_the_log_is_out_of_range() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut stub = server.stub().await;
    let requests = stream::iter([AppendStreamRequest {
        entry: Bytes::from_static(b"x"),
        held_size: Some(1_000),
    }]);
    let mut acks = stub.append_stream(requests).await.unwrap().into_inner();
    assert_eq!(acks.message().await.unwrap_err().code(), Code::OutOfRange);
    let head = stub
        .get_tree_head(GetTreeHeadRequest {})
        .await
        .unwrap()
        .into_inner()
        .head
        .unwrap();
    assert!(
        head.checkpoint.starts_with(b"test.example/log\n0\n"),
        "nothing was written"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_stream_ends_well_and_a_reader_that_stops_does_not_stop_others() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut stub = server.stub().await;
    let mut acks = stub.append_stream(stream::empty()).await.unwrap().into_inner();
    assert!(acks.message().await.unwrap().is_none());

    // This one sends 40 MiB and reads no acknowledgement: it is held at its own share of the queue.
    let (sender, receiver) = mpsc::channel(1);
    let _unread = stub
        .append_stream(ReceiverStream::new(receiver))
        .await
        .unwrap()
        .into_inner();
    let sending = tokio::spawn(async move {
        for _ in 0..640 {
            if sender.send(message(vec![1; 65_000])).await.is_err() {
                return;
            }
        }
    });
    let client = server.client(bed.vkey()).await;
    for number in 0..50 {
        client.append(Bytes::from(format!("beside it {number}"))).await.unwrap();
    }
    sending.abort();
}
