//! SubmitStream: events in, acknowledgements by run out.
//!
//! One task a stream: it takes what has arrived as one run, submits that, and reads on when it is durable; what arrives meanwhile is the
//! next run, and what has no room in the connection's window is the client's to keep.

use futures_util::FutureExt;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::{TrailService, in_scope};
use crate::access::Caller;
use crate::trail::Refused;
use crate::waiting::Waiting;
use crate::wire::{BadSubmission, IntoStatus, SubmitStreamRequest, SubmitStreamResponse, SubmittedRun, submissions};

/// The stream of replies.
pub(super) type Replies = ReceiverStream<Result<SubmitStreamResponse, Status>>;

/// Serves one stream.
pub(super) fn serve(service: &TrailService, inbound: Streaming<SubmitStreamRequest>, caller: Caller) -> Replies {
    let (replies, receiver) = mpsc::channel(REPLIES_AHEAD);
    let intake = Intake {
        inbound,
        waiting: None,
        stopping: service.stopping.clone(),
    };
    let service = service.clone();
    tokio::spawn(async move {
        if let Err(status) = run(&service, intake, &caller, &replies).await {
            // If the client has gone, nobody is there to hear it.
            let _ = replies.send(Err(status)).await;
        }
    });
    ReceiverStream::new(receiver)
}

async fn run(
    service: &TrailService,
    mut intake: Intake,
    caller: &Caller,
    replies: &mpsc::Sender<Result<SubmitStreamResponse, Status>>,
) -> Result<(), Status> {
    loop {
        let Gathered { mut messages, ended } = intake.gather().await;
        let mut count = messages.len();
        while count > 0 {
            let run = &messages[..count];
            let _place = service
                .place_for(run.iter().filter_map(|message| message.submission.as_ref()))
                .await?;
            let run = run.iter().map(|message| message.submission.clone());
            let taken = match submissions(run, caller) {
                Ok(read) => match in_scope(caller, &read) {
                    Ok(()) => service.submit_run(read, Waiting::default()).await.map_err(|refused| {
                        let Refused { place, refusal } = refused;
                        (place, refusal.into_status())
                    }),
                    Err(outside) => Err(outside),
                },
                Err(BadSubmission { place, problem }) => Err((place, problem.into_status())),
            };
            match taken {
                Ok(run) => {
                    acknowledge(run?, replies).await?;
                    messages.drain(..count);
                    count = messages.len();
                }
                // Where runs end is by chance: those before it are taken without it, and then it is judged by itself.
                Err((place, _)) if place > 0 => count = place,
                Err((_, status)) => return Err(status),
            }
        }
        if let Some(ended) = ended {
            return ended;
        }
    }
}

async fn acknowledge(
    run: SubmittedRun,
    replies: &mpsc::Sender<Result<SubmitStreamResponse, Status>>,
) -> Result<(), Status> {
    let sent = replies.send(Ok(run.into())).await;
    sent.map_err(|_| Status::cancelled("the client has gone"))
}

/// The reading half.
struct Intake {
    inbound: Streaming<SubmitStreamRequest>,
    /// A message that had no room in the last run.
    waiting: Option<SubmitStreamRequest>,
    stopping: CancellationToken,
}

/// What has arrived, and how the client's side ended, if it has.
struct Gathered {
    messages: Vec<SubmitStreamRequest>,
    ended: Option<Result<(), Status>>,
}

impl Intake {
    /// Waits for a message, and takes what has arrived with it as long as it is small.
    async fn gather(&mut self) -> Gathered {
        let mut messages = Vec::new();
        let first = match self.waiting.take() {
            Some(message) => Ok(Some(message)),
            None => self.next().await,
        };
        let mut arrived = Some(first);
        let mut bytes = 0;
        let ended = loop {
            match arrived.take() {
                None => break None,
                Some(Ok(Some(message))) => {
                    bytes += message.encoded_len();
                    if !messages.is_empty() && bytes > RUN_BYTES_MAX {
                        self.waiting = Some(message);
                        break None;
                    }
                    messages.push(message);
                }
                Some(Ok(None)) => break Some(Ok(())),
                Some(Err(status)) => break Some(Err(status)),
            }
            // Who asks for more has done with what it had (`room::messages`): of what is large, there is one at a time.
            if messages.len() < RUN_EVENTS_MAX && bytes < RUN_BYTES_MAX {
                arrived = self.next().now_or_never();
            }
        };
        Gathered { messages, ended }
    }

    async fn next(&mut self) -> Result<Option<SubmitStreamRequest>, Status> {
        tokio::select! {
            message = self.inbound.message() => message,
            () = self.stopping.cancelled() => Err(Status::unavailable("the log is stopping")),
        }
    }
}

/// Bytes of one run as they came, unless it has one event only: with salts, leaves and marks they stay far below the 4 MiB of a commit.
const RUN_BYTES_MAX: usize = 512 << 10;

/// Events of one run: 1,024 leaves and eleven salts and names each are 1.2 MiB.
const RUN_EVENTS_MAX: usize = 1024;

/// Acknowledgements that are ready before the client has read the last.
const REPLIES_AHEAD: usize = 2;
