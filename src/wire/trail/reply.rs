//! Replies about events, from values to messages.

use bytes::Bytes;
use indelible_event::member::Member;
use indelible_event::{Disclosure, Leaf, MemberState};
use indelible_log::Head;
use indelible_merkle::{InclusionProof, RangeProof};

use super::super::generated as wire;
use crate::proofs::InclusionAnswer;
use crate::trail::Found;

/// What became of events that were taken together, with what proves it.
#[derive(Debug)]
pub struct SubmittedRun {
    /// In the order of the submissions.
    pub events: Vec<SubmittedEvent>,
    /// The head that all proofs lead to.
    pub head: Head,
    /// Whether the quorum of the log's witnesses vouches for that head; only if it was waited for.
    pub witnessed: bool,
    /// Where the new ones stand; `None` if there are none.
    pub new: Option<RangeProof>,
}

/// What became of one event.
#[derive(Debug)]
pub struct SubmittedEvent {
    /// Where it stands.
    pub index: u64,
    /// What it is.
    pub content: Content,
    /// It came without a key.
    pub at_least_once: bool,
}

/// An event that is answered to its submitter.
#[derive(Debug)]
pub enum Content {
    /// A new one.
    New {
        /// The leaf.
        leaf: Leaf,
        /// Its members.
        disclosures: Box<[Disclosure; Member::ALL.len()]>,
    },
    /// One that was there before.
    Known {
        /// As it is kept.
        found: Found,
        /// That it is in the head of the run.
        proof: InclusionProof,
    },
}

/// The reply to the submission of one event, under a head that may be witnessed; `new` proves it if it is new.
pub fn submit_reply(
    event: SubmittedEvent,
    (head, witnessed): (&Head, bool),
    new: Option<&InclusionProof>,
) -> wire::SubmitResponse {
    let wire::SubmittedEvent {
        event,
        repeated,
        at_least_once,
        proof,
    } = event.into();
    wire::SubmitResponse {
        event,
        head: Some(head.into()),
        proof: proof.or_else(|| new.map(Into::into)),
        repeated,
        at_least_once,
        witnessed,
    }
}

impl From<SubmittedRun> for wire::SubmittedRun {
    fn from(run: SubmittedRun) -> wire::SubmittedRun {
        let range = run.new.as_ref().map_or(0..0, |proof| proof.start()..proof.end());
        wire::SubmittedRun {
            events: run.events.into_iter().map(Into::into).collect(),
            head: Some((&run.head).into()),
            first_index: range.start,
            count: u32::try_from(range.end - range.start).expect("a batch has at most 10,000 entries"),
            proof: run.new.as_ref().map(Into::into),
        }
    }
}

impl From<SubmittedRun> for wire::SubmitBatchResponse {
    fn from(run: SubmittedRun) -> wire::SubmitBatchResponse {
        wire::SubmitBatchResponse {
            witnessed: run.witnessed,
            run: Some(run.into()),
        }
    }
}

impl From<SubmittedRun> for wire::SubmitStreamResponse {
    fn from(run: SubmittedRun) -> wire::SubmitStreamResponse {
        wire::SubmitStreamResponse { run: Some(run.into()) }
    }
}

impl From<SubmittedEvent> for wire::SubmittedEvent {
    fn from(event: SubmittedEvent) -> wire::SubmittedEvent {
        let (message, proof) = match event.content {
            Content::New { leaf, disclosures } => {
                let message = wire::Event {
                    index: event.index,
                    leaf: leaf.text().clone(),
                    members: disclosures.iter().map(Into::into).collect(),
                };
                (message, None)
            }
            Content::Known { found, proof } => (event_message(event.index, &found), Some((&proof).into())),
        };
        wire::SubmittedEvent {
            event: Some(message),
            repeated: proof.is_some(),
            at_least_once: event.at_least_once,
            proof,
        }
    }
}

/// An event, with the proof that it is in the log.
pub fn event_reply(found: &Found, answer: &InclusionAnswer) -> wire::GetEventResponse {
    let raw = match found {
        Found::Event { raw, .. } => raw.clone(),
        Found::Tombstone(_) => None,
    };
    wire::GetEventResponse {
        event: Some(event_message(answer.proof.index(), found)),
        raw,
        head: answer.head.as_ref().map(Into::into),
        proof: Some((&answer.proof).into()),
    }
}

/// Events that were watched for; all below `next_index` were looked at.
pub fn watch_reply(events: &[(u64, Found)], next_index: u64) -> wire::WatchResponse {
    wire::WatchResponse {
        events: events
            .iter()
            .map(|(index, found)| event_message(*index, found))
            .collect(),
        next_index,
    }
}

/// A piece of a file.
pub fn piece_reply(piece: Bytes) -> wire::ExportResponse {
    wire::ExportResponse { piece }
}

fn event_message(index: u64, found: &Found) -> wire::Event {
    match found {
        Found::Event { leaf, members, .. } => wire::Event {
            index,
            leaf: leaf.text().clone(),
            members: members.iter().map(Into::into).collect(),
        },
        Found::Tombstone(tombstone) => wire::Event {
            index,
            leaf: tombstone.leaf.text().clone(),
            members: Vec::new(),
        },
    }
}

impl From<&Disclosure> for wire::Member {
    fn from(disclosure: &Disclosure) -> wire::Member {
        wire::Member {
            state: Some(wire::member::State::Disclosure(disclosure.bytes().clone())),
        }
    }
}

impl From<&MemberState> for wire::Member {
    fn from(state: &MemberState) -> wire::Member {
        let state = match state {
            MemberState::Disclosed(disclosed) => return disclosed.disclosure().into(),
            MemberState::Erased { tombstone } => wire::member::State::ErasedBy(*tombstone),
            // Whoever keeps the log withholds nothing from itself.
            MemberState::Withheld | MemberState::Missing => wire::member::State::Missing(true),
        };
        wire::Member { state: Some(state) }
    }
}
