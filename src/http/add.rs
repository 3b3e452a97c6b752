//! `POST /add`: one entry, as it comes. There is no specification; this is what load generators of tile logs send.
//!
//! The content type does not matter: what a web page could send without asking is refused by where it comes from, before it gets
//! here.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http::StatusCode;
use hyper::body::Body as _;
use indelible_log::Batch;
use indelible_merkle::ENTRY_MAX;

use super::refusal::Refusal;
use super::{LogPages, text};
use crate::access::{Caller, Method};

pub(super) fn routes() -> Router<Arc<LogPages>> {
    Router::new().route("/add", post(add).layer(DefaultBodyLimit::max(ENTRY_MAX)))
}

/// The index in decimal and nothing else, once the entry is durable and published.
async fn add(State(log): State<Arc<LogPages>>, caller: Caller, request: Request) -> Result<Response, Refusal> {
    caller.permit(Method::Append)?;
    let appender = log.entrance.appender()?;
    // What says by itself that it is too long need not be sent.
    if request.body().size_hint().lower() > ENTRY_MAX as u64 {
        return Err(Refusal::TooLong);
    }
    let body = Bytes::from_request(request, &()).await?;
    // Copied out of the buffer that the connection reads into: kept until it is sealed, a small entry would keep all of that. And
    // given back before the wait, or the connection, which looks meanwhile whether its client is still there, takes another one.
    let entry = Bytes::copy_from_slice(&body);
    drop(body);
    let ack = appender.append(Batch::single(entry)?).await?;
    Ok(text(StatusCode::OK, ack.first.to_string()))
}
