//! The task that checks what a stream acknowledges, beside the task that reads it: to verify a run takes a signature check and
//! about two hashes an entry, and to hold its head takes a sync of a disk.

use std::sync::Arc;

use indelible_merkle::{Hash, TreeHead};
use indelible_note::{SignedCheckpoint, Verified};
use tokio::sync::mpsc;

use super::queue::{Room, Waiting};
use super::run::AppendedRun;
use crate::error::Error;
use crate::misbehavior::BadAnswer;
use crate::trust::{Trust, check_continues};
use crate::wire::Acknowledgement;

/// An acknowledgement, and the callers whose entries it is about.
pub(super) struct Acknowledged {
    pub(super) acknowledgement: Acknowledgement,
    pub(super) callers: Vec<Waiting>,
}

/// Checks the acknowledgements of one stream, one after the other.
pub(super) struct Verifier {
    trust: Arc<Trust>,
    room: Arc<Room>,
    /// The head of the last acknowledgement, or the one that was held when the stream began: the next one continues it.
    newest: Option<Verified<SignedCheckpoint>>,
    /// The index behind the stream's last entry, or the size of that head: what comes now stands behind it.
    before: u64,
}

impl Verifier {
    pub(super) fn new(trust: Arc<Trust>, room: Arc<Room>, held: Option<Verified<SignedCheckpoint>>) -> Verifier {
        Verifier {
            trust,
            room,
            before: held.as_ref().map_or(0, |held| held.head().size),
            newest: held,
        }
    }

    /// Verifies until the stream has ended or something does not hold. All callers that were handed over get an answer.
    pub(super) async fn run(mut self, mut unverified: mpsc::Receiver<Acknowledged>) -> Result<(), Error> {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while unverified.recv_many(&mut group, GROUP_MAX).await > 0 {
            if let Err(error) = self.settle(&mut group).await {
                unverified.close();
                while let Some(Acknowledged { callers, .. }) = unverified.recv().await {
                    self.room.fail(callers, &error);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Verifies all that has come while the last head was being stored, stores the newest head, and only then answers.
    async fn settle(&mut self, group: &mut Vec<Acknowledged>) -> Result<(), Error> {
        let mut beginnings = vec![self.newest.as_ref().map_or(TreeHead::EMPTY, |newest| newest.head())];
        let mut verified = Vec::with_capacity(group.len());
        let mut failure = None;
        let mut acknowledgements = group.drain(..);
        for Acknowledged {
            acknowledgement,
            callers,
        } in acknowledgements.by_ref()
        {
            match self.check(acknowledgement, &callers) {
                Ok(run) => {
                    beginnings.push(run.head().head());
                    verified.push((run, callers));
                }
                Err(error) => {
                    self.room.fail(callers, &error);
                    failure = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = &failure {
            acknowledgements.for_each(|acknowledged| self.room.fail(acknowledged.callers, error));
        }

        if let Some((newest, _)) = verified.last()
            && let Err(error) = self.trust.accept(newest.head(), &beginnings).await
        {
            verified
                .into_iter()
                .for_each(|(_, callers)| self.room.fail(callers, &error));
            return Err(error);
        }
        verified
            .into_iter()
            .for_each(|(run, callers)| self.room.reply(callers, run));
        failure.map_or(Ok(()), Err)
    }

    /// Checks that the callers' entries are new in the tree of a head that continues the last one.
    fn check(&mut self, mut acknowledgement: Acknowledgement, callers: &[Waiting]) -> Result<AppendedRun, Error> {
        let leaves: Vec<Hash> = callers.iter().map(|caller| caller.leaf).collect();
        let consistency = acknowledgement.consistency.take();
        let consistency = consistency.ok_or(BadAnswer::Missing { field: "consistency" })?;
        let run = AppendedRun::check(acknowledgement, &leaves, self.before, &self.trust)?;
        check_continues(self.newest.as_ref(), run.head(), consistency)?;
        self.newest = Some(run.head().clone());
        self.before = run.range().end();
        Ok(run)
    }
}

/// Acknowledgements whose heads are stored at once: 16 signature checks are a millisecond, in which callers wait in vain if
/// the next one does not hold.
const GROUP_MAX: usize = 16;
