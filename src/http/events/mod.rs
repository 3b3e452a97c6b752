//! Events over HTTP: the JSON of `/v1`, and the deliveries of sources.
//!
//! | file | what it is |
//! |---|---|
//! | `table` | the routes, in one table that the router and the OpenAPI document are made from |
//! | `submit` | `POST /v1/events` |
//! | `sent`, `cloud` | what may be submitted, and how it is read |
//! | `read`, `search` | `GET /v1/events/{index}`, `GET /v1/events` |
//! | `shown` | events as JSON |

mod cloud;
mod parameters;
mod read;
mod search;
mod sent;
mod shown;
mod submit;
mod table;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use indelible_log::{Head, Reader};
use indelible_note::{Receipt, SignedCheckpoint};
use indelible_sources::github;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::bodies::Bodies;
use super::problem::Problem;
use crate::follow::Quorum;
use crate::proofs::{InclusionAnswer, Proofs};
use crate::sources::Sources;
use crate::strict_json;
use crate::trail::Trail;
use crate::wire::{EntryName, InclusionQuery};

/// The audit trail behind the routes of events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EventPages {
    pub(super) trail: Trail,
    pub(super) proofs: Proofs,
    /// The newest published head.
    reader: Reader,
    /// The way to wait for witnesses, if the log has any.
    quorum: Option<Quorum>,
    pub(super) sources: Arc<Sources>,
    /// Room for what sources deliver.
    pub(super) deliveries: Bodies,
    /// Room for what others submit.
    submissions: Bodies,
    /// Places for those who read events.
    reads: Arc<Semaphore>,
}

impl EventPages {
    /// Pages of a trail.
    pub fn new(trail: Trail, proofs: Proofs, sources: Arc<Sources>) -> EventPages {
        EventPages {
            reader: trail.reader().clone(),
            trail,
            proofs,
            quorum: None,
            sources,
            deliveries: Bodies::new(DELIVERIES_ROOM_BYTES, github::BODY_BYTES_MAX, delivery_weight),
            submissions: Bodies::new(SUBMISSIONS_ROOM_BYTES, SUBMISSION_BYTES_MAX, submission_weight),
            reads: Arc::new(Semaphore::new(READS_AT_ONCE)),
        }
    }

    /// The same, with the way to wait for witnesses, if the log has any.
    #[must_use]
    pub fn with_quorum(self, quorum: Option<Quorum>) -> EventPages {
        EventPages { quorum, ..self }
    }

    /// The proof that an entry is in the log, under this head, or under the newest one that is served, or that has it.
    async fn receipt(&self, index: u64, head: Option<&Head>) -> Result<String, Problem> {
        let query = InclusionQuery {
            entry: EntryName::Index(index),
            tree_size: head.map(Head::size),
        };
        let InclusionAnswer { proof, head: found, .. } = self.proofs.inclusion(query).await?;
        let head = head.cloned().or(found);
        let head = head.expect("a proof in no tree in particular comes with the head of its tree");
        let checkpoint: &SignedCheckpoint = head.checkpoint();
        Ok(Receipt::new(index, proof.hashes().to_vec(), checkpoint.clone()).to_string())
    }
}

/// The routes of a log of events: those in the table, and no other.
pub fn event_routes(pages: EventPages) -> Router {
    let routes = table::ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(route.path, (route.handler)())
    });
    routes.with_state(pages)
}

/// JSON that nobody may keep: it speaks of people.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    let head = [
        (CONTENT_TYPE, "application/json"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, head, format!("{body}\n")).into_response()
}

/// A delivery is held as it came, read (at most 13 MB and a copy), redacted, and as an attachment: four times its bytes, about.
fn delivery_weight(bytes: usize) -> usize {
    4 * bytes
}

/// Two and a half of the largest deliveries at a time, or 16,000 of 4 KiB.
const DELIVERIES_ROOM_BYTES: usize = 256 << 20;

/// A submission is held as it came, read, redacted, and as members; what JSON takes when it is read is known only by its length.
fn submission_weight(bytes: usize) -> usize {
    4 * bytes + strict_json::weight_of_length(bytes, strict_json::VALUES_MAX)
}

/// The largest event has 1 MiB.
const SUBMISSION_BYTES_MAX: usize = 4 << 20;

/// Eight of the largest submissions at a time, or 2,600 of 1 KiB.
const SUBMISSIONS_ROOM_BYTES: usize = 256 << 20;

/// Each holds at most a page of events, which is 100 MiB if all are of the largest kind, and 200 kB if they are as usual.
const READS_AT_ONCE: usize = 4;
