//! The routes of events, and the OpenAPI document that says what they are.

use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{EventPages, answer, read, search, submit};
use crate::access::{Caller, Method};
use crate::http::hooks;
use crate::http::problem::Problem;

/// A route.
pub(super) struct Route {
    /// `get` or `post`.
    method: &'static str,
    /// With the names of its parts in braces, as both OpenAPI and the router have them.
    pub(super) path: &'static str,
    operation: &'static str,
    summary: &'static str,
    /// Of the query, beside those in the path.
    parameters: &'static [(&'static str, &'static str)],
    /// The content types that a body may have, and the schema of each.
    bodies: &'static [(&'static str, &'static str)],
    /// The schema of the answer.
    answer: &'static str,
    /// The statuses of problems.
    problems: &'static [u16],
    pub(super) handler: fn() -> MethodRouter<EventPages>,
}

/// All of them.
pub(super) static ROUTES: [Route; 5] = [
    Route {
        method: "post",
        path: "/v1/events",
        operation: "submitEvents",
        summary: "Submit events: all are durable when this is answered, or none is stored.",
        parameters: submit::PARAMETERS,
        bodies: &[
            ("application/json", "Submissions"),
            ("application/x-ndjson", "Lines"),
            ("application/jose", "SignedSubmission"),
            ("application/cloudevents+json", "CloudEvent"),
            ("application/cloudevents-batch+json", "CloudEvents"),
            ("*/*", "CloudEventData"),
        ],
        answer: "Submitted",
        problems: &[400, 403, 408, 409, 413, 415, 422, 503],
        handler: || post(submit::submit),
    },
    Route {
        method: "get",
        path: "/v1/events",
        operation: "searchEvents",
        summary: "Who did what: events by actor, verb, target, source and time. All conditions must hold.",
        parameters: search::PARAMETERS,
        bodies: &[],
        answer: "Hits",
        problems: &[400, 403, 503],
        handler: || get(search::search),
    },
    Route {
        method: "get",
        path: "/v1/events/{index}",
        operation: "readEvent",
        summary: "One event: its leaf, what is known of each member, and the proof that it is in the log.",
        parameters: read::PARAMETERS,
        bodies: &[],
        answer: "Event",
        problems: &[400, 403, 404, 503],
        handler: || get(read::event),
    },
    Route {
        method: "post",
        path: "/hooks/{kind}/{name}",
        operation: "deliver",
        summary: "A delivery of a configured source, such as a webhook of GitHub, signed as its kind signs.",
        parameters: &[],
        bodies: &[
            ("application/json", "Anything"),
            ("application/x-www-form-urlencoded", "Anything"),
        ],
        answer: "Delivered",
        problems: &[400, 401, 403, 404, 408, 413, 503],
        handler: || post(hooks::receive),
    },
    Route {
        method: "get",
        path: "/v1/openapi.json",
        operation: "describe",
        summary: "This document.",
        parameters: &[],
        bodies: &[],
        answer: "Anything",
        problems: &[],
        handler: || get(document),
    },
];

async fn document(caller: Caller) -> Result<Response, Problem> {
    caller.permit(Method::ReadHeads)?;
    Ok(answer(StatusCode::OK, &openapi()))
}

/// The document (OpenAPI 3.1).
fn openapi() -> Value {
    let mut paths = Map::new();
    for route in &ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Indelible",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "An audit log of who did what in CI/CD, with proofs. Answers are JSON, problems are problem details (RFC 9457).",
        },
        "paths": paths,
        "components": {"schemas": schemas()},
    })
}

fn operation(route: &Route) -> Value {
    let in_path = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path =
        in_path.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let in_query = route.parameters.iter().map(|(name, description)| {
        json!({"name": name, "in": "query", "description": description, "schema": {"type": "string"}})
    });
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        content("Done.", &[("application/json", route.answer)]),
    );
    for status in route.problems {
        let reason = StatusCode::from_u16(*status)
            .ok()
            .and_then(|status| status.canonical_reason());
        let problem = content(reason.unwrap_or("error"), &[("application/problem+json", "Problem")]);
        responses.insert(status.to_string(), problem);
    }
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": responses,
    });
    if !route.bodies.is_empty() {
        operation["requestBody"] = content("", route.bodies);
        operation["requestBody"]["required"] = true.into();
    }
    operation
}

fn content(description: &str, types: &[(&str, &str)]) -> Value {
    let types = types.iter().map(|(media_type, schema)| {
        let schema = json!({"schema": {"$ref": format!("#/components/schemas/{schema}")}});
        ((*media_type).to_owned(), schema)
    });
    json!({"description": description, "content": types.collect::<Map<_, _>>()})
}

fn schemas() -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer", "minimum": 0});
    let members = json!({
        "type": "object",
        "description": "By name: action actor changes correlation delivery occurred origin outcome raw submitter targets; of a tombstone: basis requester, which are withheld from those who may not erase.",
        "additionalProperties": {
            "type": "object",
            "required": ["state"],
            "properties": {
                "state": {"enum": ["disclosed", "withheld", "erased", "missing"]},
                "value": {"description": "If it is disclosed; null if the event lacks it."},
                "disclosure": {"type": "string", "description": "What the leaf commits to, in base64url."},
                "tombstone": {"type": "integer", "description": "If it is erased: the index of the tombstone that says so."},
            },
        },
    });
    json!({
        "Anything": {},
        "Lines": {"type": "string", "description": "A Submission on each line."},
        "Submission": {
            "type": "object",
            "required": ["source", "claims"],
            "additionalProperties": false,
            "properties": {
                "source": {"type": "string", "minLength": 1, "maxLength": 512, "description": "What it is from, such as `deploy-script`; not the name of a configured source."},
                "key": {"type": ["string", "null"], "minLength": 1, "maxLength": 512, "description": "The idempotency key: with `source` the identity of the event."},
                "claims": {
                    "type": "object",
                    "additionalProperties": false,
                    "description": "The members that a sender may claim (docs/events.md).",
                    "properties": {
                        "action": {"type": "object"}, "actor": {"type": "object"}, "changes": {"type": "array"},
                        "correlation": {"type": "object"}, "occurred": {"type": "object"}, "origin": {"type": "object"},
                        "outcome": {"type": "object"}, "targets": {"type": "array"},
                    },
                },
                "raw": {
                    "type": ["object", "null"],
                    "additionalProperties": false,
                    "required": ["content", "content_type"],
                    "description": "The bytes that it came as. Kept, if they are not too long; else only their hash and size are.",
                    "properties": {
                        "content": {"type": "string", "description": "In base64."},
                        "content_type": {"type": "string", "description": "A media type."},
                    },
                },
            },
        },
        "SignedSubmission": {"type": "string", "description": "A JWS in compact serialization (RFC 7515) of type `indelible-event+jws`, with the key of the caller's token in its header, over a Submission without `raw` and with a `key`."},
        "Submissions": {"oneOf": [
            {"$ref": "#/components/schemas/Submission"},
            {"type": "array", "minItems": 1, "maxItems": submit::EVENTS_MAX, "items": {"$ref": "#/components/schemas/Submission"}},
        ]},
        "CloudEvent": {
            "type": "object",
            "required": ["specversion", "id", "source", "type"],
            "properties": {"specversion": {"const": "1.0"}, "id": text, "source": text, "type": text, "subject": text, "time": text, "data": {}},
        },
        "CloudEvents": {"type": "array", "maxItems": submit::EVENTS_MAX, "items": {"$ref": "#/components/schemas/CloudEvent"}},
        "CloudEventData": {"description": "The data of an event in binary mode: its attributes are the headers ce-specversion, ce-id, ce-source, ce-type and, if it has them, ce-subject, ce-time and ce-traceparent."},
        "Submitted": {
            "type": "object",
            "required": ["events", "witnessed"],
            "properties": {"witnessed": {"type": "boolean", "description": "Whether the proofs are under a head for which enough witnesses vouch; only if the request waited for them."}, "events": {"type": "array", "items": {
                "type": "object",
                "required": ["index", "repeated", "leaf", "disclosures", "proof"],
                "properties": {
                    "index": number,
                    "repeated": {"type": "boolean", "description": "The same came before: nothing was stored."},
                    "leaf": {"type": "string", "description": "What the log hashes."},
                    "disclosures": {"type": "array", "items": text, "description": "Every member with its salt, in base64url."},
                    "proof": {"type": ["string", "null"], "description": "A receipt (C2SP tlog-proof). null: it is stored, and the proof can be had later."},
                },
            }}},
        },
        "Event": {
            "type": "object",
            "required": ["index", "type", "received", "leaf", "proof"],
            "properties": {
                "index": number, "type": {"enum": ["indelible.event.v1", "indelible.tombstone.v1"]},
                "received": text, "leaf": text, "proof": text, "members": members,
                "raw": {"type": ["string", "null"], "description": "The bytes that it came as, in base64, if asked for with raw=true and kept."},
                "erased": {"type": "array", "description": "Of a tombstone: what it erased."},
            },
        },
        "Hits": {
            "type": "object",
            "required": ["events", "next", "indexed_size", "size"],
            "properties": {
                "events": {"type": "array", "items": {"type": "object", "properties": {"index": number, "type": text, "received": text, "members": members}}},
                "next": {"type": ["integer", "null"], "description": "For the next page: `before` this, or `after` this if the oldest come first. null: there are no more."},
                "indexed_size": {"type": "integer", "description": "The answer speaks of the events below this index."},
                "size": {"type": "integer", "description": "So many entries the log has."},
            },
        },
        "Delivered": {
            "type": "object",
            "required": ["result"],
            "properties": {"result": {"enum": ["stored", "repeated", "ignored"]}, "index": number, "indexes": {"type": "array", "items": number}},
        },
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": text, "title": text, "status": number, "detail": text,
                "request_id": {"type": "string", "description": "The id of the request in the service's log lines."},
                "event": {"type": "integer", "description": "Which event of the request is the reason, from 0."},
                "index": {"type": "integer", "description": "The event that stands in the way."},
            },
        },
    })
}
