//! What the routes of events cannot answer, as problem details (RFC 9457).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use headers::{HeaderMapExt, RetryAfter};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use indelible_event::redact;
use indelible_log::{AppendError, AttachedError, ReadError};
use serde_json::{Value, json};

use super::bodies::BodyError;
use crate::access::{ActError, Denied, RecordError};
use crate::net::Late;
use crate::observe::current;
use crate::proofs::ProofError;
use crate::trail::{FindError, Refusal, Refused, SearchError};

/// Why a request is not answered otherwise.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    /// The last part of its `type`, `urn:indelible:problem:NAME`: what a program goes by.
    name: &'static str,
    detail: String,
    /// Which event of the request is the reason, counted from 0.
    event: Option<usize>,
    /// The index of the event that stands in the way.
    index: Option<u64>,
    retry_after: Option<Duration>,
}

impl Problem {
    #[expect(clippy::needless_pass_by_value, reason = "an error that is handed over to be told")]
    pub(super) fn new(status: StatusCode, name: &'static str, detail: impl ToString) -> Problem {
        Problem {
            status,
            name,
            // It may cite what was sent.
            detail: redact::text(&detail.to_string()).value.into_owned(),
            event: None,
            index: None,
            retry_after: None,
        }
    }

    /// What was sent is not what it should be.
    pub(super) fn malformed(detail: impl ToString) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    pub(super) fn not_found(detail: impl ToString) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// The same, of the event at this place of the request.
    pub(super) fn at(mut self, event: usize) -> Problem {
        self.event = Some(event);
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn again(status: StatusCode, name: &'static str, detail: impl ToString, after: Duration) -> Problem {
        let mut problem = Problem::new(status, name, detail);
        problem.retry_after = Some(after);
        problem
    }

    /// What failed inside is for the operator; the caller hears only that it was not its fault.
    pub(super) fn inside(error: impl std::fmt::Display) -> Problem {
        tracing::error!(%error, request = current().map(tracing::field::display), "a request failed inside");
        let detail = "the log's store failed; the operator's journal says why";
        Problem::again(StatusCode::SERVICE_UNAVAILABLE, "store-failed", detail, RESTART)
    }
}

impl Problem {
    /// Its members, as a line of an answer that has begun has them, too.
    pub(super) fn value(&self) -> Value {
        let mut members = json!({
            "type": format!("urn:indelible:problem:{}", self.name),
            "title": self.status.canonical_reason().unwrap_or("error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(id) = current() {
            members["request_id"] = id.to_string().into();
        }
        if let Some(event) = self.event {
            members["event"] = event.into();
        }
        if let Some(index) = self.index {
            members["index"] = index.into();
        }
        members
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let head = [(CONTENT_TYPE, "application/problem+json"), (CACHE_CONTROL, "no-store")];
        let mut response = (self.status, head, format!("{}\n", self.value())).into_response();
        if let Some(delay) = self.retry_after {
            response.headers_mut().typed_insert(RetryAfter::delay(delay));
        }
        response
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        let name = match denied {
            Denied::Signature { .. } => "signature",
            Denied::Nobody { .. } | Denied::NoRole { .. } | Denied::OutOfScope { .. } => "denied",
        };
        Problem::new(StatusCode::FORBIDDEN, name, denied)
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Problem {
        Problem::inside(error)
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Problem {
        match error {
            ActError::MayNotGrant(_) | ActError::Denied(_) => Problem::new(StatusCode::FORBIDDEN, "denied", error),
            ActError::Malformed(_) => Problem::malformed(error),
            ActError::NoToken(_) => Problem::not_found(error),
            ActError::NeedsApproval(_) => Problem::new(StatusCode::CONFLICT, "needs-approval", error),
            ActError::Approval(_) => Problem::new(StatusCode::CONFLICT, "approval", error),
            ActError::TooMany => Problem::new(StatusCode::CONFLICT, "too-many", error),
            ActError::Record(error) => error.into(),
            ActError::Random(_) => Problem::inside(error),
        }
    }
}

impl From<Late> for Problem {
    fn from(late: Late) -> Problem {
        let detail = format!("{late}; what was sent may be stored all the same, and with its key it can be sent again");
        Problem::again(StatusCode::SERVICE_UNAVAILABLE, "late", detail, late.retry_after())
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Problem {
        match error {
            BodyError::TooLong { .. } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", error),
            BodyError::NoRoom(_) => Problem::again(StatusCode::SERVICE_UNAVAILABLE, "overloaded", error, SOON),
            BodyError::TooSlow => Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", error),
            BodyError::BrokenOff => Problem::malformed(error),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        let Refused { place, refusal } = refused;
        let detail = refusal.to_string();
        match refusal {
            Refusal::Count { .. } => Problem::malformed(detail),
            Refusal::Length { .. }
            | Refusal::Secret { .. }
            | Refusal::Signed(_)
            | Refusal::ServiceOnly(_)
            | Refusal::TooDeep(_)
            | Refusal::Event(_)
            | Refusal::Attached(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-event", detail).at(place),
            Refusal::SourceTaken | Refusal::Reserved => {
                Problem::new(StatusCode::FORBIDDEN, "source-taken", detail).at(place)
            }
            Refusal::Conflict { index } => {
                let mut problem = Problem::new(StatusCode::CONFLICT, "key-conflict", detail).at(place);
                problem.index = Some(index);
                problem
            }
            Refusal::ConflictWithin { .. } => Problem::new(StatusCode::CONFLICT, "key-conflict", detail).at(place),
            Refusal::Unresolved => {
                Problem::again(StatusCode::SERVICE_UNAVAILABLE, "unresolved", detail, RESTART).at(place)
            }
            Refusal::TooManyKeys => {
                Problem::again(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail, SOON).at(place)
            }
            Refusal::Append(AppendError::QueueFull) => {
                Problem::again(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail, SOON)
            }
            Refusal::Append(
                AppendError::BacklogFull(_) | AppendError::Stopping | AppendError::Failed(_) | AppendError::Halted(_),
            ) => Problem::again(StatusCode::SERVICE_UNAVAILABLE, "not-written", detail, RESTART),
            Refusal::Index(_) | Refusal::Random(_) => Problem::inside(detail),
        }
    }
}

impl From<FindError> for Problem {
    fn from(error: FindError) -> Problem {
        match &error {
            FindError::Read(AttachedError::Read(ReadError::Beyond { .. })) => Problem::not_found(error),
            FindError::Unreadable { .. } => Problem::not_found(error),
            FindError::Read(_) | FindError::Damaged { .. } => Problem::inside(error),
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Problem {
        Problem::inside(error)
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Problem {
        Problem::inside(error)
    }
}

/// What is full now has room within a second, unless the disk is slower than that too.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// What a supervisor takes to start the service again.
pub(super) const RESTART: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_problem_cites_a_secret() {
        let secret = format!("ghp_{}", "a1B2".repeat(9));
        let (words, after) = (format!("members: {secret} is none"), Duration::from_secs(1));
        for problem in [
            Problem::malformed(&words),
            Problem::not_found(&words),
            Problem::again(StatusCode::SERVICE_UNAVAILABLE, "busy", &words, after),
        ] {
            let detail = problem.detail;
            assert!(detail.starts_with("members: ") && !detail.contains(&secret), "{detail}");
        }
    }
}
