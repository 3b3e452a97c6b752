//! The audit trail as the client sees it.

use bytes::Bytes;
use indelible_merkle::Hash;

use super::{HeadNote, Service, hashes, pb};
use crate::error::Error;
use crate::events::{NewEvent, RawBody};
use crate::misbehavior::BadAnswer;

impl Service {
    /// Submits events, all or none.
    pub(crate) async fn submit_batch(&self, events: &[NewEvent]) -> Result<SubmittedAnswer, Error> {
        let mut stub = self.trail.clone();
        let submissions = events.iter().map(pb::Submission::from).collect();
        let request = pb::SubmitBatchRequest {
            submissions,
            ..pb::SubmitBatchRequest::default()
        };
        let reply = self.answered(stub.submit_batch(request)).await?;
        let run = reply.run.ok_or(BadAnswer::Missing { field: "run" })?;
        let events: Result<_, BadAnswer> = run.events.into_iter().map(SubmittedEntry::try_from).collect();
        Ok(SubmittedAnswer {
            events: events?,
            head: HeadNote::of(run.head)?,
            first_index: run.first_index,
            count: run.count,
            range: run.proof.map(|proof| hashes("proof", &proof.hashes)).transpose()?,
        })
    }

    /// One entry with its proof.
    pub(crate) async fn event(&self, index: u64) -> Result<EventAnswer, Error> {
        let mut stub = self.trail.clone();
        let reply = self.answered(stub.get(pb::GetEventRequest { index })).await?;
        let proof = reply.proof.ok_or(BadAnswer::Missing { field: "proof" })?;
        Ok(EventAnswer {
            entry: EntryAnswer::of(reply.event)?,
            raw: reply.raw,
            head: HeadNote::of(reply.head)?,
            hashes: hashes("proof", &proof.hashes)?,
        })
    }
}

/// What became of events that were submitted together.
#[derive(Debug)]
pub(crate) struct SubmittedAnswer {
    pub(crate) events: Vec<SubmittedEntry>,
    pub(crate) head: HeadNote,
    pub(crate) first_index: u64,
    pub(crate) count: u32,
    /// Of those that are new, if there are any.
    pub(crate) range: Option<Vec<Hash>>,
}

/// What became of one event.
#[derive(Debug)]
pub(crate) struct SubmittedEntry {
    pub(crate) entry: EntryAnswer,
    /// Present if it was there before.
    pub(crate) repeated: Option<Vec<Hash>>,
}

/// An entry that was asked for.
#[derive(Debug)]
pub(crate) struct EventAnswer {
    pub(crate) entry: EntryAnswer,
    pub(crate) raw: Option<Bytes>,
    pub(crate) head: HeadNote,
    pub(crate) hashes: Vec<Hash>,
}

/// An entry, and what there is of its members.
#[derive(Debug)]
pub(crate) struct EntryAnswer {
    pub(crate) index: u64,
    pub(crate) leaf: Bytes,
    pub(crate) members: Vec<MemberAnswer>,
}

/// What there is of a member.
#[derive(Debug)]
pub(crate) enum MemberAnswer {
    Disclosure(Bytes),
    Erased { tombstone: u64 },
    Missing,
}

impl TryFrom<pb::SubmittedEvent> for SubmittedEntry {
    type Error = BadAnswer;

    fn try_from(event: pb::SubmittedEvent) -> Result<SubmittedEntry, BadAnswer> {
        let repeated = match event.repeated {
            false => None,
            true => {
                let proof = event.proof.ok_or(BadAnswer::Missing { field: "proof" })?;
                Some(hashes("proof", &proof.hashes)?)
            }
        };
        Ok(SubmittedEntry {
            entry: EntryAnswer::of(event.event)?,
            repeated,
        })
    }
}

impl EntryAnswer {
    fn of(event: Option<pb::Event>) -> Result<EntryAnswer, BadAnswer> {
        let pb::Event { index, leaf, members } = event.ok_or(BadAnswer::Missing { field: "event" })?;
        let members = members.into_iter().map(|member| match member.state {
            Some(pb::member::State::Disclosure(d)) => MemberAnswer::Disclosure(d),
            Some(pb::member::State::ErasedBy(tombstone)) => MemberAnswer::Erased { tombstone },
            Some(pb::member::State::Missing(_)) | None => MemberAnswer::Missing,
        });
        Ok(EntryAnswer {
            index,
            leaf,
            members: members.collect(),
        })
    }
}

impl From<&NewEvent> for pb::Submission {
    fn from(event: &NewEvent) -> pb::Submission {
        let claims =
            serde_json::to_vec(&event.claims).expect("claims have text for keys, and writing to memory does not fail");
        pb::Submission {
            source: event.source.clone(),
            key: event.key.clone(),
            claims: claims.into(),
            raw: event.raw.as_ref().map(|RawBody { content, content_type }| pb::RawBody {
                content: content.clone(),
                content_type: content_type.clone(),
            }),
            signed: Bytes::new(),
        }
    }
}

/// What the service sends at most: one event with 32 MiB of raw bytes, or 10,000 repeats of 4 MiB with their proofs.
pub(super) const REPLY_BYTES_MAX: usize = 48 << 20;
