//! What may be submitted, and how it is read.

use bytes::Bytes;
use indelible_event::member::{Claims, IpTrust, OccurredFrom, Submitter};
use indelible_event::redact;
use serde::Deserialize;
use serde_json::Value;

use super::{cloud, strict};
use crate::http::problem::Problem;
use crate::trail::Submission;

/// How a body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`: an event, or an array of them.
    Json,
    /// `application/x-ndjson`: an event on each line.
    Lines,
    /// `application/cloudevents+json`: one event of CloudEvents, in structured mode.
    CloudEvent,
}

/// One event, as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    source: String,
    #[serde(default)]
    key: Option<String>,
    claims: Claims,
}

impl Form {
    /// By the content type, without its parameters.
    pub(super) fn of(content_type: &str) -> Option<Form> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => Some(Form::Json),
            "application/x-ndjson" => Some(Form::Lines),
            cloud::CONTENT_TYPE => Some(Form::CloudEvent),
            _ => None,
        }
    }
}

/// Reads a body: what is to be submitted, in its order.
pub(super) fn read(form: Form, body: &Bytes) -> Result<Vec<Submission>, Problem> {
    match form {
        Form::Json => match parse(body)? {
            Value::Array(all) => (0..).zip(all).map(|(place, value)| envelope(value, place)).collect(),
            value => Ok(vec![envelope(value, 0)?]),
        },
        Form::Lines => {
            let lines = body
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.trim_ascii().is_empty());
            let events = (0..).zip(lines).map(|(place, line)| {
                let value = parse(line).map_err(|problem| problem.at(place))?;
                envelope(value, place)
            });
            events.collect()
        }
        Form::CloudEvent => Ok(vec![cloud::submission(parse(body)?, body)?]),
    }
}

fn parse(json: &[u8]) -> Result<Value, Problem> {
    strict::parse(json).map_err(|error| Problem::malformed(shortened(&error.to_string())))
}

fn envelope(value: Value, place: usize) -> Result<Submission, Problem> {
    let Envelope { source, key, claims } =
        serde_json::from_value(value).map_err(|error| Problem::malformed(shortened(&error.to_string())).at(place))?;
    check_claims(&claims).map_err(|problem| problem.at(place))?;
    Ok(Submission {
        source,
        key,
        claims,
        raw: None,
        submitter: nobody_in_particular(),
    })
}

/// A sender cannot say what only the service can know.
pub(super) fn check_claims(claims: &Claims) -> Result<(), Problem> {
    let unprocessable = |detail| Err(Problem::new(http::StatusCode::UNPROCESSABLE_ENTITY, "no-event", detail));
    if claims
        .occurred
        .is_some_and(|occurred| occurred.from == OccurredFrom::Receipt)
    {
        return unprocessable("`occurred.from` is `receipt`: leave `occurred` out, and the service says so itself");
    }
    if claims
        .origin
        .as_ref()
        .is_some_and(|origin| origin.ip_trust == IpTrust::LastHop)
    {
        return unprocessable("`origin.ip_trust` is `last_hop`: only the service can know that; you can report");
    }
    Ok(())
}

/// There are no credentials yet.
pub(super) fn nobody_in_particular() -> Submitter {
    Submitter {
        principal: "anonymous".to_owned(),
        method: "none".to_owned(),
        verified: None,
    }
}

/// What a reader of JSON says may quote what it read.
pub(super) fn shortened(text: &str) -> String {
    // First, since what is cut off has another form.
    redact::text(text).value.chars().take(SHOWN_MAX).collect()
}

const SHOWN_MAX: usize = 300;
