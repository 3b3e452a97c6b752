//! An issuer that does as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// With that.
    Says(String),
    /// With that, after a while.
    Slow(Duration, String),
    /// With a status.
    Status(u16),
    /// By naming another place.
    Redirects(u16, String),
    /// With a byte now and then, for ever.
    Drips,
    /// With as much as anybody reads.
    Endless,
}

/// An issuer that listens on a port of its own until the test ends.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    discovery: Mutex<Manner>,
    keys: Mutex<Manner>,
    discoveries: AtomicUsize,
    fetches: AtomicUsize,
}

impl Fake {
    /// One that gives out these keys.
    pub(crate) async fn with(jwks: &str) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let document = json!({"issuer": url, "jwks_uri": format!("{url}/jwks"), "response_types_supported": []});
        let shared = Arc::new(Shared {
            discovery: Mutex::new(Manner::Says(document.to_string())),
            keys: Mutex::new(Manner::Says(jwks.to_owned())),
            discoveries: AtomicUsize::new(0),
            fetches: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(keys))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Fake { url, shared }
    }

    pub(crate) fn set_discovery(&self, manner: Manner) {
        *self.shared.discovery.lock().unwrap() = manner;
    }

    pub(crate) fn set_keys(&self, manner: Manner) {
        *self.shared.keys.lock().unwrap() = manner;
    }

    /// How often the discovery document was asked for.
    pub(crate) fn discoveries(&self) -> usize {
        self.shared.discoveries.load(Ordering::SeqCst)
    }

    /// How often the keys were asked for.
    pub(crate) fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Response {
    shared.discoveries.fetch_add(1, Ordering::SeqCst);
    let manner = shared.discovery.lock().unwrap().clone();
    answer(manner).await
}

async fn keys(State(shared): State<Arc<Shared>>) -> Response {
    shared.fetches.fetch_add(1, Ordering::SeqCst);
    let manner = shared.keys.lock().unwrap().clone();
    answer(manner).await
}

async fn answer(manner: Manner) -> Response {
    match manner {
        Manner::Says(text) => text.into_response(),
        Manner::Slow(after, text) => {
            tokio::time::sleep(after).await;
            text.into_response()
        }
        Manner::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Manner::Redirects(status, to) => {
            let location = [(LOCATION, HeaderValue::try_from(to).unwrap())];
            (StatusCode::from_u16(status).unwrap(), location).into_response()
        }
        Manner::Drips => pieces(Duration::from_millis(50), Bytes::from_static(b" ")),
        Manner::Endless => pieces(Duration::ZERO, Bytes::from(vec![b' '; 64 << 10])),
    }
}

fn pieces(every: Duration, piece: Bytes) -> Response {
    let pieces = futures_util::stream::unfold(piece, move |piece| async move {
        tokio::time::sleep(every).await;
        Some((Ok::<_, std::io::Error>(piece.clone()), piece))
    });
    Body::from_stream(pieces).into_response()
}
