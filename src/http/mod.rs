//! Plain HTTP: what a browser, curl, a monitor or a load balancer asks for on the same port as gRPC.
//!
//! | path | file |
//! |---|---|
//! | `GET /checkpoint` | `checkpoint` |
//! | `GET /healthz` | this one |
//! | `GET /keys` | `keys` |
//! | `GET /metrics` | `metrics` |
//! | `GET /tile/…` | `tiles` |
//! | `POST /add` | `add` |
//! | `POST /hooks/…` | `hooks` |
//! | `/v1/…` | `events` |
//! | `POST /v1/erasures`, `/v1/holds` | `erasures` |
//! | `GET /v1/jwks/{sha256}` | `jwks` |
//! | `/v1/tokens`, `/v1/approvals`, `/v1/access` | `access` |
//!
//! A handler authorises, calls, and answers; whatever it cannot answer becomes a status in `refusal`, or, where
//! JSON is spoken, in `problem`.

mod access;
mod add;
mod bodies;
mod checkpoint;
mod erasures;
mod events;
mod hooks;
mod jwks;
mod keys;
mod late;
mod metrics;
mod problem;
mod refusal;
mod tiles;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use indelible_log::Reader;

pub use self::access::{AccessPages, access_routes};
pub use self::erasures::{ErasurePages, erasure_routes};
pub use self::events::{EventPages, event_routes};
pub use self::jwks::jwks_routes;
pub use self::late::with_late_problems;
pub use self::metrics::{MetricsPage, metrics_routes};
use crate::entrance::Entrance;

/// Where the pages get their contents. Both are called once a request and must not block.
#[derive(Clone)]
pub struct Pages {
    /// The signed note of the head that is served.
    pub checkpoint: Arc<dyn Fn() -> Bytes + Send + Sync>,
    /// Whether requests can be served now.
    pub health: Arc<dyn Fn() -> Health + Send + Sync>,
}

/// The log behind the tiles, and the way into it.
#[derive(Clone, Debug)]
pub struct LogPages {
    /// The way to read it.
    pub reader: Reader,
    /// The way into it.
    pub entrance: Entrance,
}

/// The keys that the log has had: they change only while it rests.
#[derive(Clone, Debug)]
pub struct KeyPage {
    /// The first key, and the statements that lead from it to the one in force (docs/formats.md, "Keys of a log").
    pub document: Bytes,
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

/// The routes that need no log: `GET /checkpoint` and `GET /healthz`, with `HEAD`. Both answers are short texts that no cache may
/// keep unasked.
pub fn routes(pages: Pages) -> Router {
    Router::new()
        .route("/checkpoint", get(checkpoint::serve))
        .route("/healthz", get(healthz))
        .with_state(pages)
}

/// The routes of a log of opaque entries: its tiles and bundles, with `HEAD`, and `POST /add`.
pub fn log_routes(log: LogPages) -> Router {
    // Each request takes a clone of the state.
    tiles::routes().merge(add::routes()).with_state(Arc::new(log))
}

/// `GET /keys`, with `HEAD`.
pub fn key_routes(page: KeyPage) -> Router {
    keys::routes().with_state(page)
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}

async fn healthz(State(pages): State<Pages>) -> Response {
    match (pages.health)() {
        Health::Serving => text(StatusCode::OK, "ok\n"),
        Health::Degraded(reason) => text(StatusCode::OK, format!("degraded: {reason}\n")),
        Health::NotServing(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}

/// Bytes of which nothing will ever change. If they are public everybody's caches may keep them, else only that of whoever asked.
pub(crate) fn for_ever(body: impl IntoResponse, public: bool) -> Response {
    let keep = match public {
        true => FOR_EVER,
        false => FOR_EVER_FOR_ONE,
    };
    let head = [
        (CONTENT_TYPE, "application/octet-stream"),
        // Strangers wrote the entries: no browser is to find a page in them.
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, keep),
    ];
    (head, body).into_response()
}

/// A text that a cache asks about before it gives it to somebody else.
pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Response {
    (
        status,
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-cache")],
        body.into(),
    )
        .into_response()
}

/// A year, which is what caches understand by that.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const FOR_EVER_FOR_ONE: &str = "private, max-age=31536000, immutable";
