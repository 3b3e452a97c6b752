//! Requests about events, from messages to what they mean.

use indelible_event::MemberSet;
use indelible_event::member::{Claims, Member, Submitter, Verb};
use indelible_event::redact;
use serde::Deserialize;
use serde::de::Error as _;
use serde::de::value::{Error as NoSuchWord, StrDeserializer};
use tonic::Status;

use super::super::generated as wire;
use crate::trail::{Body, Submission};

/// Which events are meant: all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Id, name or email of the actor.
    pub actor: Option<String>,
    /// What the action comes to.
    pub verb: Option<Verb>,
    /// Id, name or parent of a target.
    pub target: Option<String>,
    /// The source of the delivery.
    pub source: Option<String>,
    /// The source's name of the action.
    pub action: Option<String>,
}

/// Asks for events as they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchQuery {
    /// The first index; `None` means the next one.
    pub start: Option<u64>,
    /// Which events.
    pub filter: EventFilter,
}

/// Asks for an evidence file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportQuery {
    /// The first index.
    pub start: u64,
    /// How many entries at most; at least 1.
    pub count: u64,
    /// Which of them.
    pub filter: EventFilter,
    /// What is disclosed of them.
    pub members: MemberSet,
    /// Whether the raw bytes are.
    pub raw: bool,
}

/// A submission cannot be read. It is its sender's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {place}: {problem}")]
pub struct BadSubmission {
    /// Which one, counted from 0.
    pub place: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// The one submission of a request, by this submitter.
pub fn submission(message: Option<wire::Submission>, submitter: Submitter) -> Result<Submission, Status> {
    // There is only one that the words can be about.
    read(message, submitter).map_err(Status::invalid_argument)
}

/// Submissions that come together. Their number is for the trail to judge.
pub fn submissions(
    messages: impl IntoIterator<Item = Option<wire::Submission>>,
    submitter: &Submitter,
) -> Result<Vec<Submission>, BadSubmission> {
    let read = messages
        .into_iter()
        .enumerate()
        .map(|(place, message)| read(message, submitter.clone()).map_err(|problem| BadSubmission { place, problem }));
    read.collect()
}

fn read(message: Option<wire::Submission>, submitter: Submitter) -> Result<Submission, String> {
    let wire::Submission {
        source,
        key,
        claims,
        raw,
    } = message.ok_or("submission: is required")?;
    // The error may cite what was sent.
    let claims = read_claims(&claims).map_err(|error| redact::text(&format!("claims: {error}")).value.into_owned())?;
    Ok(Submission {
        source,
        key,
        claims,
        raw: raw.map(|wire::RawBody { content, content_type }| Body {
            bytes: content,
            content_type,
        }),
        submitter,
    })
}

/// A structure would be read from an array of its fields' values as well, which nobody means.
fn read_claims(json: &[u8]) -> serde_json::Result<Claims> {
    if json.trim_ascii_start().starts_with(b"[") {
        return Err(serde_json::Error::custom("an object was expected, and not an array"));
    }
    serde_json::from_slice(json)
}

impl TryFrom<Option<wire::EventFilter>> for EventFilter {
    type Error = Status;

    fn try_from(filter: Option<wire::EventFilter>) -> Result<EventFilter, Status> {
        let wire::EventFilter {
            actor,
            verb,
            target,
            source,
            action,
        } = filter.unwrap_or_default();
        let verb = verb.map(|word| Verb::deserialize(StrDeserializer::<NoSuchWord>::new(&word)));
        let verb = verb.transpose();
        Ok(EventFilter {
            actor,
            verb: verb.map_err(|error| Status::invalid_argument(format!("filter.verb: {error}")))?,
            target,
            source,
            action,
        })
    }
}

impl TryFrom<wire::WatchRequest> for WatchQuery {
    type Error = Status;

    fn try_from(request: wire::WatchRequest) -> Result<WatchQuery, Status> {
        Ok(WatchQuery {
            start: request.start,
            filter: request.filter.try_into()?,
        })
    }
}

impl TryFrom<wire::ExportRequest> for ExportQuery {
    type Error = Status;

    fn try_from(request: wire::ExportRequest) -> Result<ExportQuery, Status> {
        if request.count == 0 {
            return Err(Status::invalid_argument("count: at least 1"));
        }
        let named: Result<MemberSet, String> = request.members.iter().map(|name| member(name)).collect();
        let named = named.map_err(Status::invalid_argument)?;
        Ok(ExportQuery {
            start: request.start,
            count: request.count,
            filter: request.filter.try_into()?,
            members: if request.members.is_empty() {
                MemberSet::ALL
            } else {
                named
            },
            raw: request.raw,
        })
    }
}

fn member(name: &str) -> Result<Member, String> {
    Member::from_name(name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        format!("members: {shown:?} is no member of an event")
    })
}
