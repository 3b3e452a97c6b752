//! What may be submitted, and how it is read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use indelible_event::member::{Claims, Submitter};
use serde::Deserialize;
use serde_json::Value;

use super::cloud;
use crate::http::problem::Problem;
use crate::strict_json::{self, Allowance, Unreadable, VALUES_MAX};
use crate::trail::{Body, Submission};

/// How a body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`: an event, or an array of them.
    Json,
    /// `application/x-ndjson`: an event on each line.
    Lines,
    /// `application/cloudevents+json`: one event of CloudEvents, in structured mode.
    CloudEvent,
    /// `application/cloudevents-batch+json`: an array of them.
    CloudEvents,
    /// Any content type, with the header `ce-specversion`: one event of CloudEvents, in binary mode.
    CloudBinary,
}

/// One event, as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    source: String,
    #[serde(default)]
    key: Option<String>,
    /// Read by itself, as it is at the other door.
    claims: Value,
    #[serde(default)]
    raw: Option<Raw>,
}

/// The bytes that an event came as.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// In base64.
    content: String,
    content_type: String,
}

impl Form {
    /// By the headers of a request: the content type, without its parameters; and, in binary mode, those of CloudEvents.
    pub(super) fn of(headers: &HeaderMap) -> Option<Form> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match Form::by_type(content_type.unwrap_or_default()) {
            // The data of an event in binary mode has a content type of its own.
            None | Some(Form::Json | Form::Lines) if cloud::is_binary(headers) => Some(Form::CloudBinary),
            form => form,
        }
    }

    fn by_type(content_type: &str) -> Option<Form> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => Some(Form::Json),
            "application/x-ndjson" => Some(Form::Lines),
            cloud::CONTENT_TYPE => Some(Form::CloudEvent),
            cloud::BATCH_CONTENT_TYPE => Some(Form::CloudEvents),
            _ => None,
        }
    }
}

/// Reads a body: what is to be submitted, in its order.
pub(super) fn read(form: Form, headers: &HeaderMap, body: &Bytes) -> Result<Vec<Submission>, Problem> {
    let allowance = Allowance::of(VALUES_MAX);
    let read = |json: &[u8]| strict_json::from_slice_within::<Value>(&allowance, json);
    let parse = |json: &[u8]| read(json).map_err(malformed);
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
        Form::CloudEvent => Ok(vec![cloud::submission(parse(body)?, body.clone())?]),
        Form::CloudEvents => {
            let Value::Array(all) = parse(body)? else {
                return Err(Problem::malformed("a batch of CloudEvents is an array"));
            };
            let events = (0..).zip(all.into_iter().zip(cloud::elements(body)));
            let events =
                events.map(|(place, (event, text))| cloud::submission(event, text).map_err(|bad| bad.at(place)));
            events.collect()
        }
        Form::CloudBinary => Ok(vec![cloud::binary(headers, body.clone(), read)?]),
    }
}

fn malformed(reason: Unreadable) -> Problem {
    Problem::malformed(reason)
}

fn envelope(value: Value, place: usize) -> Result<Submission, Problem> {
    let envelope = strict_json::from_value(value).map_err(|reason| malformed(reason).at(place));
    let Envelope {
        source,
        key,
        claims,
        raw,
    } = envelope?;
    let claims = strict_json::from_value::<Claims>(claims);
    let claims = claims.map_err(|reason| Problem::malformed(format!("claims: {reason}")).at(place))?;
    Ok(Submission {
        source,
        key,
        claims,
        raw: raw.map(body).transpose().map_err(|problem| problem.at(place))?,
        submitter: nobody_in_particular(),
    })
}

fn body(raw: Raw) -> Result<Body, Problem> {
    let bytes = STANDARD
        .decode(raw.content)
        .map_err(|error| Problem::malformed(format!("`raw.content` is not base64: {error}")))?;
    Ok(Body {
        bytes: bytes.into(),
        content_type: raw.content_type,
    })
}

/// What stands there until the handler, which knows the caller, puts the caller in its place.
pub(super) fn nobody_in_particular() -> Submitter {
    Submitter {
        principal: "anonymous".to_owned(),
        method: "none".to_owned(),
        verified: None,
    }
}
