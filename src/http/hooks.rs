//! `POST /hooks/KIND/NAME`: deliveries of the configured sources, each answered when its events are durable.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use indelible_event::member::{Action, Actor, Claims, Outcome, OutcomeResult, Raw, Verb};
use indelible_event::redact;
use indelible_sources::{Delivery, Ignored, Incoming, Received, Rejected};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::events::{EventPages, answer};
use super::problem::Problem;
use crate::access::{Caller, Method};
use crate::sources::{Configured, Counted};
use crate::task::blocking;
use crate::trail::{Accepted, Body, Original, Refusal, Refused, Submission, Taken};

/// Takes a delivery. What a sender is answered is the same for all kinds of sources.
pub(super) async fn receive(
    State(pages): State<EventPages>,
    caller: Caller,
    Path((kind, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    caller.permit(Method::Deliver)?;
    let name = format!("{kind}/{name}");
    let configured = pages
        .sources
        .find(&name)
        .ok_or_else(|| Problem::not_found("there is no such source"))?;
    let outcome = deliver(&pages, &configured, request).await;
    let (counted, response) = match outcome {
        Ok((counted, body)) => (counted, Ok(answer(StatusCode::OK, &body))),
        Err((counted, problem)) => (counted, Err(problem)),
    };
    let count = configured.counts.add(counted);
    let status = response
        .as_ref()
        .map_or_else(Problem::status, Response::status)
        .as_u16();
    match counted {
        Counted::Stored | Counted::Repeated | Counted::Ignored => {
            tracing::debug!(source = %name, ?counted, count, status, "delivery");
        }
        // A stranger can send these without end: of the first ten each is told, of a hundred every tenth, and so on.
        _ if is_told(count) => tracing::warn!(source = %name, ?counted, count, status, "delivery"),
        _ => {}
    }
    response
}

async fn deliver(
    pages: &EventPages,
    configured: &Configured,
    request: Request,
) -> Result<(Counted, Value), (Counted, Problem)> {
    let (head, body) = request.into_parts();
    let read = pages.deliveries.read(body, configured.source.body_bytes_max()).await;
    let held = read.map_err(|error| {
        let problem = Problem::from(error);
        match problem.status() {
            StatusCode::SERVICE_UNAVAILABLE => (Counted::NotStored, problem),
            _ => (Counted::Refused, problem),
        }
    })?;
    let received = understand(
        configured,
        head.method.as_str().to_owned(),
        head.headers,
        held.bytes.clone(),
    );
    let events = match received.await.map_err(rejected)? {
        Received::Events(events) => events,
        Received::Ignored(Ignored::Unwanted { event }) => {
            return Ok((Counted::Ignored, json!({"result": "ignored", "event": event})));
        }
    };
    let stored = store(pages, configured.source.name().as_str(), events, &held.bytes).await;
    let (taken, conflict) = stored.map_err(|refused| (Counted::NotStored, Problem::from(refused)))?;
    let new = taken.events.iter().any(|event| matches!(event, Accepted::New { .. }));
    let (counted, result) = match (new, conflict) {
        (true, true) => (Counted::Conflict, "stored"),
        (true, false) => (Counted::Stored, "stored"),
        (false, _) => (Counted::Repeated, "repeated"),
    };
    let indexes: Vec<u64> = taken.events.iter().map(Accepted::index).collect();
    Ok((
        counted,
        json!({"result": result, "index": indexes.first(), "indexes": indexes}),
    ))
}

/// Checks a delivery and reads it. A large one takes its time on a thread that may.
async fn understand(
    configured: &Configured,
    method: String,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Received, Rejected> {
    let large = body.len() > IN_PLACE_BYTES_MAX;
    let source = configured.source.clone();
    let work = move || {
        let headers: Vec<(&str, &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let delivery = Delivery {
            method: &method,
            headers: &headers,
            body: &body,
        };
        source.receive(&delivery, Timestamp::now())
    };
    match large {
        true => blocking(work).await,
        false => work(),
    }
}

/// Stores the events of a delivery, and says whether their keys were in use.
///
/// An authentic delivery is never refused for what its sender did not sign, or cannot change:
/// * Another body under a key that is known: the key is a header's, which nobody signs. The event is stored under that key and the hash of its
///   bytes, so that a repeat of it is still one event, and the submitter's facts name the event in whose way it stood.
/// * Claims that no event may have: the event says only that it came, and its bytes say the rest.
async fn store(
    pages: &EventPages,
    source: &str,
    events: Vec<Incoming>,
    bytes: &Bytes,
) -> Result<(Taken, bool), Refused> {
    let submission = |incoming: Incoming| Submission {
        source: source.to_owned(),
        key: incoming.key,
        claims: incoming.claims,
        raw: Some(Original::Bytes(Body {
            bytes: bytes.clone(),
            content_type: incoming.content_type,
        })),
        submitter: incoming.submitter,
    };
    let mut submissions: Vec<Submission> = events.into_iter().map(submission).collect();
    let mut conflict = false;
    // Each event is changed at most once for its claims and once for its key.
    let mut tries = 2 * submissions.len();
    loop {
        let refused = match pages.trail.deliver(submissions.clone()).await {
            Ok(taken) => return Ok((taken, conflict)),
            Err(refused) => refused,
        };
        let Some(one) = submissions.get_mut(refused.place).filter(|_| tries > 0) else {
            return Err(refused);
        };
        tries -= 1;
        match refused.refusal {
            Refusal::Conflict { index } => {
                conflict = true;
                separate(one, index).await;
            }
            Refusal::ServiceOnly(_) | Refusal::TooDeep(_) | Refusal::Event(_) | Refusal::Attached(_) => {
                one.claims = unreadable(&one.claims);
            }
            _ => return Err(refused),
        }
    }
}

/// Gives an event a key of its own.
async fn separate(submission: &mut Submission, index: u64) {
    if let (Some(key), Some(Original::Bytes(body))) = (&submission.key, submission.raw.clone()) {
        // As the event has it: a hash of what was not redacted could confirm a guess.
        let raw = blocking(move || {
            let redacted = redact::raw(&body.bytes, &body.content_type).value;
            Raw::of(&redacted, body.content_type, false)
        });
        submission.key = Some(format!("{key}#sha256:{}", raw.await.sha256));
    }
    let facts = submission.submitter.verified.get_or_insert_with(Map::new);
    facts.insert("key_conflict".to_owned(), index.into());
}

/// That something came, under the name that it has.
fn unreadable(claims: &Claims) -> Claims {
    let name = claims.action.as_ref().map_or("unknown", |action| action.name.as_str());
    Claims {
        action: Some(Action {
            name: name.chars().take(NAME_CHARS_MAX).collect(),
            verb: Verb::Other,
            class: None,
        }),
        actor: Some(Actor::unknown()),
        outcome: Some(Outcome {
            result: OutcomeResult::Unknown,
            detail: None,
        }),
        ..Claims::default()
    }
}

fn rejected(rejected: Rejected) -> (Counted, Problem) {
    let (counted, status, name) = match &rejected {
        Rejected::Method { .. } => (Counted::Refused, StatusCode::METHOD_NOT_ALLOWED, "method"),
        Rejected::BodyTooLong { .. } => (Counted::Refused, StatusCode::PAYLOAD_TOO_LARGE, "too-long"),
        Rejected::NotAuthentic(_) => (Counted::NotAuthentic, StatusCode::UNAUTHORIZED, "not-authentic"),
        Rejected::NotPermitted(_) => (Counted::NotPermitted, StatusCode::FORBIDDEN, "not-permitted"),
        Rejected::Repeated(_) => (Counted::Refused, StatusCode::BAD_REQUEST, "malformed"),
    };
    (counted, Problem::new(status, name, rejected))
}

/// Whether the operator hears of the `count`th of its kind.
fn is_told(count: u64) -> bool {
    let magnitude = 10_u64.pow(count.ilog10());
    count < 10 || count.is_multiple_of(magnitude)
}

/// To check and read so many bytes takes about a millisecond.
const IN_PLACE_BYTES_MAX: usize = 64 << 10;

/// Of the name of what cannot be read.
const NAME_CHARS_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_hears_of_fewer_and_fewer() {
        let told: Vec<u64> = (1..=1000).filter(|count| is_told(*count)).collect();
        assert_eq!(told.len(), 9 + 9 + 9 + 1);
        assert_eq!(told[..10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
}
