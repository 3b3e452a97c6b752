//! HTTP: paths, statuses, and what a caller is told.
//!
//! | path | answer |
//! |---|---|
//! | `POST /add-checkpoint` | the cosignature, or the status of the refusal |
//! | `GET /<SHA-256 of the origin>/checkpoint` | the note that was cosigned last |
//! | `GET /healthz` | whether requests can be answered |

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use headers::{HeaderMapExt, RetryAfter};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::sync::{Semaphore, watch};

use super::answer::{Declined, Now, Witness};
use super::bodies::{Bodies, NotRead};
use super::state::StateError;
use crate::task::blocking;

/// What the handlers share.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    witness: Arc<Witness>,
    bodies: Bodies,
    /// Requests that hold a thread at once; the others wait for their turn.
    at_work: Arc<Semaphore>,
    /// Told the first error after which the witness must not go on.
    failed: watch::Sender<Option<Arc<StateError>>>,
}

impl Desk {
    pub(super) fn new(witness: Witness) -> Desk {
        Desk {
            witness: Arc::new(witness),
            bodies: Bodies::new(),
            at_work: Arc::new(Semaphore::new(AT_WORK_MAX)),
            failed: watch::Sender::new(None),
        }
    }

    /// The first error after which the witness must not go on.
    pub(super) fn failed(&self) -> watch::Receiver<Option<Arc<StateError>>> {
        self.failed.subscribe()
    }

    /// Lets the witness work on a thread that may block. It goes on to its end also if nobody waits for the answer any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Witness) -> Result<T, Declined> + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let turn = Arc::clone(&self.at_work).acquire_owned().await;
        let turn = turn.expect("nobody closes the semaphore");
        let witness = Arc::clone(&self.witness);
        let done = blocking(move || {
            let done = work(&witness);
            drop(turn);
            done
        })
        .await;
        done.map_err(|declined| match declined {
            Declined::State(error) if !error.is_passing() => {
                tracing::error!(%error, "the state cannot be relied on any more; the witness stops");
                self.failed
                    .send_if_modified(|first| first.replace(Arc::new(error)).is_none());
                NoAnswer::Failed
            }
            declined => NoAnswer::Declined(declined),
        })
    }
}

/// The routes of a witness.
pub(super) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{log}/checkpoint", get(checkpoint))
        .route("/healthz", get(healthz))
        .with_state(desk)
}

async fn add_checkpoint(State(desk): State<Desk>, body: Body) -> Result<Response, NoAnswer> {
    let held = desk.bodies.read(body).await?;
    let cosigned = desk
        .work(move |witness| {
            let now = Now {
                system: SystemTime::now(),
                steady: Instant::now(),
            };
            witness.add_checkpoint(held.bytes(), now)
        })
        .await?;
    Ok(text(StatusCode::OK, cosigned.line().to_string()))
}

async fn checkpoint(State(desk): State<Desk>, Path(log): Path<String>) -> Result<Response, NoAnswer> {
    let path = format!("{log}/checkpoint");
    let log = desk.work(move |witness| Ok(witness.state().log_at(&path)?)).await?;
    let (checkpoint, _time) = log.and_then(|log| log.cosigned).ok_or(NoAnswer::NotFound)?;
    Ok(text(StatusCode::OK, checkpoint.note().to_string()))
}

async fn healthz(State(desk): State<Desk>) -> Result<Response, NoAnswer> {
    desk.work(|witness| witness.check(SystemTime::now())).await?;
    Ok(text(StatusCode::OK, "ok\n".to_owned()))
}

/// Why a request gets no other answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("not found")]
    NotFound,
    #[error(transparent)]
    Body(#[from] NotRead),
    #[error(transparent)]
    Declined(Declined),
    /// What failed inside is for the operator; the caller hears only that it was not its fault.
    #[error("the state of the witness failed; its operator knows more")]
    Failed,
}

impl IntoResponse for NoAnswer {
    fn into_response(self) -> Response {
        if let NoAnswer::Declined(Declined::Refused(refusal)) = &self {
            let status = StatusCode::from_u16(refusal.status()).expect("a refusal has a status of HTTP");
            let mut response = text(status, refusal.body());
            let content_type = refusal.content_type().parse().expect("a refusal has a content type");
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            return response;
        }
        let (status, retry_after) = status_of(&self);
        if status.is_server_error() {
            tracing::warn!(reason = %self, "a request could not be answered");
        }
        let mut response = text(status, format!("{self}\n"));
        if let Some(delay) = retry_after {
            response.headers_mut().typed_insert(RetryAfter::delay(delay));
        }
        response
    }
}

/// The status, and when it makes sense to try again.
fn status_of(reason: &NoAnswer) -> (StatusCode, Option<Duration>) {
    match reason {
        NoAnswer::NotFound => (StatusCode::NOT_FOUND, None),
        NoAnswer::Body(NotRead::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, None),
        NoAnswer::Body(NotRead::Broken(_)) => (StatusCode::BAD_REQUEST, None),
        NoAnswer::Body(NotRead::Crowded) => (StatusCode::SERVICE_UNAVAILABLE, Some(SOON)),
        NoAnswer::Declined(declined) => match declined {
            Declined::Refused(_) | Declined::NoRoom(_) => (StatusCode::BAD_REQUEST, None),
            Declined::TooOften(often) => (StatusCode::TOO_MANY_REQUESTS, Some(often.wait)),
            Declined::Clock(_) => (StatusCode::SERVICE_UNAVAILABLE, Some(LATER)),
            Declined::State(_) => (StatusCode::SERVICE_UNAVAILABLE, Some(SOON)),
        },
        NoAnswer::Failed => (StatusCode::SERVICE_UNAVAILABLE, Some(LATER)),
    }
}

/// A text that no cache may keep: the next one can differ.
fn text(status: StatusCode, body: String) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (status, headers, body).into_response()
}

/// Threads that verify signatures (45 µs each) or wait for the disk, one of them at a time.
const AT_WORK_MAX: usize = 8;
const SOON: Duration = Duration::from_secs(1);
/// What somebody takes to set a clock, or a supervisor to start the witness again.
const LATER: Duration = Duration::from_secs(60);
