//! CloudEvents 1.0, structured mode: one event a request, which is kept as it came.
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

use bytes::Bytes;
use indelible_event::member::{
    Action, Actor, ActorType, Claims, Correlation, Occurred, OccurredFrom, Outcome, OutcomeResult, Target, Verb,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::sent::nobody_in_particular;
use crate::http::problem::Problem;
use crate::strict_json;
use crate::trail::{Body, Submission};

pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json";

/// What an event of CloudEvents comes to.
pub(super) fn submission(event: Value, body: &Bytes) -> Result<Submission, Problem> {
    let Value::Object(mut event) = event else {
        return Err(Problem::malformed("an event of CloudEvents is an object"));
    };
    if required(&mut event, "specversion")? != "1.0" {
        return Err(Problem::malformed("`specversion` must be \"1.0\""));
    }
    let key = required(&mut event, "id")?;
    let source = required(&mut event, "source")?;
    let kind = required(&mut event, "type")?;
    let subject = optional(&mut event, "subject")?;
    let trace = optional(&mut event, "traceparent")?;
    let time = optional(&mut event, "time")?
        .map(|text| text.parse::<Timestamp>())
        .transpose()
        .map_err(|_| Problem::malformed("`time` must be a time of RFC 3339"))?;
    let data = event.remove("data").and_then(claims_in);
    let mut claims = match data {
        Some(claims) => claims,
        None => of_attributes(kind, subject),
    };
    if let Some(at) = time {
        let from = OccurredFrom::Payload;
        claims.occurred.get_or_insert(Occurred { at, from });
    }
    if trace.is_some() {
        let correlation = claims.correlation.get_or_insert_with(Correlation::default);
        correlation.trace = correlation.trace.take().or(trace);
    }
    Ok(Submission {
        source,
        key: Some(key),
        claims,
        raw: Some(Body {
            bytes: body.clone(),
            content_type: CONTENT_TYPE.to_owned(),
        }),
        submitter: nobody_in_particular(),
    })
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
        actor: Some(Actor {
            kind: ActorType::Unknown,
            id: None,
            name: None,
            email: None,
            groups: None,
            on_behalf_of: None,
            token_id: None,
            claims: None,
        }),
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

fn required(event: &mut Map<String, Value>, name: &str) -> Result<String, Problem> {
    optional(event, name)?.ok_or_else(|| Problem::malformed(format!("`{name}` is missing")))
}
