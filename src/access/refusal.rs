//! How the gate says no.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use headers::{HeaderMapExt, RetryAfter};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use indelible_access::Denied;
use serde_json::json;
use tonic::{Code, Status};

/// Why a request is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What it sends to say who it is does not hold.
    #[error("{0}")]
    Unauthenticated(String),
    /// It may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It asks for too much.
    #[error("{what}; try again in {} ms", .retry_after.as_millis())]
    Exhausted {
        /// Of what.
        what: String,
        /// When to come back.
        retry_after: Duration,
    },
    /// Who it is cannot be found out now.
    #[error("who sends this cannot be found out now: {0}")]
    Unavailable(String),
    /// There is no row for it.
    #[error("nobody may use this door: it has no row in the table of doors")]
    NoDoor,
}

impl Refusal {
    /// As a gRPC status.
    pub fn status(&self) -> Status {
        let code = match self {
            Refusal::Unauthenticated(_) | Refusal::Denied(Denied::Nobody { .. }) => Code::Unauthenticated,
            Refusal::Denied(_) | Refusal::NoDoor => Code::PermissionDenied,
            Refusal::Exhausted { .. } => Code::ResourceExhausted,
            Refusal::Unavailable(_) => Code::Unavailable,
        };
        let mut status = Status::new(code, self.to_string());
        if let Refusal::Exhausted { retry_after, .. } = self {
            // gRPC has no header for it; clients that retry read this one (gRFC A6).
            let milliseconds = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX).max(1);
            status
                .metadata_mut()
                .insert("grpc-retry-pushback-ms", milliseconds.into());
        }
        status
    }

    fn http(&self) -> (StatusCode, &'static str) {
        match self {
            Refusal::Unauthenticated(_) | Refusal::Denied(Denied::Nobody { .. }) => {
                (StatusCode::UNAUTHORIZED, "unauthenticated")
            }
            Refusal::Denied(_) | Refusal::NoDoor => (StatusCode::FORBIDDEN, "denied"),
            Refusal::Exhausted { .. } => (StatusCode::TOO_MANY_REQUESTS, "over-limit"),
            Refusal::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, name) = self.http();
        let body = json!({
            "type": format!("urn:indelible:problem:{name}"),
            "title": status.canonical_reason().unwrap_or("error"),
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        let head = [(CONTENT_TYPE, "application/problem+json"), (CACHE_CONTROL, "no-store")];
        let mut response = (status, head, format!("{body}\n")).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"indelible\""));
        }
        match self {
            Refusal::Exhausted { retry_after, .. } => {
                // Whole seconds, and never before it is true.
                let seconds = retry_after.as_millis().div_ceil(1000).max(1);
                let delay = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
                headers.typed_insert(RetryAfter::delay(delay));
            }
            Refusal::Unavailable(_) => headers.typed_insert(RetryAfter::delay(AGAIN)),
            Refusal::Unauthenticated(_) | Refusal::Denied(_) | Refusal::NoDoor => {}
        }
        response
    }
}

/// As long as keys that could not be fetched are not asked for again.
const AGAIN: Duration = Duration::from_secs(10);
