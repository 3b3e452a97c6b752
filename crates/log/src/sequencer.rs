//! The sequencer: what decides what the log is, one commit after the other.
//!
//! A commit starts as soon as the previous one is durable, and takes what has waited meanwhile. There is no timer in the way of
//! an append. Who runs it is the business of the [`queue`](crate::queue).

use std::sync::Arc;

use indelible_merkle::CompactRange;
use indelible_note::SigningKey;
use indelible_store::journal::{Frame, Journal, JournalError, Kind, record_places};
use tokio::sync::watch;

use crate::backlog::{Backlog, Room};
use crate::commit::{Commit, Head, frame};
use crate::erase::Pending;
use crate::runs::Runs;
use crate::tail::Tail;

/// The state that only the sequencer touches, and what it shares.
pub(crate) struct Sequencer {
    /// The right edge of the tree that the journal holds.
    pub(crate) edge: CompactRange,
    pub(crate) key: SigningKey,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) heads: watch::Sender<Head>,
    pub(crate) backlog: Arc<Backlog>,
    /// What tombstones name; `None` in a log without attachments.
    pub(crate) pending: Option<Arc<Pending>>,
    /// Whether the journal ends with a commit, in front of which a tear would be possible.
    pub(crate) open_ended: bool,
}

impl Sequencer {
    /// For what the backlog has room.
    pub(crate) fn room(&self) -> Room {
        self.backlog.room()
    }

    /// Whether the journal lacks its closing record.
    pub(crate) fn is_open_ended(&self) -> bool {
        self.open_ended
    }

    /// Makes the next commit and tells its senders.
    pub(crate) fn commit(&mut self, mut runs: Runs) -> Result<(), JournalError> {
        let weight = runs.weight();
        let (records, hashes) = runs.take_entries();
        let mut commit = Commit::integrate(&mut self.edge, records, hashes, weight);
        let (frame, head) = frame(&mut commit, &self.edge, &self.key);
        // If the process dies before this returns, nobody has heard of these entries: the next start finds the frame whole, and
        // goes on behind it, or torn, and cuts it off. The head lies in the frame: whoever could see a first head of this size
        // finds it there again, and where it was cut off nobody has seen it.
        let place = self.journal.append(&frame)?;
        self.open_ended = true;

        // From here on the entries are in the log for ever. If the process dies before they are published or acknowledged, the
        // next start publishes the same head, and their senders, who cannot know, may send them again.
        let first = commit.first();
        match &self.pending {
            None => commit.give_back(frame),
            Some(pending) => {
                let places = record_places(&frame, place).collect();
                commit.give_back(frame);
                commit.detach(places);
                // Known before the head is: whoever has seen the tombstone is given nothing any more of what it names.
                pending.take(first, commit.records());
            }
        }
        // Counted before the sealer can find it, who takes off the count what it has sealed.
        self.backlog.add(commit.weight());
        self.tail.push(Arc::new(commit));
        self.heads.send_replace(head.clone());

        // From here on readers have seen the head. If the process dies here, only answers are lost.
        runs.acknowledge(first, &head);
        Ok(())
    }

    /// Appends a closing record unless the journal ends with one: in front of it nothing can pass for a torn write.
    pub(crate) fn close(&mut self) -> Result<(), JournalError> {
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
