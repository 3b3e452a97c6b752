//! `GET /checkpoint`: the signed head that is served, and for whoever has it already a word that it still is (RFC 9110, 13.1.2).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use headers::{ETag, HeaderMapExt, IfNoneMatch};
use http::{HeaderMap, StatusCode};
use indelible_merkle::Hash;

use super::refusal::Refusal;
use super::{Pages, text};
use crate::access::{Caller, Method};

/// The note, or 304 to a caller that names the one of now.
pub(super) async fn serve(State(pages): State<Pages>, caller: Caller, headers: HeaderMap) -> Result<Response, Refusal> {
    caller.permit(Method::ReadHeads)?;
    let note = (pages.checkpoint)();
    let etag = etag(&note);
    let held = headers
        .typed_get::<IfNoneMatch>()
        .is_some_and(|held| !held.precondition_passes(&etag));
    let mut response = text(StatusCode::OK, note);
    response.headers_mut().typed_insert(etag);
    if held {
        let (head, _note) = response.into_parts();
        return Ok((StatusCode::NOT_MODIFIED, head.headers).into_response());
    }
    Ok(response)
}

/// Names exactly these bytes: two notes of one tree can differ in their signatures. Any hash would do.
fn etag(note: &[u8]) -> ETag {
    let quoted = format!("\"{}\"", Hash::leaf(note));
    quoted.parse().expect("hexadecimal digits in quotes are an entity tag")
}
