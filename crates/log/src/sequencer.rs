//! The sequencer: the one thread that decides what the log is.
//!
//! It commits as soon as the previous commit is durable, and takes what has waited meanwhile. There is no timer in the way
//! of an append.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use indelible_merkle::CompactRange;
use indelible_note::SigningKey;
use indelible_store::journal::{Frame, Journal, JournalError, Kind};
use tokio::sync::watch;

use crate::append::{AppendError, Message, Submission};
use crate::backlog::Backlog;
use crate::commit::{Commit, Head, frame};
use crate::runs::Runs;
use crate::tail::Tail;

/// The state that only the sequencer thread touches, and what it shares.
pub(crate) struct Sequencer {
    pub(crate) queue: Receiver<Message>,
    /// The batch that was taken from the queue but did not fit into the last commit.
    pub(crate) held_over: Option<Submission>,
    /// No more batches are to come but those that are queued.
    pub(crate) stopping: bool,
    /// The right edge of the tree that the journal holds.
    pub(crate) edge: CompactRange,
    pub(crate) key: SigningKey,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) heads: watch::Sender<Head>,
    pub(crate) backlog: Arc<Backlog>,
    pub(crate) commit_bytes_max: usize,
    pub(crate) closing_quiet: Duration,
    /// Whether the journal ends with a commit, in front of which a tear would be possible.
    pub(crate) open_ended: bool,
}

impl Sequencer {
    /// Commits until it is told to stop, and then what is queued. After an error of the journal the log takes nothing more: what
    /// memory says may not be what the disk says, and only a start can tell.
    pub(crate) fn run(&mut self) -> Result<(), JournalError> {
        while let Some(runs) = self.gather()? {
            self.commit(runs)?;
        }
        self.close()
    }

    /// Waits for the next batch and takes all that is queued behind it, up to a commit's limit. `None` means the end.
    fn gather(&mut self) -> Result<Option<Runs>, JournalError> {
        let Some(first) = self.next()? else { return Ok(None) };
        let mut bytes = first.batch.bytes();
        let mut runs = Runs::default();
        runs.add(first);
        while let Some(submission) = self.next_queued() {
            bytes += submission.batch.bytes();
            if bytes > self.commit_bytes_max {
                self.held_over = Some(submission);
                break;
            }
            runs.add(submission);
        }
        Ok(Some(runs))
    }

    /// The next batch, waiting for one; while none comes for a while, the journal gets its closing record.
    fn next(&mut self) -> Result<Option<Submission>, JournalError> {
        loop {
            if let Some(submission) = self.next_queued() {
                return Ok(Some(submission));
            }
            if self.stopping {
                return Ok(None);
            }
            let message = match self.open_ended {
                true => self.queue.recv_timeout(self.closing_quiet),
                false => self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(Message::Submit(submission)) => return Ok(Some(submission)),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => self.stopping = true,
                Err(RecvTimeoutError::Timeout) => self.close()?,
            }
        }
    }

    /// The next batch that waits already.
    fn next_queued(&mut self) -> Option<Submission> {
        if self.held_over.is_some() {
            return self.held_over.take();
        }
        match self.queue.try_recv().ok()? {
            Message::Submit(submission) => Some(submission),
            Message::Stop => {
                self.stopping = true;
                // Behind the stop lie at most the batches that had their room before the queue was closed.
                self.next_queued()
            }
        }
    }

    fn commit(&mut self, mut runs: Runs) -> Result<(), JournalError> {
        if let Err(reason) = self.backlog.wait_for_room() {
            runs.refuse(&AppendError::BacklogFull(reason));
            return Ok(());
        }
        let weight = runs.weight();
        let (records, hashes) = runs.take_entries();
        let commit = Commit::integrate(&mut self.edge, records, hashes, weight);
        let (frame, head) = frame(&commit, &self.edge, &self.key);
        // If the process dies before this returns, nobody has heard of these entries: the next start finds the frame whole, and
        // goes on behind it, or torn, and cuts it off. The head lies in the frame: whoever could see a first head of this size
        // finds it there again, and where it was cut off nobody has seen it.
        self.journal.append(&frame)?;
        self.open_ended = true;

        // From here on the entries are in the log for ever. If the process dies before they are published or acknowledged, the
        // next start publishes the same head, and their senders, who cannot know, may send them again.
        let first = commit.first();
        // Counted before the sealer can find it, who takes off the count what it has sealed.
        self.backlog.add(weight);
        self.tail.push(Arc::new(commit));
        self.heads.send_replace(head.clone());

        // From here on readers have seen the head. If the process dies here, only answers are lost.
        runs.acknowledge(first, &head);
        Ok(())
    }

    /// Appends a closing record unless the journal ends with one: in front of it nothing can pass for a torn write.
    fn close(&mut self) -> Result<(), JournalError> {
        if self.open_ended {
            let first = self.edge.size();
            self.journal.append(&Frame {
                kind: Kind::Closing,
                first,
                records: vec![],
                note: bytes::Bytes::new(),
            })?;
            self.open_ended = false;
        }
        Ok(())
    }
}
