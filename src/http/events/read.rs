//! `GET /v1/events/{index}`: one event, what is known of each member, and the proof that it is in the log.

use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{StatusCode, Uri};
use serde_json::Value;

use super::parameters::{Parameters, decimal};
use super::{EventPages, answer, shown};
use crate::access::{Caller, Method};
use crate::http::problem::Problem;
use crate::trail::Found;

pub(super) const PARAMETERS: &[(&str, &str)] = &[("raw", "`true`: with the bytes that it came as, in base64.")];

pub(super) async fn event(
    State(pages): State<EventPages>,
    caller: Caller,
    Path(index): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    caller.permit(Method::ReadEvents)?;
    let index = decimal(&index).ok_or_else(|| Problem::malformed("an index is a decimal number"))?;
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let with_raw = parameters.parsed("raw", "`true` or `false`", |text| text.parse::<bool>().ok())?;
    let _place = pages.reads.acquire().await.expect("nobody closes the places");
    let mut found = pages.trail.find(index).await?;
    if !caller.may_read(&found) {
        return Err(caller.refuse(&format!("event {index}")).into());
    }
    // Who asked for an erasure, and why, is for those who may ask for one.
    if !caller.may(Method::Erase) {
        found = found.without_said();
    }
    caller.read(&format!("event {index}"), 1).await?;
    let mut body = shown::event(index, &found, true);
    body["leaf"] = shown::leaf(&found).into();
    body["proof"] = pages.receipt(index, None).await?.into();
    if let (Some(true), Found::Event { raw, .. }) = (with_raw, &found) {
        body["raw"] = raw.as_ref().map_or(Value::Null, |raw| STANDARD.encode(raw).into());
    }
    Ok(answer(StatusCode::OK, &body))
}
