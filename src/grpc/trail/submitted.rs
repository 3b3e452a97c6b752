//! Submitting, and proving what became of it.

use indelible_log::Head;
use tonic::Status;

use super::TrailService;
use crate::trail::{Accepted, Refused, Submission, Taken};
use crate::wire::{
    Content, EntryName, InclusionQuery, IntoStatus, SubmitResponse, SubmittedEvent, SubmittedRun, submit_reply,
};

impl TrailService {
    /// Takes one event.
    pub(super) async fn submit_one(&self, submission: Submission) -> Result<SubmitResponse, Status> {
        let at_least_once = submission.key.is_none();
        let taken = self.trail.submit(vec![submission]).await;
        // There is only one that the words can be about.
        let Taken { mut events, ack } = taken.map_err(|Refused { refusal, .. }| refusal.into_status())?;
        let accepted = events.pop().expect("one was submitted");
        let (head, new) = match ack {
            None => (self.reader.head(), None),
            Some(ack) => {
                let proof = self
                    .proofs
                    .acknowledged_entry(&ack)
                    .await
                    .map_err(IntoStatus::into_status)?;
                (ack.head, Some(proof))
            }
        };
        let event = self.proved(accepted, at_least_once, &head).await?;
        Ok(submit_reply(event, &head, new.as_ref()))
    }

    /// Takes several. What fails after they were taken is not a refusal.
    pub(super) async fn submit_run(
        &self,
        submissions: Vec<Submission>,
    ) -> Result<Result<SubmittedRun, Status>, Refused> {
        let keyless: Vec<bool> = submissions.iter().map(|one| one.key.is_none()).collect();
        let taken = self.trail.submit(submissions).await?;
        Ok(self.proved_run(taken, &keyless).await)
    }

    async fn proved_run(&self, Taken { events, ack }: Taken, keyless: &[bool]) -> Result<SubmittedRun, Status> {
        let (head, new) = match ack {
            None => (self.reader.head(), None),
            Some(ack) => {
                let proof = self
                    .proofs
                    .acknowledged_run(&ack)
                    .await
                    .map_err(IntoStatus::into_status)?;
                (ack.head, Some(proof))
            }
        };
        let mut proved = Vec::with_capacity(events.len());
        for (accepted, at_least_once) in events.into_iter().zip(keyless) {
            proved.push(self.proved(accepted, *at_least_once, &head).await?);
        }
        Ok(SubmittedRun {
            events: proved,
            head,
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
