//! AppendStream: single entries in, acknowledgements by run out.
//!
//! Two tasks a stream. One reads entries and queues them, as many at once as have arrived; it stops reading when the queue or
//! the stream's own share of it is full, and HTTP/2 flow control tells the client. The other takes acknowledgements, proves
//! them and writes them. The first ends with the client's side, with its first bad message, or when the service stops; the
//! second ends when all that was queued is acknowledged, and says how the first ended.

use futures_util::FutureExt;
use indelible_log::{Acks, Appender, BadBatch, Batch, Reader, StreamAck, StreamAppender};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::LogService;
use crate::proofs::Proofs;
use crate::task::join;
use crate::wire::{AppendStreamRequest, AppendStreamResponse, ConsistencyQuery, IntoStatus, StreamEntry, stream_reply};

/// The stream of replies.
pub(super) type Replies = ReceiverStream<Result<AppendStreamResponse, Status>>;

/// Serves one stream.
pub(super) fn serve(service: &LogService, appender: &Appender, inbound: Streaming<AppendStreamRequest>) -> Replies {
    let (appender, acks) = appender.stream();
    let (replies, receiver) = mpsc::channel(REPLIES_AHEAD);
    let (held, held_size) = oneshot::channel();
    let stopping = service.stopping.child_token();
    let intake = Intake {
        inbound,
        reader: service.reader.clone(),
        appender,
        stopping: stopping.clone(),
    };
    let intake = tokio::spawn(intake.run(held));
    let outlet = Outlet {
        acks,
        proofs: service.proofs.clone(),
        replies,
    };
    tokio::spawn(async move {
        // Without somebody to acknowledge to, nothing more is read.
        let _stop_reading = stopping.drop_guard();
        let replies = outlet.replies.clone();
        let ended = async {
            // The first message decides whether acknowledgements carry consistency proofs; without one there is nothing to do.
            let held_size = held_size.await.unwrap_or_default();
            outlet.run(held_size).await?;
            join(intake).await
        };
        if let Err(status) = ended.await {
            // If the client has gone, nobody is there to hear it.
            let _ = replies.send(Err(status)).await;
        }
    });
    ReceiverStream::new(receiver)
}

/// The reading half.
struct Intake {
    inbound: Streaming<AppendStreamRequest>,
    reader: Reader,
    appender: StreamAppender,
    stopping: CancellationToken,
}

impl Intake {
    /// Reads until the client's side ends; dropped then, it ends the acknowledgements behind the last that is due.
    async fn run(mut self, held: oneshot::Sender<Option<u64>>) -> Result<(), Status> {
        let Some(first) = self.next().await? else { return Ok(()) };
        let size = self.reader.head().size();
        if let Some(held) = first.held_size.filter(|held| *held > size) {
            // Refused before anything is written: whoever holds such a head has something to find out first.
            let words = format!("held_size ({held}) is beyond the newest head, of size {size}");
            return Err(Status::out_of_range(words));
        }
        // The writing half listens, or there is nobody left to acknowledge to.
        let _ = held.send(first.held_size);
        let mut waiting = Some(first.entry);
        while let Some(entry) = waiting.take() {
            let mut batch = Batch::single(entry).map_err(IntoStatus::into_status)?;
            let ended = loop {
                if batch.bytes() >= GATHERED_BYTES_MAX {
                    break None;
                }
                let Some(arrived) = self.next().now_or_never() else {
                    break None;
                };
                let entry = match arrived.and_then(|message| message.map(later_entry).transpose()) {
                    Ok(Some(entry)) => entry,
                    Ok(None) => break Some(Ok(())),
                    Err(status) => break Some(Err(status)),
                };
                match batch.push(entry.clone()) {
                    Ok(()) => {}
                    Err(BadBatch::TooMany | BadBatch::TooLarge { .. }) => {
                        waiting = Some(entry);
                        break None;
                    }
                    Err(error @ (BadBatch::Empty | BadBatch::EntryTooLong { .. })) => {
                        break Some(Err(error.into_status()));
                    }
                }
            };
            self.appender.append(batch).await.map_err(IntoStatus::into_status)?;
            if let Some(ended) = ended {
                return ended;
            }
            if waiting.is_none() {
                waiting = self.next().await?.map(later_entry).transpose()?;
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<StreamEntry>, Status> {
        tokio::select! {
            message = self.inbound.message() => Ok(message?.map(StreamEntry::from)),
            () = self.stopping.cancelled() => Err(Status::unavailable("the log is stopping")),
        }
    }
}

/// The writing half.
struct Outlet {
    acks: Acks,
    proofs: Proofs,
    replies: mpsc::Sender<Result<AppendStreamResponse, Status>>,
}

impl Outlet {
    /// Writes acknowledgements until nothing is left to acknowledge.
    async fn run(mut self, mut held_size: Option<u64>) -> Result<(), Status> {
        while let Some(ack) = self.acks.next().await {
            let StreamAck { ack, .. } = &ack.map_err(IntoStatus::into_status)?;
            let proof = self
                .proofs
                .acknowledged_run(ack)
                .await
                .map_err(IntoStatus::into_status)?;
            let consistency = match held_size {
                None => None,
                Some(old_size) => {
                    let query = ConsistencyQuery {
                        old_size,
                        new_size: Some(ack.head.size()),
                    };
                    Some(
                        self.proofs
                            .consistency(query)
                            .await
                            .map_err(IntoStatus::into_status)?
                            .proof,
                    )
                }
            };
            held_size = held_size.map(|_| ack.head.size());
            if self
                .replies
                .send(Ok(stream_reply(ack, &proof, consistency.as_ref())))
                .await
                .is_err()
            {
                return Err(Status::cancelled("the client has gone"));
            }
        }
        Ok(())
    }
}

fn later_entry(message: StreamEntry) -> Result<bytes::Bytes, Status> {
    match message.held_size {
        None => Ok(message.entry),
        Some(_) => Err(Status::invalid_argument(
            "held_size: belongs to the first message of a stream only",
        )),
    }
}

/// Entry bytes that are taken at once of what has arrived: enough to make queueing cheap, little enough that thousands of streams
/// which wait for room do not hold much.
const GATHERED_BYTES_MAX: usize = 256 << 10;

/// Acknowledgements that are proven before the client has read the last: one is on the wire, one is ready.
const REPLIES_AHEAD: usize = 2;
