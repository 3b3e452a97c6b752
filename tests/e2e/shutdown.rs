//! Graceful shutdown: what was acknowledged is there afterwards, what was not is refused clearly.

use std::time::{Duration, Instant};

use bytes::Bytes;
use indelible_merkle::Hash;
use tonic::Code;

use crate::stubs::{AppendRequest, AppendStreamRequest, GetEntriesRequest, WatchTreeHeadsRequest};
use crate::support::Bed;

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_keeps_what_was_acknowledged_and_names_the_rest() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut watching = server
        .stub()
        .await
        .watch_tree_heads(WatchTreeHeadsRequest {})
        .await
        .unwrap()
        .into_inner();
    let (_open, never) = tokio::sync::mpsc::channel::<AppendStreamRequest>(1);
    let never = tokio_stream::wrappers::ReceiverStream::new(never);
    let mut idle = server.stub().await.append_stream(never).await.unwrap().into_inner();

    let mut stub = server.stub().await;
    let writers = (0..8).map(|writer| {
        let mut stub = stub.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0u64.. {
                let entry = Bytes::from(format!("{writer}/{number}"));
                match stub
                    .append(AppendRequest {
                        entry: entry.clone(),
                        omit_proof: true,
                        ..AppendRequest::default()
                    })
                    .await
                {
                    Ok(reply) => acknowledged.push((reply.into_inner().index, entry)),
                    Err(status) => return (acknowledged, status),
                }
            }
            unreachable!("the server stops before the numbers end")
        })
    });
    let writers: Vec<_> = writers.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let (status, _) = tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    assert!(status.success());
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "streams that never end are told to: {:?}",
        began.elapsed()
    );

    while let Ok(Some(_)) = watching.message().await {}
    assert_eq!(idle.message().await.unwrap_err().code(), Code::Unavailable);
    let mut acknowledged = Vec::new();
    for writer in writers {
        let (entries, status) = writer.await.unwrap();
        // Either the service said so, or the client was told to send nothing more before it sent this one.
        let unsent = std::error::Error::source(&status).is_some() && status.code() == Code::Cancelled;
        assert!(status.code() == Code::Unavailable || unsent, "{status}");
        acknowledged.extend(entries);
    }
    assert!(acknowledged.len() > 100, "there was load: {}", acknowledged.len());

    let again = bed.serve();
    stub = again.stub().await;
    let everything = GetEntriesRequest {
        start: 0,
        count: u64::MAX,
    };
    let mut stream = stub.get_entries(everything).await.unwrap().into_inner();
    let mut stored = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        stored.extend(message.entries);
    }
    assert_eq!(stored.len(), acknowledged.len(), "what was refused is not in the log");
    for (index, entry) in acknowledged {
        assert_eq!(Hash::leaf(&stored[usize::try_from(index).unwrap()]), Hash::leaf(&entry));
    }
}
