//! A service that lets nobody in, over gRPC and HTTP, and writes down what it was shown.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use tokio::runtime::Runtime;
use tonic::Status;

/// Serves until it is dropped.
pub(crate) struct Fake {
    pub(crate) url: String,
    shown: Arc<Mutex<Vec<Option<String>>>>,
    _runtime: Runtime,
}

/// What it says.
#[derive(Clone)]
pub(crate) enum Answer {
    /// That it does not know whoever asks.
    Stranger,
    /// To HTTP: that another server has it.
    Elsewhere(String),
}

impl Fake {
    pub(crate) fn start(answer: Answer) -> Fake {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        let app = Router::new().fallback(move |request: Request| {
            let header = request.headers().get(AUTHORIZATION);
            let header = header.map(|value| value.to_str().unwrap().to_owned());
            seen.lock().unwrap().push(header);
            let answer = answer.clone();
            async move { answer.to(&request) }
        });
        runtime.spawn(async move { axum::serve(listener, app).await });
        Fake {
            url,
            shown,
            _runtime: runtime,
        }
    }

    /// The `authorization` of each request since this was asked last.
    pub(crate) fn shown(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.shown.lock().unwrap())
    }
}

impl Answer {
    fn to(&self, request: &Request) -> Response {
        if is_grpc(request.headers()) {
            return Status::unauthenticated("in the words of the log").into_http();
        }
        match self {
            Answer::Stranger => (
                StatusCode::UNAUTHORIZED,
                [(CONTENT_TYPE, "application/problem+json")],
                r#"{"detail":"in the words of the log"}"#,
            )
                .into_response(),
            Answer::Elsewhere(url) => {
                let place = format!("{url}{}", request.uri().path());
                (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, place)]).into_response()
            }
        }
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
}
