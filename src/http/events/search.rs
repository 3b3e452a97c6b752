//! `GET /v1/events`: who did what, from tables that follow the log; what they found is read back from the log.

use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use indelible_event::member::Verb;
use indelible_index::IndexKey;
use indelible_index::search::{Field, Query};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::parameters::{Parameters, decimal};
use super::{EventPages, answer, shown};
use crate::access::{Caller, Method};
use crate::http::problem::Problem;

pub(super) const PARAMETERS: &[(&str, &str)] = &[
    ("actor", "The id, name or email of who did it."),
    (
        "verb",
        "create, update, delete, access, execute, approve, deny, login or other.",
    ),
    ("action", "The source's own name for what was done."),
    ("target", "The id, name or parent of what it was done to."),
    ("source", "The source that it came from."),
    ("since", "Received at this time (RFC 3339) or later."),
    ("until", "Received before this time (RFC 3339)."),
    ("limit", "Events of a page: 1 to 100, else 50."),
    (
        "order",
        "`newest` or `oldest` first; the newest come first, unless `after` is given.",
    ),
    ("before", "Only events below this index, the newest first."),
    ("after", "Only events above this index, the oldest first."),
];

pub(super) async fn search(State(pages): State<EventPages>, caller: Caller, uri: Uri) -> Result<Response, Problem> {
    caller.permit(Method::ReadEvents)?;
    let key = pages.trail.index_key();
    let mut query = query(&Parameters::read(&uri, PARAMETERS)?, key)?;
    // Whoever may read one source only need not leaf through the others.
    if let Some(source) = caller.only_source() {
        query = query.with([key.term(Field::Source, source)]);
    }
    let _place = pages.reads.acquire().await.expect("nobody closes the places");
    let hits = pages.trail.search(query).await?;
    let readable = hits.events.iter().filter(|(_, found)| caller.may_read(found));
    let events: Vec<Value> = readable
        .map(|(index, found)| shown::event(*index, found, false))
        .collect();
    caller
        .read(uri.query().unwrap_or("all events"), events.len() as u64)
        .await?;
    let mut body = json!({
        "next": hits.next,
        "indexed_size": hits.indexed_size,
        "size": hits.size,
    });
    // Moved, where the macro would copy all of them.
    body["events"] = events.into();
    Ok(answer(StatusCode::OK, &body))
}

fn query(parameters: &Parameters, key: &IndexKey) -> Result<Query, Problem> {
    let limit = parameters.parsed("limit", "1 to 100", |text| {
        let limit = usize::try_from(decimal(text)?).ok()?;
        (1..=LIMIT_MAX).contains(&limit).then_some(limit)
    })?;
    let before = parameters.parsed("before", "an index", decimal)?;
    let after = parameters.parsed("after", "an index", decimal)?;
    let oldest_first = parameters.parsed("order", "`newest` or `oldest`", |text| match text {
        "newest" => Some(false),
        "oldest" => Some(true),
        _ => None,
    })?;
    let limit = limit.unwrap_or(LIMIT);
    let mut query = match (before, after, oldest_first) {
        (None, None, Some(true)) => Query::oldest(limit),
        (None, None, _) => Query::newest(limit),
        (Some(before), None, None | Some(false)) => Query::newest(limit).after(before),
        (None, Some(after), None | Some(true)) => Query::oldest(limit).after(after),
        _ => {
            let why =
                "`before` goes with the newest first, `after` with the oldest first, and the two do not go together";
            return Err(Problem::malformed(why));
        }
    };
    let verb = parameters.parsed("verb", "a verb that events have", |text| {
        serde_json::from_value::<Verb>(Value::from(text)).ok()
    })?;
    if let Some(actor) = parameters.text("actor") {
        query = query.actor(actor, key);
    }
    if let Some(verb) = verb {
        query = query.with([key.term(Field::Verb, verb.as_str())]);
    }
    if let Some(action) = parameters.text("action") {
        query = query.with([key.term(Field::Action, action)]);
    }
    if let Some(target) = parameters.text("target") {
        query = query.target(target, key);
    }
    if let Some(source) = parameters.text("source") {
        query = query.with([key.term(Field::Source, source)]);
    }
    let time = |name| {
        parameters.parsed(name, "a time such as 2026-11-22T10:00:00Z", |text| {
            text.parse::<Timestamp>().ok()
        })
    };
    let (since, until) = (time("since")?, time("until")?);
    if since.is_some() || until.is_some() {
        let time = since.unwrap_or(Timestamp::MIN)..until.unwrap_or(Timestamp::MAX);
        if time.is_empty() {
            return Err(Problem::malformed("`until` is not after `since`"));
        }
        query = query.received(time);
    }
    Ok(query)
}

/// Events of a page, unless somebody asks for another number.
const LIMIT: usize = 50;

const LIMIT_MAX: usize = 100;
