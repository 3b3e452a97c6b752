//! What the shell itself says to a request that never reached a handler.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;

/// A line that says why. What is absent or refused now need not be so later, and a cache that is not told may keep a 404 or a 405
/// for as long as it sees fit (RFC 9110, 15.1).
pub(super) fn refused(status: StatusCode, why: impl std::fmt::Display) -> Response {
    (status, [(CACHE_CONTROL, "no-cache")], format!("{why}\n")).into_response()
}
