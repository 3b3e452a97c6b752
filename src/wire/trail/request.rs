//! Requests about events, from messages to what they mean.

use indelible_event::MemberSet;
use indelible_event::member::{Member, Verb};
use serde::Deserialize;
use serde::de::value::{Error as NoSuchWord, StrDeserializer};
use tonic::Status;

use super::super::{IntoStatus, generated as wire};
use crate::access::{Caller, Denied};
use crate::envelope::Envelope;
use crate::strict_json::{self, Allowance};
use crate::trail::{Body, Original, Submission};

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
    pub problem: BadSubmissionReason,
}

/// What is wrong with a submission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSubmissionReason {
    /// It is not what it should be.
    #[error("{0}")]
    Malformed(String),
    /// It is not signed as it must be.
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// What submissions take in memory, at most, when they are read, redacted and made into members.
pub fn submissions_weight<'m>(messages: impl IntoIterator<Item = &'m wire::Submission>) -> usize {
    let weight = |message: &wire::Submission| {
        let raw = message.raw.as_ref().map_or(0, |raw| raw.content.len());
        let signed = message.signed.len();
        let unpacked = strict_json::weight_of_length(signed / 4 * 3, strict_json::VALUES_MAX);
        4 * (message.claims.len() + raw + signed) + strict_json::weight(&message.claims) + unpacked
    };
    messages.into_iter().map(weight).sum()
}

/// The one submission of a request, by this caller.
pub fn submission(message: Option<wire::Submission>, caller: &Caller) -> Result<Submission, Status> {
    // There is only one that the words can be about.
    let allowance = Allowance::of(strict_json::VALUES_MAX);
    read(&allowance, message, caller).map_err(IntoStatus::into_status)
}

/// Submissions that come together. Their number is for the trail to judge.
pub fn submissions(
    messages: impl IntoIterator<Item = Option<wire::Submission>>,
    caller: &Caller,
) -> Result<Vec<Submission>, BadSubmission> {
    let allowance = Allowance::of(VALUES_MAX);
    let read = messages
        .into_iter()
        .enumerate()
        .map(|(place, message)| read(&allowance, message, caller).map_err(|problem| BadSubmission { place, problem }));
    read.collect()
}

fn read(
    allowance: &Allowance,
    message: Option<wire::Submission>,
    caller: &Caller,
) -> Result<Submission, BadSubmissionReason> {
    let malformed = BadSubmissionReason::Malformed;
    let message = message.ok_or_else(|| malformed("submission: is required".to_owned()))?;
    if !message.signed.is_empty() {
        return signed(allowance, message, caller);
    }
    let submitter = caller.unsigned()?;
    let wire::Submission {
        source,
        key,
        claims,
        raw,
        signed: _,
    } = message;
    let claims = strict_json::from_slice_within(allowance, &claims);
    Ok(Submission {
        source,
        key,
        claims: claims.map_err(|reason| malformed(format!("claims: {reason}")))?,
        raw: raw.map(|wire::RawBody { content, content_type }| {
            Original::Bytes(Body {
                bytes: content,
                content_type,
            })
        }),
        submitter,
    })
}

/// An event that a job has signed: what was signed says all of it.
fn signed(
    allowance: &Allowance,
    message: wire::Submission,
    caller: &Caller,
) -> Result<Submission, BadSubmissionReason> {
    let malformed = |words: String| BadSubmissionReason::Malformed(format!("signed: {words}"));
    let wire::Submission {
        source,
        key,
        claims,
        raw,
        signed,
    } = message;
    if !source.is_empty() || key.is_some() || !claims.is_empty() || raw.is_some() {
        return Err(malformed(
            "the other fields must be empty, since what is signed says it all".to_owned(),
        ));
    }
    let text = str::from_utf8(&signed).map_err(|_| malformed("it is a text of ASCII".to_owned()))?;
    let (signed, submitter) = caller.signed(text)?;
    let envelope = Envelope::signed(signed, allowance).map_err(|reason| malformed(reason.to_string()))?;
    Ok(envelope.submitted_by(submitter))
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
