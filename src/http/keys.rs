//! `GET /keys`: how whoever knows the log by one of its keys finds the others, and believes them.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::refusal::Refusal;
use super::{KeyPage, text};
use crate::access::{Caller, Method};

pub(super) fn routes() -> Router<KeyPage> {
    Router::new().route("/keys", get(serve))
}

async fn serve(State(page): State<KeyPage>, caller: Caller) -> Result<Response, Refusal> {
    caller.permit(Method::ReadHeads)?;
    Ok(text(StatusCode::OK, page.document))
}
