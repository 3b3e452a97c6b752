//! The gate as a layer of the routers, around every handler.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method as Verb, StatusCode};
use hyper::body::{Frame, SizeHint};
use indelible_access::Method;
use tokio::time::Sleep;
use tonic::Status;
use tonic::transport::server::TcpConnectInfo;

use super::gate::Gate;
use super::refusal::Refusal;
use super::session::{InFlight, Session};
use super::{doors, identify};
use crate::net::Standing;

/// Puts the gate before the pages of plain HTTP.
pub fn guard_pages(gate: &Gate, pages: Router) -> Router {
    let gate = gate.clone();
    pages.layer(middleware::from_fn(move |request: Request, next: Next| {
        let gate = gate.clone();
        async move {
            // What matches no route is on its way to a 404.
            let Some(route) = request.extensions().get::<MatchedPath>() else {
                return next.run(request).await;
            };
            let route = route.as_str().to_owned();
            let Some(method) = doors::of_page(request.method(), &route) else {
                return no_door(&route);
            };
            pass(&gate, method, request, next)
                .await
                .unwrap_or_else(IntoResponse::into_response)
        }
    }))
}

/// Puts the gate before gRPC services.
pub fn guard_calls(gate: &Gate, calls: Router) -> Router {
    let gate = gate.clone();
    calls.layer(middleware::from_fn(move |request: Request, next: Next| {
        let gate = gate.clone();
        async move {
            let Some(method) = doors::of_call(request.uri().path()) else {
                return Status::unimplemented("no such method").into_http();
            };
            pass(&gate, method, request, next)
                .await
                .unwrap_or_else(|refusal| refusal.status().into_http())
        }
    }))
}

/// What has no row in the table of doors: another method of a route that has, or a route that has none at all.
fn no_door(route: &str) -> Response {
    let allowed: Vec<&str> = doors::methods_of(route).map(Verb::as_str).collect();
    if allowed.is_empty() {
        return Refusal::NoDoor.into_response();
    }
    let head = [(ALLOW, allowed.join(",")), (CACHE_CONTROL, "no-cache".to_owned())];
    (StatusCode::METHOD_NOT_ALLOWED, head, "method not allowed\n").into_response()
}

async fn pass(gate: &Gate, method: Method, mut request: Request, next: Next) -> Result<Response, Refusal> {
    let peer = request.extensions().get::<TcpConnectInfo>();
    let peer = peer.and_then(TcpConnectInfo::remote_addr).map(|address| address.ip());
    let standing = request.extensions().get::<Standing>().cloned();
    let unknown = |refusal: &Refusal| {
        let reason = refusal.to_string();
        gate.denials().add("unknown", method.as_str(), &reason, peer);
    };
    if let Some(ceased) = standing.as_ref().and_then(Standing::ceased) {
        // Its connection is about to end.
        let refusal = Refusal::Unauthenticated(ceased.to_string());
        unknown(&refusal);
        return Err(refusal);
    }
    let session = match indelible_access::table::is_public(method) {
        // What a sender of webhooks has in this header is its own affair.
        true => gate.nobody(),
        false => {
            let session = identify::identify(gate, request.headers(), request.extensions()).await;
            session.inspect_err(unknown)?
        }
    };
    let (caller, entered) = gate.admit(session.clone(), method, peer)?;
    request.extensions_mut().insert(caller);
    if let Some(meter) = &session.meter {
        request.extensions_mut().insert(meter.room.clone());
    }
    if entered.is_none() && standing.is_none() {
        return Ok(next.run(request).await);
    }
    let entered = entered.map(Arc::new);
    let request = match entered.clone() {
        None => request,
        Some(entered) => request.map(|body| {
            Body::new(Metered {
                body,
                entered,
                pause: None,
            })
        }),
    };
    let response = next.run(request).await;
    let is_grpc = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    Ok(response.map(|body| {
        Body::new(Held {
            body,
            session,
            standing,
            over: None,
            is_grpc,
            told: false,
            _entered: entered,
        })
    }))
}

/// The body of a request, whose bytes are counted. One that brings more than its sender may is read as slowly as it may.
struct Metered {
    body: Body,
    entered: Arc<InFlight>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl hyper::body::Body for Metered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let wait = self.entered.charge(data.len());
            if !wait.is_zero() {
                self.pause = Some(Box::pin(tokio::time::sleep(wait)));
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer: as long as it lasts its request is under way, and it ends when its session does, or the certificate of its
/// connection.
struct Held {
    body: Body,
    session: Arc<Session>,
    standing: Option<Standing>,
    /// Resolves when it is to end. Made when the body is waited for, as that of a stream is.
    over: Option<Pin<Box<dyn Future<Output = String> + Send>>>,
    is_grpc: bool,
    told: bool,
    _entered: Option<Arc<InFlight>>,
}

impl Held {
    /// Why nothing may be given any more, if so.
    fn is_over(&self) -> Option<String> {
        let ceased = self.standing.as_ref().and_then(Standing::ceased);
        let ceased = ceased.map(|ceased| ceased.to_string());
        ceased.or_else(|| self.session.is_over().then(|| self.session.words().to_owned()))
    }

    /// The last that is given: a gRPC client reads why, another sees the body broken off, which must not look as if it were all.
    fn end(&mut self, why: String) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.told = true;
        if !self.is_grpc {
            return Poll::Ready(Some(Err(axum::Error::new(Over(why)))));
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("16"));
        let why = HeaderValue::try_from(why).expect("words of ASCII");
        trailers.insert("grpc-message", why);
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }
}

/// Why the body of an answer was broken off.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Over(String);

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.told {
            return Poll::Ready(None);
        }
        match Pin::new(&mut this.body).poll_frame(cx) {
            // Nothing is given to somebody whose token was revoked meanwhile.
            Poll::Ready(Some(Ok(frame))) if frame.is_data() => match this.is_over() {
                Some(why) => this.end(why),
                None => Poll::Ready(Some(Ok(frame))),
            },
            Poll::Ready(frame) => Poll::Ready(frame),
            // Nor is anybody kept waiting for what will not be given.
            Poll::Pending => {
                let (session, standing) = (&this.session, &this.standing);
                let over = this
                    .over
                    .get_or_insert_with(|| Box::pin(over(session.clone(), standing.clone())));
                let why = ready!(over.as_mut().poll(cx));
                this.end(why)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.told || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Resolves when one of the two ends, with what is to be said of it.
async fn over(session: Arc<Session>, standing: Option<Standing>) -> String {
    let ceases = async {
        match standing {
            Some(standing) => standing.ceases().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        ceased = ceases => ceased.to_string(),
        () = session.ends() => session.words().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tower::ServiceExt;

    use super::*;
    use crate::access::{AccessFile, Record, Recorder};
    use crate::data::DataDir;

    /// A route, or a method, that somebody adds without a row in the table of doors.
    #[tokio::test]
    async fn what_has_no_row_is_not_reached_though_everybody_may_do_everything() {
        let recorder = Recorder::new(Record::File(DataDir::at("/nowhere"), None));
        let gate = Gate::new(true, AccessFile::default(), Default::default(), recorder);
        let reached = || async { "reached" };
        let ask = async |router: &Router, verb: Verb, path: &str| {
            let request = Request::builder().method(verb).uri(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        let pages = Router::new()
            .route("/new", get(reached))
            .route("/checkpoint", get(reached).post(reached));
        let pages = guard_pages(&gate, pages);
        for (verb, path, status) in [
            (Verb::GET, "/checkpoint", StatusCode::OK),
            (Verb::POST, "/checkpoint", StatusCode::METHOD_NOT_ALLOWED),
            (Verb::GET, "/new", StatusCode::FORBIDDEN),
            (Verb::GET, "/nowhere", StatusCode::NOT_FOUND),
        ] {
            assert_eq!(ask(&pages, verb.clone(), path).await.status(), status, "{verb} {path}");
        }
        let (known, new) = (
            "/indelible.v1.TransparencyLog/Append",
            "/indelible.v1.TransparencyLog/New",
        );
        let calls = Router::new().route(known, post(reached)).route(new, post(reached));
        let calls = guard_calls(&gate, calls);
        let code = async |path| {
            ask(&calls, Verb::POST, path)
                .await
                .headers()
                .get("grpc-status")
                .cloned()
        };
        assert_eq!(code(known).await, None, "it was reached");
        assert_eq!(code(new).await.unwrap(), "12");
    }
}
