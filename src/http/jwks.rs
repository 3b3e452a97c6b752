//! `GET /v1/jwks/{sha256}`: a key set by which tokens were checked, as its issuer published it then.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use super::FOR_EVER_FOR_ONE;
use super::problem::Problem;
use crate::access::{Caller, Method};
use crate::identity::oidc::Snapshots;
use crate::task::blocking;

/// The route, with `HEAD`.
pub fn jwks_routes(snapshots: Arc<Snapshots>) -> Router {
    Router::new()
        .route("/v1/jwks/{sha256}", get(serve))
        .with_state(snapshots)
}

async fn serve(
    State(snapshots): State<Arc<Snapshots>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    caller.permit(Method::ReadProofs)?;
    let found = blocking(move || snapshots.find(&name)).await;
    let text = found.map_err(Problem::inside)?;
    let text = text.ok_or_else(|| Problem::not_found("no key set with this SHA-256 is kept"))?;
    let head = [
        // RFC 7517, 8.5.2.
        (CONTENT_TYPE, "application/jwk-set+json"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, FOR_EVER_FOR_ONE),
    ];
    Ok((head, text).into_response())
}
