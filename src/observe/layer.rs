//! What happens around each request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderName;
use tonic::{Code, Status};

use super::Observer;
use super::id::{CURRENT, RequestId};
use super::streams::Watched;
use super::trace_context::TraceContext;
use crate::metrics::{Answer, Streams};

/// Counts a request, gives it an id, and tells of it.
///
/// The line at level debug has method, route, status and the time to the head of the answer. The route is what the handler was
/// registered under, never the path that was asked for: that may name an entry, or carry what somebody should not have put there.
/// An answer that says that the service failed is a warning.
pub(crate) async fn observe(State(observer): State<Observer>, request: Request, next: Next) -> Response {
    let watching = &observer.0;
    let route = {
        let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        watching.requests.route(matched, request.uri().path())
    };
    let in_flight = route.begin(request.method());
    let id = watching.ids.next();
    let context = TraceContext::of(request.headers());
    let span = (watching.spans.as_ref()).and_then(|spans| spans.begin(id, context, watching.ids.seed()));

    let mut response = CURRENT.scope(id, next.run(request)).await;

    in_flight.head();
    response.headers_mut().insert(X_REQUEST_ID, id.header());
    let said = Said::of(&response);
    // As a number of JSON, which 128 bits are not.
    let elapsed_us = u64::try_from(in_flight.began().elapsed().as_micros()).unwrap_or(u64::MAX);
    let (method, status) = (in_flight.method(), response.status().as_u16());
    tracing::debug!(
        target: LINES,
        %id,
        trace = context.map(|context| tracing::field::display(context.trace)),
        method,
        route = %route.name(),
        status,
        code = said.code.map(tracing::field::debug),
        elapsed_us,
    );
    if said.answer == Answer::Failed {
        warn(id, method, route.name(), status, said.code);
    }
    if route.streams() == Streams::Some && said.goes_on {
        let route = route.name().clone();
        return response.map(|body| Body::new(Watched::new(body, in_flight, span, route)));
    }
    if let Some(span) = span {
        span.end(route.name(), method, status, said.code, said.answer);
    }
    in_flight.end(said.answer);
    response
}

/// What the head of an answer says.
struct Said {
    answer: Answer,
    code: Option<Code>,
    /// Whether the end of a gRPC call is still to come.
    goes_on: bool,
}

impl Said {
    fn of(response: &Response) -> Said {
        let status = response.status();
        match Status::from_header_map(response.headers()) {
            Some(said) => Said {
                answer: Answer::of_code(said.code()),
                code: Some(said.code()),
                goes_on: false,
            },
            None => Said {
                answer: Answer::of_status(status),
                code: None,
                goes_on: status.is_success(),
            },
        }
    }
}

/// Says that the service failed, a few times a second at most: an overload should not fill the disk too.
fn warn(id: RequestId, method: &str, route: &str, status: u16, code: Option<Code>) {
    static SECOND: AtomicU64 = AtomicU64::new(0);
    static SAID: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let unsaid = match SECOND.swap(now, Ordering::Relaxed) == now {
        true => 0,
        false => SAID.swap(0, Ordering::Relaxed).saturating_sub(WARNINGS_A_SECOND),
    };
    if SAID.fetch_add(1, Ordering::Relaxed) < WARNINGS_A_SECOND {
        let code = code.map(tracing::field::debug);
        tracing::warn!(target: LINES, %id, method, route, status, code, unsaid, "a request failed");
    }
}

/// Of which nobody needs more to see what is wrong; the metrics have the number.
const WARNINGS_A_SECOND: u64 = 10;

const LINES: &str = "indelible::requests";

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
