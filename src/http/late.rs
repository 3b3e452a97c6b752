//! Answers that did not come in time, where JSON is spoken.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::net::Late;

/// The application, which says so as a problem on the routes that speak JSON. It belongs around the deadline.
pub fn with_late_problems(application: Router) -> Router {
    application.layer(middleware::from_fn(say))
}

async fn say(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let speaks_json = path.starts_with("/v1/") || path.starts_with("/hooks/");
    let response = next.run(request).await;
    match response.extensions().get::<Late>() {
        Some(late) if speaks_json => Problem::from(*late).into_response(),
        _ => response,
    }
}
