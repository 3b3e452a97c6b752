//! Plain HTTP: what a browser, curl or a load balancer asks for on the same port as gRPC.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// Where the pages get their contents. Both are called once a request and must not block.
#[derive(Clone)]
pub struct Pages {
    /// The newest signed note, as published.
    pub checkpoint: Arc<dyn Fn() -> Bytes + Send + Sync>,
    /// Whether requests can be served now.
    pub health: Arc<dyn Fn() -> Health + Send + Sync>,
}

/// What a load balancer wants to know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Health {
    /// Send requests here.
    Serving,
    /// Send requests here, and look after it: what is wrong, for the operator.
    Degraded(String),
    /// Send none, and why. The text is for the operator, and public like the rest of the answer.
    NotServing(String),
}

/// The routes: `GET /checkpoint` and `GET /healthz`, with `HEAD`. Both answers are short texts that no cache may keep unasked.
pub fn routes(pages: Pages) -> Router {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/healthz", get(healthz))
        .with_state(pages)
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

async fn checkpoint(State(pages): State<Pages>) -> Response {
    text(StatusCode::OK, (pages.checkpoint)())
}

async fn healthz(State(pages): State<Pages>) -> Response {
    match (pages.health)() {
        Health::Serving => text(StatusCode::OK, Bytes::from_static(b"ok\n")),
        Health::Degraded(reason) => text(StatusCode::OK, Bytes::from(format!("degraded: {reason}\n"))),
        Health::NotServing(reason) => text(StatusCode::SERVICE_UNAVAILABLE, Bytes::from(format!("{reason}\n"))),
    }
}

fn text(status: StatusCode, body: Bytes) -> Response {
    (
        status,
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-cache")],
        body,
    )
        .into_response()
}
