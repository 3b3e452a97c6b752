//! What a handler cannot answer, and the status that says so: one match, without a catch-all.

use std::time::Duration;

use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use headers::{HeaderMapExt, RetryAfter};
use http::StatusCode;
use indelible_log::{AppendError, BadBatch, ReadError};
use indelible_merkle::ENTRY_MAX;

use super::text;
use crate::access::Denied;
use crate::entrance::TakesEvents;
use crate::net::TooSlow;
use crate::observe::current;

/// Why a request gets no other answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Nothing has this name.
    #[error("not found")]
    NotFound,
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The log is one of events.
    #[error(transparent)]
    TakesEvents(#[from] TakesEvents),
    /// The body says that it has more than [`ENTRY_MAX`] bytes.
    #[error("an entry has at most {ENTRY_MAX} bytes")]
    TooLong,
    /// The body could not be read, or turned out to have more than [`ENTRY_MAX`] bytes.
    #[error(transparent)]
    Body(#[from] BytesRejection),
    #[error(transparent)]
    Entry(#[from] BadBatch),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, retry_after) = status_of(&self);
        let words = match &self {
            Refusal::Read(error) if status == StatusCode::SERVICE_UNAVAILABLE => {
                // What failed inside is for the operator; the caller hears only that it was not its fault.
                tracing::error!(%error, request = current().map(tracing::field::display), "a request failed inside");
                "the log's store failed; the operator's journal says why".to_owned()
            }
            Refusal::Body(_) if status == StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLong.to_string(),
            refusal => refusal.to_string(),
        };
        let mut response = text(status, words + "\n");
        if let Some(delay) = retry_after {
            response.headers_mut().typed_insert(RetryAfter::delay(delay));
        }
        response
    }
}

/// The status, and when it makes sense to try again.
fn status_of(refusal: &Refusal) -> (StatusCode, Option<Duration>) {
    match refusal {
        Refusal::NotFound => (StatusCode::NOT_FOUND, None),
        Refusal::Denied(_) => (StatusCode::FORBIDDEN, None),
        Refusal::TakesEvents(TakesEvents) => (StatusCode::CONFLICT, None),
        Refusal::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, None),
        Refusal::Body(rejection) if TooSlow::is_cause(rejection) => (StatusCode::REQUEST_TIMEOUT, None),
        Refusal::Body(rejection) => (rejection.status(), None),
        Refusal::Entry(BadBatch::EntryTooLong { .. } | BadBatch::TooLarge { .. }) => {
            (StatusCode::PAYLOAD_TOO_LARGE, None)
        }
        Refusal::Entry(BadBatch::Empty | BadBatch::TooMany) => (StatusCode::BAD_REQUEST, None),
        Refusal::Append(AppendError::QueueFull) => (StatusCode::TOO_MANY_REQUESTS, Some(QUEUE)),
        Refusal::Append(
            AppendError::BacklogFull(_) | AppendError::Stopping | AppendError::Failed(_) | AppendError::Halted(_),
        ) => (StatusCode::SERVICE_UNAVAILABLE, Some(RESTART)),
        Refusal::Read(ReadError::Beyond { .. }) => (StatusCode::NOT_FOUND, None),
        Refusal::Read(ReadError::Object { .. } | ReadError::Objects(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, Some(RESTART))
        }
    }
}

/// A full queue is committed within a second, unless the disk is slower than that too.
const QUEUE: Duration = Duration::from_secs(1);

/// What a supervisor takes to start the service again.
const RESTART: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;
    use indelible_store::objects::Key;

    use super::*;

    #[test]
    fn pressure_says_when_to_come_back() {
        for (error, status, seconds) in [
            (AppendError::QueueFull, StatusCode::TOO_MANY_REQUESTS, "1"),
            (
                AppendError::BacklogFull("full disk".into()),
                StatusCode::SERVICE_UNAVAILABLE,
                "10",
            ),
            (AppendError::Stopping, StatusCode::SERVICE_UNAVAILABLE, "10"),
            (
                AppendError::Failed("broken disk".into()),
                StatusCode::SERVICE_UNAVAILABLE,
                "10",
            ),
        ] {
            let response = Refusal::from(error.clone()).into_response();
            assert_eq!(response.status(), status, "{error}");
            assert_eq!(response.headers()[RETRY_AFTER], seconds, "{error}");
        }
    }

    #[tokio::test]
    async fn what_failed_inside_is_not_told() {
        let key = Key::Tile { level: 0, index: 7 };
        let problem = "damaged".to_owned();
        let response = Refusal::from(ReadError::Object { key, problem }).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "10");
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        assert_eq!(body, "the log's store failed; the operator's journal says why\n");
    }

    #[test]
    fn what_would_fail_again_does_not_say_when_to_come_back() {
        let too_long = BadBatch::EntryTooLong {
            index: 0,
            length: 65_536,
        };
        let beyond = ReadError::Beyond { end: 2, size: 1 };
        for (refusal, status) in [
            (Refusal::NotFound, StatusCode::NOT_FOUND),
            (too_long.into(), StatusCode::PAYLOAD_TOO_LARGE),
            (beyond.into(), StatusCode::NOT_FOUND),
        ] {
            let response = refusal.into_response();
            assert_eq!(response.status(), status);
            assert!(!response.headers().contains_key(RETRY_AFTER));
        }
    }
}
