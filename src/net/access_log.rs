//! One line a request, for the operator who asks for them.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Logs method, route, status and the time to the head of the answer, at level debug.
///
/// The route is what the handler was registered under, never the path that was asked for: that may name an entry, or carry what
/// somebody should not have put there.
pub(super) async fn access_log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    tracing::debug!(
        target: "indelible::requests",
        %method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        elapsed_us = started.elapsed().as_micros(),
    );
    response
}
