//! CloudEvents 1.0: structured, in batches, and in binary mode. What came is kept.
//!
//! | attribute | becomes |
//! |---|---|
//! | `source`, `id` | source and key: the identity of the event, in CloudEvents as here |
//! | `type` | `action.name`, of verb `other`, unless `data` is claims |
//! | `subject` | a target of type `subject`, unless `data` is claims |
//! | `time` | `occurred`, unless `data` says so |
//! | `traceparent` | `correlation.trace`, unless `data` says so |
//! | `data` | the claims, if it is an object that can be read as such and has an `action`; else nothing is made of it |
//!
//! CloudEvents knows no actor and no outcome: both are `unknown`, unless `data` is claims.

mod batch;
mod binary;

use bytes::Bytes;
use indelible_event::member::{
    Action, Actor, Claims, Correlation, Occurred, OccurredFrom, Outcome, OutcomeResult, Submitter, Target, Verb,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

pub(super) use self::batch::elements;
pub(super) use self::binary::{binary, is_binary};
use crate::http::problem::Problem;
use crate::strict_json;
use crate::trail::{Body, Original, Submission};

pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json";
pub(super) const BATCH_CONTENT_TYPE: &str = "application/cloudevents-batch+json";

/// What of an event is not its data.
struct Attributes {
    source: String,
    id: String,
    kind: String,
    subject: Option<String>,
    trace: Option<String>,
    time: Option<Timestamp>,
}

/// What an event in structured mode comes to; `body` is its text.
pub(super) fn submission(event: Value, body: Bytes, submitter: Submitter) -> Result<Submission, Problem> {
    let Value::Object(mut event) = event else {
        return Err(Problem::malformed("an event of CloudEvents is an object"));
    };
    let attributes = Attributes::read(|name| optional(&mut event, name))?;
    let data = event.remove("data");
    let content_type = CONTENT_TYPE.to_owned();
    let raw = Body {
        bytes: body,
        content_type,
    };
    Ok(attributes.with(data, Some(raw), submitter))
}

impl Attributes {
    /// Reads them, each at most once.
    fn read(mut attribute: impl FnMut(&str) -> Result<Option<String>, Problem>) -> Result<Attributes, Problem> {
        let mut required =
            |name: &str| attribute(name)?.ok_or_else(|| Problem::malformed(format!("`{name}` is missing")));
        if required("specversion")? != "1.0" {
            return Err(Problem::malformed("`specversion` must be \"1.0\""));
        }
        let id = required("id")?;
        let source = required("source")?;
        let kind = required("type")?;
        let time = attribute("time")?.map(|text| text.parse::<Timestamp>()).transpose();
        Ok(Attributes {
            source,
            id,
            kind,
            subject: attribute("subject")?,
            trace: attribute("traceparent")?,
            time: time.map_err(|_| Problem::malformed("`time` must be a time of RFC 3339"))?,
        })
    }

    fn with(self, data: Option<Value>, raw: Option<Body>, submitter: Submitter) -> Submission {
        let Attributes {
            source,
            id,
            kind,
            subject,
            trace,
            time,
        } = self;
        let mut claims = data.and_then(claims_in).unwrap_or_else(|| of_attributes(kind, subject));
        if let Some(at) = time {
            let from = OccurredFrom::Payload;
            claims.occurred.get_or_insert(Occurred { at, from });
        }
        if trace.is_some() {
            let correlation = claims.correlation.get_or_insert_with(Correlation::default);
            correlation.trace = correlation.trace.take().or(trace);
        }
        Submission {
            source,
            key: Some(id),
            claims,
            raw: raw.map(Original::Bytes),
            submitter,
        }
    }
}

fn claims_in(data: Value) -> Option<Claims> {
    let claims: Claims = strict_json::from_value(data).ok()?;
    claims.action.is_some().then_some(claims)
}

fn of_attributes(kind: String, subject: Option<String>) -> Claims {
    let target = |id| Target {
        kind: "subject".to_owned(),
        id,
        name: None,
        parent: None,
    };
    Claims {
        action: Some(Action {
            name: kind,
            verb: Verb::Other,
            class: None,
        }),
        actor: Some(Actor::unknown()),
        outcome: Some(Outcome {
            result: OutcomeResult::Unknown,
            detail: None,
        }),
        targets: subject.map(|subject| vec![target(subject)]),
        ..Claims::default()
    }
}

fn optional(event: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Problem> {
    match event.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Problem::malformed(format!("`{name}` must be a text that is not empty"))),
    }
}
