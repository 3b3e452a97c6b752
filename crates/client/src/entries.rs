use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use indelible_merkle::{BATCH_MAX, Hash, OutOfTree, check_batch};
use indelible_note::{SignedCheckpoint, Verified};

use crate::error::{BadInput, Error};
use crate::misbehavior::{BadAnswer, Misbehavior};
use crate::trust::Trust;
use crate::wire::{EntryRun, Incoming};

/// A range of entries as it comes, each of them proved to be in the log before it is handed out.
pub struct Entries {
    trust: Arc<Trust>,
    head: Verified<SignedCheckpoint>,
    incoming: Incoming<EntryRun>,
    /// The index of the first entry that was not handed out yet.
    next: u64,
    /// The index behind the last entry that was asked for.
    end: u64,
    /// Entries that have come and are not yet proved, from `next` on.
    unproved: VecDeque<Bytes>,
}

impl Entries {
    /// Asks for entries in the tree of a head that was accepted.
    pub(crate) async fn open(
        trust: Arc<Trust>,
        head: Verified<SignedCheckpoint>,
        start: u64,
        count: u64,
    ) -> Result<Entries, Error> {
        let size = head.head().size;
        if start >= size {
            return Err(BadInput::from(OutOfTree::Index { index: start, size }).into());
        }
        let count = count.min(size - start);
        let incoming = trust.service().entries(start, count).await?;
        Ok(Entries {
            trust,
            head,
            incoming,
            next: start,
            end: start + count,
            unproved: VecDeque::new(),
        })
    }

    /// The head in whose tree the entries are.
    pub fn head(&self) -> &Verified<SignedCheckpoint> {
        &self.head
    }

    /// The next entries, 1 to 1,000 of them, with the index of the first; `None` behind the last.
    ///
    /// Costs one batch proof from the service for each 1,000 entries, which has some 60 hashes besides their own. After an
    /// error, and after the future was dropped, begin anew.
    pub async fn next(&mut self) -> Result<Option<(u64, Vec<Bytes>)>, Error> {
        if self.next == self.end {
            return Ok(None);
        }
        while self.unproved.is_empty() {
            self.receive().await?;
        }
        let count = self.unproved.len().min(BATCH_MAX);
        let entries: Vec<Bytes> = self.unproved.drain(..count).collect();
        let first = self.next;
        self.prove(first, &entries).await?;
        self.next += count as u64;
        Ok(Some((first, entries)))
    }

    async fn receive(&mut self) -> Result<(), Error> {
        let after = self.trust.service().timeout();
        let message = tokio::time::timeout(after, self.incoming.next()).await;
        let run = message
            .map_err(|_elapsed| Error::TimedOut { after })??
            .ok_or(Error::Ended)?;
        if run.first_index != self.next {
            return Err(BadAnswer::Index {
                asked: self.next,
                answered: run.first_index,
            }
            .into());
        }
        let (sent, left) = (run.entries.len() as u64, self.end - self.next);
        if sent == 0 || sent > left {
            return Err(BadAnswer::EntryCount { sent, left }.into());
        }
        self.unproved = run.entries.into();
        Ok(())
    }

    async fn prove(&self, first: u64, entries: &[Bytes]) -> Result<(), Error> {
        let leaves: Vec<(u64, Hash)> = (first..).zip(entries.iter().map(|entry| Hash::leaf(entry))).collect();
        let indices = leaves.iter().map(|&(index, _)| index).collect();
        let size = self.head.head().size;
        let answer = self.trust.service().inclusions(indices, Some(size)).await?;
        check_batch(&leaves, &answer.hashes, &self.head.head()).map_err(|reason| {
            let head = self.head.clone();
            Misbehavior::Proof { head, reason }
        })?;
        Ok(())
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries")
            .field("next", &self.next)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
