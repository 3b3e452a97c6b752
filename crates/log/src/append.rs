//! The way in: a bounded queue to the sequencer, and the acknowledgements back.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc, oneshot, watch};

use crate::batch::Batch;
use crate::commit::Head;
use crate::condition::Condition;
use crate::description::Kind;
use crate::queue::Entrance;
use crate::settings::Settings;

/// Where the entries of a batch, or of a run of a stream's batches, stand: they are the leaves `first .. first + count` of the
/// tree of `head`, durable and published.
#[derive(Clone, Debug)]
pub struct Ack {
    /// Index of the first entry.
    pub first: u64,
    /// How many entries, at least 1.
    pub count: u64,
    /// The head that the commit made.
    pub head: Head,
}

/// Why a batch is not acknowledged. What was still in the queue then is not in the log; what was being committed when the
/// journal failed may be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The log is shutting down.
    #[error("the log is stopping; nothing was written")]
    Stopping,
    /// Writing the journal failed; the log takes nothing more until it is started again.
    #[error("the log cannot write its journal ({0}); this entry may or may not be in it")]
    Failed(String),
    /// The log was halted, because somebody outside knows what it does not.
    #[error("the log was halted ({0}); nothing was written")]
    Halted(String),
    /// As much waits for room in the queue as the queue itself holds.
    #[error("the log's queue is full, and too much waits for room in it; nothing was written")]
    QueueFull,
    /// Sealing has stopped, and as much waits for it as memory may hold.
    #[error("the log cannot seal ({0}) and its backlog is full; nothing was written")]
    BacklogFull(String),
}

/// Appends batches. Cheap to clone; every clone feeds the same queue.
#[derive(Clone, Debug)]
pub struct Appender {
    queue: Arc<Entrance>,
    room: Arc<Semaphore>,
    /// Room for what waits for room: without it, callers that nobody slows down would wait with all they carry.
    waiting_room: Arc<Semaphore>,
    kind: Kind,
    /// All the room that there is in the queue, in bytes.
    room_max: usize,
    ending: Ending,
    streams: Arc<AtomicU64>,
}

impl Appender {
    pub(crate) fn new(
        queue: Arc<Entrance>,
        room: Arc<Semaphore>,
        waiting_room: Arc<Semaphore>,
        kind: Kind,
        settings: &Settings,
        ending: Ending,
    ) -> Appender {
        Appender {
            queue,
            room,
            waiting_room,
            kind,
            room_max: settings.queue_bytes_max,
            ending,
            streams: Arc::new(AtomicU64::new(0)),
        }
    }

    /// Appends a batch, which must not be empty, and waits until it is durable and published.
    ///
    /// Waits for room in the queue first, unless too many do; what is heavier than all of the queue waits until that is empty. Dropping the future before there is room leaves nothing behind;
    /// from then on the batch is the sequencer's, and only its answer is lost.
    pub async fn append(&self, batch: Batch) -> Result<Ack, AppendError> {
        self.check(&batch);
        let room = self.enter(weight_of(&batch, self.room_max)).await?;
        let (answer, answered) = oneshot::channel();
        self.submit(Submission {
            batch,
            room,
            reply: Reply::Once(answer),
        });
        match answered.await {
            Ok(result) => result,
            // The batch was dropped without an answer: the sequencer ends, and is about to say why.
            Err(_) => Err(self.ending.clone().reached().await),
        }
    }

    /// Begins a stream: batches whose acknowledgements come in order, one for all that a commit takes of it.
    pub fn stream(&self) -> (StreamAppender, Acks) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let id = self.streams.fetch_add(1, Ordering::Relaxed);
        let stream = Stream { id, acks: sender };
        let queued = Arc::new(AtomicU64::new(0));
        let appender = StreamAppender {
            appender: self.clone(),
            room: Arc::new(Semaphore::new(STREAM_BYTES_MAX)),
            stream,
            queued: queued.clone(),
        };
        let acks = Acks {
            acks: receiver,
            queued,
            acknowledged: 0,
            ending: self.ending.clone(),
        };
        (appender, acks)
    }

    /// What waits now.
    pub fn waiting(&self) -> Waiting {
        Waiting {
            queued_bytes: self.room_max.saturating_sub(self.room.available_permits()),
            outside_bytes: self.room_max.saturating_sub(self.waiting_room.available_permits()),
        }
    }

    /// Takes room in the queue: at once, or after waiting for it if the waiting room has a place.
    async fn enter(&self, weight: u32) -> Result<OwnedSemaphorePermit, AppendError> {
        match Arc::clone(&self.room).try_acquire_many_owned(weight) {
            Ok(room) => Ok(room),
            Err(TryAcquireError::Closed) => Err(self.ending.refusal()),
            Err(TryAcquireError::NoPermits) => {
                let _place = self
                    .waiting_room
                    .try_acquire_many(weight)
                    .map_err(|_| AppendError::QueueFull)?;
                self.wait_for_room(weight).await
            }
        }
    }

    async fn wait_for_room(&self, weight: u32) -> Result<OwnedSemaphorePermit, AppendError> {
        Arc::clone(&self.room)
            .acquire_many_owned(weight)
            .await
            .map_err(|_| self.ending.refusal())
    }

    fn check(&self, batch: &Batch) {
        assert!(!batch.is_empty(), "a batch has at least 1 entry");
        assert!(
            self.kind == Kind::Events || !batch.has_attachments(),
            "the entries of an opaque log have no attachments"
        );
    }

    fn submit(&self, submission: Submission) {
        self.queue.submit(submission);
    }
}

/// How full the queue is, by [`Batch::weight`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Bytes that are queued or being committed.
    pub queued_bytes: usize,
    /// Bytes that wait for room in the queue, those of streams apart.
    pub outside_bytes: usize,
}

/// The sending half of a stream. Dropped, it ends the stream's [`Acks`] once all that was queued is acknowledged.
#[derive(Debug)]
pub struct StreamAppender {
    appender: Appender,
    room: Arc<Semaphore>,
    stream: Stream,
    /// Entries that were queued; the other half compares.
    queued: Arc<AtomicU64>,
}

impl StreamAppender {
    /// Queues a batch, which must not be empty; its acknowledgement comes by [`Acks`].
    ///
    /// Waits for room in the queue, and until the stream's reader has taken enough of its acknowledgements.
    pub async fn append(&self, batch: Batch) -> Result<(), AppendError> {
        self.appender.check(&batch);
        let own = weight_of(&batch, STREAM_BYTES_MAX);
        let own = Arc::clone(&self.room).acquire_many_owned(own).await;
        let own = own.expect("a stream's own room is never closed");
        let room = weight_of(&batch, self.appender.room_max);
        let room = self.appender.wait_for_room(room).await?;
        let reply = Reply::Stream {
            stream: self.stream.clone(),
            room: own,
        };
        // Counted first: when the acknowledgements end, all that could have been queued is in the count.
        self.queued.fetch_add(batch.len() as u64, Ordering::Release);
        self.appender.submit(Submission { batch, room, reply });
        Ok(())
    }
}

/// The acknowledgements of a stream, in the order of its entries.
#[derive(Debug)]
pub struct Acks {
    acks: mpsc::UnboundedReceiver<Result<StreamAck, AppendError>>,
    queued: Arc<AtomicU64>,
    acknowledged: u64,
    ending: Ending,
}

impl Acks {
    /// The next acknowledgement; `None` when the sending half is dropped and all is acknowledged.
    ///
    /// # Errors
    ///
    /// When the log has stopped, whether or not something is still to be acknowledged: after that nothing will be.
    pub async fn next(&mut self) -> Option<Result<StreamAck, AppendError>> {
        match self.receive().await {
            // The sequencer dropped what was queued, as it ends.
            None if self.acknowledged < self.queued.load(Ordering::Acquire) => Some(Err(self.ending.reached().await)),
            None => None,
            Some(Err(refusal)) => Some(Err(refusal)),
            Some(Ok(next)) => {
                self.acknowledged += next.ack.count;
                Some(Ok(next))
            }
        }
    }

    /// What comes next, or the refusal once the log has ended; `None` when nobody is left who could send.
    async fn receive(&mut self) -> Option<Result<StreamAck, AppendError>> {
        let Acks { acks, ending, .. } = self;
        let mut ended = pin!(ending.reached());
        let next = poll_fn(|context| match acks.poll_recv(context) {
            Poll::Ready(next) => Poll::Ready(Ok(next)),
            Poll::Pending => ended.as_mut().poll(context).map(Err),
        });
        match next.await {
            Ok(next) => next,
            // What the sequencer sent last may have come between the two looks.
            Err(refusal) => match acks.try_recv() {
                Ok(last) => Some(last),
                Err(TryRecvError::Disconnected) => None,
                Err(TryRecvError::Empty) => Some(Err(refusal)),
            },
        }
    }
}

/// An acknowledgement of a stream's run. As long as it is held, its entries count as outstanding, which is what keeps a client
/// that never reads from filling our memory.
#[derive(Debug)]
pub struct StreamAck {
    /// Where the run stands.
    pub ack: Ack,
    _room: OwnedSemaphorePermit,
}

/// How callers hear that the sequencer has ended, and why.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    condition: watch::Receiver<Condition>,
    /// Gets no value ever: its sender is dropped when the sequencer has ended.
    running: watch::Receiver<()>,
}

impl Ending {
    pub(crate) fn new(condition: watch::Receiver<Condition>, running: watch::Receiver<()>) -> Ending {
        Ending { condition, running }
    }

    /// Why nothing is taken any more.
    fn refusal(&self) -> AppendError {
        match &*self.condition.borrow() {
            Condition::Failed(reason) => AppendError::Failed(reason.clone()),
            Condition::Halted(reason) => AppendError::Halted(reason.clone()),
            Condition::Serving | Condition::SealingStopped(_) | Condition::Stopping => AppendError::Stopping,
        }
    }

    /// Waits until the sequencer has ended: from then on no answer is under way, and the condition says why. Before, whoever
    /// has lost an answer would be told that nothing was written while the journal's failure is not known yet.
    async fn reached(&mut self) -> AppendError {
        while self.running.changed().await.is_ok() {}
        self.refusal()
    }
}

/// A batch on its way, and the room that it takes in the queue.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) batch: Batch,
    pub(crate) room: OwnedSemaphorePermit,
    pub(crate) reply: Reply,
}

/// Who waits for the acknowledgement.
#[derive(Debug)]
pub(crate) enum Reply {
    Once(oneshot::Sender<Result<Ack, AppendError>>),
    Stream { stream: Stream, room: OwnedSemaphorePermit },
}

/// Names a stream to the sequencer, and carries its acknowledgements.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    pub(crate) id: u64,
    pub(crate) acks: mpsc::UnboundedSender<Result<StreamAck, AppendError>>,
}

impl StreamAck {
    pub(crate) fn new(ack: Ack, room: OwnedSemaphorePermit) -> StreamAck {
        StreamAck { ack, _room: room }
    }
}

/// The room that a batch takes. One that is heavier than all the room there is takes all of it.
fn weight_of(batch: &Batch, room_max: usize) -> u32 {
    u32::try_from(batch.weight().min(room_max)).expect("a batch has at most some 70 MiB")
}

/// Bytes (by [`Batch::weight`]) of one stream that are queued or whose acknowledgement its reader has not taken: two commits,
/// so that one can fill while the other is synced. The heaviest batch of entries alone has 6 MiB; a heavier one goes alone.
const STREAM_BYTES_MAX: usize = 8 << 20;
