//! Events from outside, for whoever measures: sent as they are given, and answered unchecked.

use bytes::Bytes;
use tonic::Status;

use super::super::client::{LoadClient, checkpoint, kept};
use super::super::generated as wire;

/// An event on its way out.
#[derive(Clone, Debug)]
pub struct LoadEvent {
    /// Where it comes from.
    pub source: String,
    /// Its idempotency key.
    pub key: String,
    /// What is claimed, as JSON.
    pub claims: Bytes,
    /// The bytes that it came as, which are JSON.
    pub raw: Bytes,
}

/// What the service says of an event. Fields that a reply lacks are empty, or 0.
#[derive(Clone, Debug)]
pub struct LoadedEvent {
    /// Where it stands.
    pub index: u64,
    /// The bytes that the log hashed.
    pub leaf: Bytes,
    /// The disclosures of its members.
    pub disclosures: Vec<Bytes>,
    /// The service says that it was there before.
    pub repeated: bool,
}

/// What the service says of events that it took together.
#[derive(Clone, Debug)]
pub struct LoadedRun {
    /// The events, in the order in which they were sent.
    pub events: Vec<LoadedEvent>,
    /// Index of the first.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// The joined hashes of what proves them.
    pub hashes: Box<[u8]>,
    /// The signed head that the proof is for.
    pub checkpoint: Box<[u8]>,
}

impl LoadClient {
    /// Submits one event; its proof is one of inclusion.
    pub async fn submit(&mut self, event: LoadEvent) -> Result<LoadedRun, Status> {
        let request = wire::SubmitRequest {
            submission: Some(event.into()),
            wait: wire::Wait::Durable.into(),
        };
        let wire::SubmitResponse {
            event,
            head,
            proof,
            repeated,
            at_least_once: _,
            witnessed: _,
        } = self.trail.submit(request).await?.into_inner();
        let event = loaded(event, repeated);
        Ok(LoadedRun {
            first: event.index,
            count: 1,
            events: vec![event],
            hashes: kept(&proof.unwrap_or_default().hashes),
            checkpoint: checkpoint(head),
        })
    }

    /// Submits several events; the proof is one of their range.
    pub async fn submit_batch(&mut self, events: Vec<LoadEvent>) -> Result<LoadedRun, Status> {
        let submissions = events.into_iter().map(Into::into).collect();
        let request = wire::SubmitBatchRequest {
            submissions,
            wait: wire::Wait::Durable.into(),
        };
        let run = self.trail.submit_batch(request).await?.into_inner().run;
        let wire::SubmittedRun {
            events,
            head,
            first_index,
            count,
            proof,
        } = run.unwrap_or_default();
        Ok(LoadedRun {
            events: events
                .into_iter()
                .map(|submitted| loaded(submitted.event, submitted.repeated))
                .collect(),
            first: first_index,
            count: count.into(),
            hashes: kept(&proof.unwrap_or_default().hashes),
            checkpoint: checkpoint(head),
        })
    }
}

impl From<LoadEvent> for wire::Submission {
    fn from(event: LoadEvent) -> wire::Submission {
        wire::Submission {
            source: event.source,
            key: Some(event.key),
            claims: event.claims,
            raw: Some(wire::RawBody {
                content: event.raw,
                content_type: "application/json".to_owned(),
            }),
            signed: Bytes::new(),
        }
    }
}

fn loaded(event: Option<wire::Event>, repeated: bool) -> LoadedEvent {
    let wire::Event { index, leaf, members } = event.unwrap_or_default();
    let disclosures = members.into_iter().filter_map(|member| match member.state {
        Some(wire::member::State::Disclosure(bytes)) => Some(bytes),
        _ => None,
    });
    LoadedEvent {
        index,
        leaf,
        disclosures: disclosures.collect(),
        repeated,
    }
}
