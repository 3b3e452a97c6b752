//! Submitting, and proving what became of it.

use indelible_log::Head;
use tonic::Status;

use super::TrailService;
use crate::follow::Vouched;
use crate::net::Deadline;
use crate::trail::{Accepted, Refused, Submission, Taken};
use crate::waiting::{Waiting, quorum_for};
use crate::wire::{
    Content, EntryName, InclusionQuery, IntoStatus, SubmitResponse, SubmittedEvent, SubmittedRun, Wait, submit_reply,
};

impl TrailService {
    /// What a submission waits for besides its own commit, by the field of its request and the deadline of its answer.
    pub(super) fn waiting_for(&self, wait: i32, deadline: Option<Deadline>) -> Result<Waiting, Status> {
        let quorum = quorum_for(Wait::try_from(wait)?, self.quorum.as_ref());
        let quorum = quorum.map_err(IntoStatus::into_status)?;
        Ok(Waiting { quorum, deadline })
    }

    /// Takes one event.
    pub(super) async fn submit_one(&self, submission: Submission, waiting: Waiting) -> Result<SubmitResponse, Status> {
        let at_least_once = submission.key.is_none();
        let taken = self.trail.submit(vec![submission]).await;
        // There is only one that the words can be about.
        let taken = taken.map_err(|Refused { refusal, .. }| refusal.into_status())?;
        let Vouched { ack, witnessed } = waiting.vouch(&taken, &self.reader).await;
        let new = match taken.ack {
            None => None,
            Some(_) => Some(
                self.proofs
                    .acknowledged_entry(&ack)
                    .await
                    .map_err(IntoStatus::into_status)?,
            ),
        };
        let accepted = taken.events.into_iter().next().expect("one was submitted");
        let event = self.proved(accepted, at_least_once, &ack.head).await?;
        Ok(submit_reply(event, (&ack.head, witnessed), new.as_ref()))
    }

    /// Takes several. What fails after they were taken is not a refusal.
    pub(super) async fn submit_run(
        &self,
        submissions: Vec<Submission>,
        waiting: Waiting,
    ) -> Result<Result<SubmittedRun, Status>, Refused> {
        let keyless: Vec<bool> = submissions.iter().map(|one| one.key.is_none()).collect();
        let taken = self.trail.submit(submissions).await?;
        Ok(self.proved_run(taken, &keyless, waiting).await)
    }

    async fn proved_run(&self, taken: Taken, keyless: &[bool], waiting: Waiting) -> Result<SubmittedRun, Status> {
        let Vouched { ack, witnessed } = waiting.vouch(&taken, &self.reader).await;
        let new = match taken.ack {
            None => None,
            Some(_) => Some(
                self.proofs
                    .acknowledged_run(&ack)
                    .await
                    .map_err(IntoStatus::into_status)?,
            ),
        };
        let mut proved = Vec::with_capacity(taken.events.len());
        for (accepted, at_least_once) in taken.events.into_iter().zip(keyless) {
            proved.push(self.proved(accepted, *at_least_once, &ack.head).await?);
        }
        Ok(SubmittedRun {
            events: proved,
            head: ack.head,
            witnessed,
            new,
        })
    }

    /// An event that was there before is read back, and proved by itself. It is in the tree of `head`: it was published before the new
    /// ones of its request were appended, or is one of them.
    async fn proved(&self, accepted: Accepted, at_least_once: bool, head: &Head) -> Result<SubmittedEvent, Status> {
        let index = accepted.index();
        let content = match accepted {
            Accepted::New { leaf, disclosures, .. } => Content::New { leaf, disclosures },
            Accepted::Known { index } => {
                let found = self.trail.find(index).await.map_err(IntoStatus::into_status)?;
                let query = InclusionQuery {
                    entry: EntryName::Index(index),
                    tree_size: Some(head.size()),
                };
                let answer = self.proofs.inclusion(query).await.map_err(IntoStatus::into_status)?;
                Content::Known {
                    found,
                    proof: answer.proof,
                }
            }
        };
        Ok(SubmittedEvent {
            index,
            content,
            at_least_once,
        })
    }
}
