//! The task that owns the append stream: opens one when there is something to append, and another when it has failed.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::queue::{Queued, Room, Waiting};
use super::verifier::{Acknowledged, Verifier};
use crate::credential::Denied;
use crate::error::Error;
use crate::misbehavior::BadAnswer;
use crate::trust::Trust;
use crate::wire::{Acknowledgement, Incoming, StreamedEntry};

/// Takes entries from the queue for as long as anybody can put some there.
pub(super) struct Appender {
    trust: Arc<Trust>,
    queue: mpsc::UnboundedReceiver<Queued>,
    room: Arc<Room>,
}

impl Appender {
    pub(super) fn new(trust: Arc<Trust>, queue: mpsc::UnboundedReceiver<Queued>, room: Arc<Room>) -> Appender {
        Appender { trust, queue, room }
    }

    pub(super) async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            let mut outstanding = VecDeque::new();
            if let Err(Failed { error, opened }) = self.stream(first, &mut outstanding).await {
                let error = self.trust.explain(error).await;
                match &error {
                    // What is only too much now may have been taken in part.
                    Error::Denied(Denied::TooMuch { .. }) => self.room.fail(outstanding, &error),
                    Error::Denied(_) if !opened => self.room.refuse(outstanding, &error),
                    // They may or may not be in the log. To send them again would be to decide for the callers that twice is
                    // better than never.
                    _ => self.room.fail(outstanding, &error),
                }
            }
        }
    }

    /// Runs one stream to its end. Of an error, the entries that are left outstanding have yet to hear.
    async fn stream(&mut self, first: Queued, outstanding: &mut VecDeque<Waiting>) -> Result<(), Failed> {
        let held = self.trust.held();
        let (entries, outgoing) = mpsc::unbounded_channel();
        let mut outgoing_end = Outgoing { entries, outstanding };
        outgoing_end.send(first, Some(held.as_ref().map_or(0, |held| held.head().size)));
        let opening = self.trust.service().append_stream(outgoing).await;
        let incoming = opening.map_err(|error| Failed { error, opened: false })?;

        let (acknowledged, unverified) = mpsc::channel(UNVERIFIED_MAX);
        let verifier = Verifier::new(Arc::clone(&self.trust), Arc::clone(&self.room), held);
        let verifier = tokio::spawn(verifier.run(unverified));
        let exchanged = self.exchange(outgoing_end, incoming, acknowledged).await;
        // What was acknowledged before the end is still verified. A lie that comes to light there says more than the end does.
        verifier.await.map_err(|_panicked| Error::Stopped)??;
        Ok(exchanged?)
    }

    /// Sends what is queued and takes in what is acknowledged, until the queue is closed, the service ends the stream, or
    /// something goes wrong.
    async fn exchange(
        &mut self,
        mut outgoing: Outgoing<'_>,
        mut incoming: Incoming<Acknowledgement>,
        acknowledged: mpsc::Sender<Acknowledged>,
    ) -> Result<(), Error> {
        let timeout = self.trust.service().timeout();
        let mut deadline = pin!(sleep(timeout));
        let mut taken = Vec::with_capacity(TAKE_MAX);
        let mut open = true;
        while open || !outgoing.outstanding.is_empty() {
            tokio::select! {
                biased;
                answer = incoming.next() => {
                    let Some(acknowledgement) = answer? else {
                        return if outgoing.outstanding.is_empty() { Ok(()) } else { Err(Error::Ended) };
                    };
                    deadline.as_mut().reset(Instant::now() + timeout);
                    let callers = outgoing.acknowledged(acknowledgement.count)?;
                    let sent = acknowledged.send(Acknowledged { acknowledgement, callers }).await;
                    if let Err(mpsc::error::SendError(Acknowledged { callers, .. })) = sent {
                        // The verifier has failed; they get its error with all others that are outstanding.
                        outgoing.outstanding.extend(callers);
                        return Ok(());
                    }
                }
                count = self.queue.recv_many(&mut taken, TAKE_MAX), if open => {
                    open = count > 0;
                    if outgoing.outstanding.is_empty() {
                        deadline.as_mut().reset(Instant::now() + timeout);
                    }
                    taken.drain(..).for_each(|queued| outgoing.send(queued, None));
                }
                () = acknowledged.closed() => return Ok(()),
                () = &mut deadline, if !outgoing.outstanding.is_empty() => {
                    return Err(Error::TimedOut { after: timeout });
                }
            }
        }
        Ok(())
    }
}

/// How a stream ended that should have gone on.
struct Failed {
    error: Error,
    /// Whether the service had begun to answer: until then it has taken nothing from a stream that it does not admit.
    opened: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed { error, opened: true }
    }
}

/// The client's side of a stream: what was sent and not yet acknowledged, in the order sent.
struct Outgoing<'a> {
    /// Never holds more than there is room for.
    entries: mpsc::UnboundedSender<StreamedEntry>,
    outstanding: &'a mut VecDeque<Waiting>,
}

impl Outgoing<'_> {
    fn send(&mut self, Queued { entry, waiting }: Queued, held_size: Option<u64>) {
        self.outstanding.push_back(waiting);
        // An error means that the stream has ended, which its other side is about to tell.
        let _ended = self.entries.send(StreamedEntry { entry, held_size });
    }

    /// Takes those who sent the entries that are now acknowledged.
    fn acknowledged(&mut self, count: u32) -> Result<Vec<Waiting>, BadAnswer> {
        let (acknowledged, outstanding) = (count as usize, self.outstanding.len());
        if acknowledged == 0 || acknowledged > outstanding {
            return Err(BadAnswer::Count {
                outstanding: outstanding as u64,
                acknowledged: u64::from(count),
            });
        }
        Ok(self.outstanding.drain(..acknowledged).collect())
    }
}

/// How many entries are taken from the queue before the answers are looked at again.
const TAKE_MAX: usize = 256;
/// Acknowledgements that wait to be verified; then no more are read, and the service must wait.
const UNVERIFIED_MAX: usize = 64;
