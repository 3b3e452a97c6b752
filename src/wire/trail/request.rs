//! Requests about events, from messages to what they mean.

use indelible_event::MemberSet;
use indelible_event::member::{Member, Submitter, Verb};
use serde::Deserialize;
use serde::de::value::{Error as NoSuchWord, StrDeserializer};
use tonic::Status;

use super::super::generated as wire;
use crate::strict_json::{self, Allowance};
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

/// What submissions take in memory, at most, when they are read, redacted and made into members.
pub fn submissions_weight<'m>(messages: impl IntoIterator<Item = &'m wire::Submission>) -> usize {
    let weight = |message: &wire::Submission| {
        let raw = message.raw.as_ref().map_or(0, |raw| raw.content.len());
        4 * (message.claims.len() + raw) + strict_json::weight(&message.claims)
    };
    messages.into_iter().map(weight).sum()
}

/// The one submission of a request, by this submitter.
pub fn submission(message: Option<wire::Submission>, submitter: Submitter) -> Result<Submission, Status> {
    // There is only one that the words can be about.
    let allowance = Allowance::of(strict_json::VALUES_MAX);
    read(&allowance, message, submitter).map_err(Status::invalid_argument)
}

/// Submissions that come together. Their number is for the trail to judge.
pub fn submissions(
    messages: impl IntoIterator<Item = Option<wire::Submission>>,
    submitter: &Submitter,
) -> Result<Vec<Submission>, BadSubmission> {
    let allowance = Allowance::of(VALUES_MAX);
    let read = messages.into_iter().enumerate().map(|(place, message)| {
        read(&allowance, message, submitter.clone()).map_err(|problem| BadSubmission { place, problem })
    });
    read.collect()
}

fn read(allowance: &Allowance, message: Option<wire::Submission>, submitter: Submitter) -> Result<Submission, String> {
    let wire::Submission {
        source,
        key,
        claims,
        raw,
    } = message.ok_or("submission: is required")?;
    let claims = strict_json::from_slice_within(allowance, &claims).map_err(|reason| format!("claims: {reason}"))?;
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

/// Of one request: 10,000 events of 400 bytes, or 4,000 of 1 kB, have some 160,000. What they take is bounded by [`strict_json::weight`].
const VALUES_MAX: usize = 250_000;
