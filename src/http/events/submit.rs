//! `POST /v1/events`: events as JSON. All are durable when they are answered, or none is stored.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::header::CONTENT_ENCODING;
use indelible_event::Disclosure;
use indelible_log::Head;
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::sent::{self, Form};
use super::{EventPages, SUBMISSION_BYTES_MAX, answer, shown};
use crate::access::{Caller, Method};
use crate::follow::Vouched;
use crate::http::problem::Problem;
use crate::task::blocking;
use crate::trail::{Accepted, Submission};
use crate::waiting::{Waiting, quorum_for};
use crate::wire::Wait;

pub(super) const PARAMETERS: &[(&str, &str)] = &[(
    "wait",
    "`witnessed`: until enough witnesses have cosigned a head that has the events, or time is up; else `durable`.",
)];

pub(super) async fn submit(
    State(pages): State<EventPages>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    caller.permit(Method::SubmitEvents)?;
    let parameters = Parameters::read(request.uri(), PARAMETERS)?;
    let wait = parameters.parsed("wait", "`durable` or `witnessed`", |text| match text {
        "durable" => Some(Wait::Durable),
        "witnessed" => Some(Wait::Witnessed),
        _ => None,
    })?;
    let waiting = Waiting {
        quorum: quorum_for(wait.unwrap_or(Wait::Durable), pages.quorum.as_ref()).map_err(Problem::malformed)?,
        deadline: request.extensions().get().copied(),
    };
    // Nothing is unpacked here: what a body comes to is known by its length.
    if let Some(coding) = request.headers().get(CONTENT_ENCODING)
        && coding != "identity"
    {
        let detail = "a body is taken as it is, without a content encoding";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "content-encoding", detail));
    }
    let form = Form::of(request.headers()).ok_or_else(|| {
        let types = "application/json, application/x-ndjson, application/jose or that of CloudEvents";
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-type",
            format!("the content type must be {types}"),
        )
    })?;
    let (head, body) = request.into_parts();
    let held = pages.submissions.read(body, SUBMISSION_BYTES_MAX).await?;
    let body = held.bytes.clone();
    let submissions = match body.len() > IN_PLACE_BYTES_MAX {
        true => {
            let caller = caller.clone();
            blocking(move || sent::read(form, &head.headers, &body, &caller)).await?
        }
        false => sent::read(form, &head.headers, &body, &caller)?,
    };
    // CloudEvents knows batches of nothing.
    if submissions.is_empty() && form == Form::CloudEvents {
        return Ok(answer(StatusCode::OK, &json!({"events": [], "witnessed": false})));
    }
    check(&submissions)?;
    caller
        .check_submissions(&submissions)
        .map_err(|(place, denied)| Problem::from(denied).at(place))?;
    let waits = waiting.quorum.is_some();
    let taken = pages.trail.submit(submissions).await?;
    let Vouched { ack, witnessed } = waiting.vouch(&taken, &pages.reader).await;
    let head = waits.then_some(&ack.head);
    let mut events = Vec::with_capacity(taken.events.len());
    for accepted in taken.events {
        events.push(accepted_event(&pages, accepted, head).await?);
    }
    Ok(answer(
        StatusCode::OK,
        &json!({"events": events, "witnessed": witnessed}),
    ))
}

fn check(submissions: &[Submission]) -> Result<(), Problem> {
    if submissions.len() > EVENTS_MAX {
        let count = submissions.len();
        return Err(Problem::malformed(format!(
            "1 to {EVENTS_MAX} events can be submitted together, not {count}"
        )));
    }
    Ok(())
}

/// What a line of an evidence file has, and whether the event is an old one; proved under this head, if it was waited for.
async fn accepted_event(pages: &EventPages, accepted: Accepted, head: Option<&Head>) -> Result<Value, Problem> {
    let index = accepted.index();
    let (repeated, leaf, disclosures) = match accepted {
        Accepted::New { leaf, disclosures, .. } => {
            let leaf = String::from_utf8_lossy(leaf.text()).into_owned();
            (false, leaf, disclosures.iter().map(Disclosure::to_text).collect())
        }
        Accepted::Known { .. } => {
            let found = pages.trail.find(index).await?;
            (true, shown::leaf(&found), shown::disclosures(&found))
        }
    };
    // The event is durable: that its proof cannot be had now must not make anybody send it again.
    let proof = pages.receipt(index, head).await.ok();
    Ok(json!({
        "index": index,
        "repeated": repeated,
        "leaf": leaf,
        "disclosures": disclosures,
        "proof": proof,
    }))
}

/// Events of one request.
pub(super) const EVENTS_MAX: usize = 1_000;

/// To read so many bytes takes about a millisecond.
const IN_PLACE_BYTES_MAX: usize = 64 << 10;
