//! What may be submitted, and how it is read.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use indelible_event::member::Submitter;
use serde_json::Value;

use super::cloud;
use crate::access::Caller;
use crate::envelope::Envelope;
use crate::http::problem::Problem;
use crate::strict_json::{self, Allowance, VALUES_MAX};
use crate::trail::{SIGNED_TYPE, Submission};

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
    /// `application/jose`: one event that a job has signed.
    Signed,
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
            SIGNED_TYPE => Some(Form::Signed),
            cloud::CONTENT_TYPE => Some(Form::CloudEvent),
            cloud::BATCH_CONTENT_TYPE => Some(Form::CloudEvents),
            _ => None,
        }
    }
}

/// Reads a body: what is to be submitted by this caller, in its order.
pub(super) fn read(form: Form, headers: &HeaderMap, body: &Bytes, caller: &Caller) -> Result<Vec<Submission>, Problem> {
    let allowance = Allowance::of(VALUES_MAX);
    let read = |json: &[u8]| strict_json::from_slice_within::<Value>(&allowance, json);
    let parse = |json: &[u8]| read(json).map_err(Problem::malformed);
    match form {
        Form::Signed => Ok(vec![signed(body, &allowance, caller)?]),
        Form::Json => {
            let submitter = caller.unsigned()?;
            match parse(body)? {
                Value::Array(all) => (0..)
                    .zip(all)
                    .map(|(place, value)| unsigned(value, place, &submitter))
                    .collect(),
                value => Ok(vec![unsigned(value, 0, &submitter)?]),
            }
        }
        Form::Lines => {
            let submitter = caller.unsigned()?;
            let lines = body
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.trim_ascii().is_empty());
            let events = (0..).zip(lines).map(|(place, line)| {
                let value = parse(line).map_err(|problem| problem.at(place))?;
                unsigned(value, place, &submitter)
            });
            events.collect()
        }
        Form::CloudEvent => {
            let submitter = caller.unsigned()?;
            Ok(vec![cloud::submission(parse(body)?, body.clone(), submitter)?])
        }
        Form::CloudEvents => {
            let submitter = caller.unsigned()?;
            let Value::Array(all) = parse(body)? else {
                return Err(Problem::malformed("a batch of CloudEvents is an array"));
            };
            let events = (0..).zip(all.into_iter().zip(cloud::elements(body)));
            let events = events.map(|(place, (event, text))| {
                cloud::submission(event, text, submitter.clone()).map_err(|bad| bad.at(place))
            });
            events.collect()
        }
        Form::CloudBinary => {
            let submitter = caller.unsigned()?;
            Ok(vec![cloud::binary(headers, body.clone(), submitter, read)?])
        }
    }
}

fn unsigned(value: Value, place: usize, submitter: &Submitter) -> Result<Submission, Problem> {
    let envelope = Envelope::of(value).map_err(|bad| Problem::malformed(bad).at(place))?;
    Ok(envelope.submitted_by(submitter.clone()))
}

/// What a job has signed. Whose key that must be, its caller is known by.
fn signed(body: &Bytes, allowance: &Allowance, caller: &Caller) -> Result<Submission, Problem> {
    let text =
        str::from_utf8(body.trim_ascii()).map_err(|_| Problem::malformed("what is signed is a text of ASCII"))?;
    let (signed, submitter) = caller.signed(text)?;
    let envelope = Envelope::signed(signed, allowance).map_err(Problem::malformed)?;
    Ok(envelope.submitted_by(submitter))
}
