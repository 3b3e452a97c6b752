//! Deadlines: how long the answer to a request may take to begin.

use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use headers::{HeaderMapExt, RetryAfter};
use http::{HeaderMap, StatusCode};
use tonic::Status;

use super::content_type::is_grpc;
use super::refused::refused;

/// Gives the handler until the caller's `grpc-timeout` or the server's own limit, whichever is the shorter.
///
/// What the limit bounds is the time to the head of the response. A unary answer is complete by then; the body of a stream is
/// left alone, and runs until one of its two ends has had enough. A handler that is out of time is dropped.
///
/// The handler finds its [`Deadline`] among the request's extensions.
pub(super) async fn deadline(State(limit): State<Duration>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    if !is_grpc(request.headers()) {
        request.extensions_mut().insert(Deadline {
            began,
            limit,
            was_asked: false,
        });
        let answer = tokio::time::timeout(limit, next.run(request)).await;
        return answer.unwrap_or_else(|_elapsed| Late { limit }.into_response());
    }
    let asked = match asked_timeout(request.headers()) {
        Ok(asked) => asked,
        Err(malformed) => return Status::invalid_argument(malformed.to_string()).into_http(),
    };
    let limit = asked.map_or(limit, |asked| asked.min(limit));
    request.extensions_mut().insert(Deadline {
        began,
        limit,
        was_asked: asked.is_some(),
    });
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.unwrap_or_else(|_elapsed| Status::deadline_exceeded(Late { limit }.to_string()).into_http())
}

/// When the answer to a request is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    began: Instant,
    limit: Duration,
    was_asked: bool,
}

impl Deadline {
    /// Until when a handler may wait for something that the answer is better with, and still answer without it: for `patience`
    /// if the caller named no time, and so long before the deadline that the answer arrives.
    pub fn answer_by(&self, patience: Duration) -> Instant {
        let margin = (self.limit / 10).min(MARGIN_MAX);
        let latest = self.began + (self.limit - margin);
        match self.was_asked {
            true => latest,
            false => latest.min(self.began + patience),
        }
    }
}

/// That no answer came in time. It stands among the extensions of the response that says so, for those who have another form to say it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {} ms", limit.as_millis())]
pub struct Late {
    limit: Duration,
}

impl Late {
    /// When it makes sense to try again. Who is late is busy: longer than a queue takes, and as long as a supervisor to start the service
    /// again.
    pub fn retry_after(self) -> Duration {
        RETRY_AFTER
    }
}

impl IntoResponse for Late {
    fn into_response(self) -> Response {
        let mut response = refused(StatusCode::SERVICE_UNAVAILABLE, self);
        response
            .headers_mut()
            .typed_insert(RetryAfter::delay(self.retry_after()));
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n")]
struct MalformedTimeout;

/// The `grpc-timeout` of a request: an integer of at most 8 digits and a unit (gRPC over HTTP/2, "Requests").
fn asked_timeout(headers: &HeaderMap) -> Result<Option<Duration>, MalformedTimeout> {
    let Some(value) = headers.get("grpc-timeout") else {
        return Ok(None);
    };
    let (unit, digits) = value.as_bytes().split_last().ok_or(MalformedTimeout)?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(MalformedTimeout);
    }
    let amount = digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    Ok(Some(match unit {
        b'H' => Duration::from_secs(amount * 3600),
        b'M' => Duration::from_secs(amount * 60),
        b'S' => Duration::from_secs(amount),
        b'm' => Duration::from_millis(amount),
        b'u' => Duration::from_micros(amount),
        b'n' => Duration::from_nanos(amount),
        _ => return Err(MalformedTimeout),
    }))
}

const RETRY_AFTER: Duration = Duration::from_secs(10);

/// What an answer takes to be made and to arrive, with much to spare.
const MARGIN_MAX: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_timeout_is_read_in_every_unit() {
        assert_eq!(asked_timeout(&HeaderMap::new()), Ok(None));
        for (text, expected) in [
            ("2H", Duration::from_secs(7200)),
            ("3M", Duration::from_secs(180)),
            ("30S", Duration::from_secs(30)),
            ("250m", Duration::from_millis(250)),
            ("99999999u", Duration::from_micros(99_999_999)),
            ("0n", Duration::ZERO),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
        ] {
            assert_eq!(asked_timeout(&with(text)), Ok(Some(expected)), "{text}");
        }
    }

    #[test]
    fn an_answer_comes_before_the_deadline_and_before_patience_ends() {
        let began = Instant::now();
        for (limit_ms, was_asked, patience_ms, expected_ms) in [
            (30_000, false, 10_000, 10_000),
            (30_000, false, 60_000, 29_500),
            (20_000, true, 10_000, 19_500),
            (1_000, true, 10_000, 900),
            (0, true, 10_000, 0),
        ] {
            let deadline = Deadline {
                began,
                limit: Duration::from_millis(limit_ms),
                was_asked,
            };
            let by = deadline.answer_by(Duration::from_millis(patience_ms));
            assert_eq!(by, began + Duration::from_millis(expected_ms), "{deadline:?}");
        }
    }

    #[test]
    fn what_is_no_timeout_is_refused() {
        for text in ["", "S", "1", "1s", "1 S", "-1S", "+1S", "1.5S", "123456789S", "1SS"] {
            assert_eq!(asked_timeout(&with(text)), Err(MalformedTimeout), "{text}");
        }
    }

    fn with(timeout: &str) -> HeaderMap {
        HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), HeaderValue::from_str(timeout).unwrap())])
    }
}
