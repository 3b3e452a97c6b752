//! A witness that does as it is told.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use indelible_merkle::TreeHead;
use indelible_note::witness::{Accepted, KnownLog, Request, SIZE_CONTENT_TYPE, decide};
use indelible_note::{CosigningKey, PosixTime, VerifierKey};
use tokio::net::TcpListener;

/// How a witness behaves.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// As the specification has it.
    Honest,
    /// The same, after a while.
    Slow(Duration),
    /// Takes the request and says nothing.
    Mute,
    /// Answers this, whatever comes.
    Says {
        status: u16,
        content_type: Option<&'static str>,
        body: String,
    },
    /// Knows a tree that has so many entries more than what it is shown.
    Ahead(u64),
    /// Cosigns with a bit of its signature flipped.
    BadSignature,
    /// Cosigns with a key that nobody knows.
    OtherKey,
    /// Cosigns, and adds lines that nobody knows.
    WithOtherLines,
    /// Cosigns at time 0.
    NoTime,
    /// Cosigns a longer answer than anybody reads.
    Endless,
}

/// A witness that listens on a port of its own until the test ends.
#[derive(Clone)]
pub(crate) struct Witness {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    key: CosigningKey,
    log: VerifierKey,
    state: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    manner: Manner,
    latest: Option<TreeHead>,
    requests: u64,
    under_way: usize,
    at_once_max: usize,
}

impl Witness {
    pub(crate) async fn start(name: &'static str, log: VerifierKey, manner: Manner) -> Witness {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/prefix", listener.local_addr().unwrap());
        let seed = [name.bytes().last().unwrap(); 32];
        let shared = Arc::new(Shared {
            key: CosigningKey::from_seed(format!("witness.example/{name}").parse().unwrap(), seed),
            log,
            state: Mutex::new(Seen {
                manner,
                latest: None,
                requests: 0,
                under_way: 0,
                at_once_max: 0,
            }),
        });
        let app = Router::new()
            .route("/prefix/add-checkpoint", post(add_checkpoint))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum_serve(listener, app).await });
        Witness { name, url, shared }
    }

    /// Its line in a policy.
    pub(crate) fn line(&self) -> String {
        format!("witness {} {} {}\n", self.name, self.shared.key.cosigner(), self.url)
    }

    pub(crate) fn behave(&self, manner: Manner) {
        self.shared.state.lock().unwrap().manner = manner;
    }

    pub(crate) fn requests(&self) -> u64 {
        self.shared.state.lock().unwrap().requests
    }

    /// The size of the tree that it cosigned last.
    pub(crate) fn size(&self) -> u64 {
        self.shared.state.lock().unwrap().latest.map_or(0, |latest| latest.size)
    }

    /// The most requests that were ever under way at once.
    pub(crate) fn at_once_max(&self) -> usize {
        self.shared.state.lock().unwrap().at_once_max
    }

    /// Loses its memory.
    pub(crate) fn forget(&self) {
        self.shared.state.lock().unwrap().latest = None;
    }
}

async fn axum_serve(listener: TcpListener, app: Router) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper_util::service::TowerToHyperService::new(app.clone());
        tokio::spawn(async move {
            let io = hyper_util::rt::TokioIo::new(stream);
            let _ended = hyper::server::conn::http1::Builder::new()
                .serve_connection(io, service)
                .await;
        });
    }
}

/// Counted for as long as the answer takes, also if the log does not wait for it.
struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().under_way -= 1;
    }
}

async fn add_checkpoint(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let manner = {
        let mut seen = shared.state.lock().unwrap();
        seen.requests += 1;
        seen.under_way += 1;
        seen.at_once_max = seen.at_once_max.max(seen.under_way);
        seen.manner.clone()
    };
    let _under_way = UnderWay(Arc::clone(&shared));
    match manner {
        Manner::Slow(delay) => tokio::time::sleep(delay).await,
        Manner::Mute => std::future::pending().await,
        Manner::Says {
            status,
            content_type,
            body,
        } => return answer(status, content_type, body),
        Manner::Ahead(more) => {
            let size = Request::parse(&body).unwrap().checkpoint().head().size + more;
            return answer(409, Some(SIZE_CONTENT_TYPE), format!("{size}\n"));
        }
        _ => {}
    }
    let request = match Request::parse(&body) {
        Ok(request) => request,
        Err(error) => return answer(400, None, error.to_string()),
    };
    let decided = {
        let mut seen = shared.state.lock().unwrap();
        let known = KnownLog {
            keys: vec![shared.log.clone()],
            latest: seen.latest,
        };
        decide(request, Some(&known)).inspect(|accepted| {
            // What it does not sign well it has not signed.
            if matches!(manner, Manner::Honest | Manner::Slow(_) | Manner::WithOtherLines) {
                seen.latest = Some(accepted.step().new_head());
            }
        })
    };
    match decided {
        Ok(accepted) => answer(200, None, cosign(&shared.key, &accepted, &manner)),
        Err(refusal) => answer(refusal.status(), Some(refusal.content_type()), refusal.body()),
    }
}

fn cosign(key: &CosigningKey, accepted: &Accepted, manner: &Manner) -> String {
    let now = PosixTime::from_system(SystemTime::now()).unwrap();
    let line = accepted.cosign(now, key).to_string();
    let stranger = CosigningKey::from_seed("stranger.example".parse().unwrap(), [99; 32]);
    let other = accepted.cosign(now, &stranger).to_string();
    let line = line.trim_end();
    match manner {
        Manner::BadSignature => {
            let (start, payload) = line.rsplit_once(' ').unwrap();
            let mut payload = STANDARD.decode(payload).unwrap();
            *payload.last_mut().unwrap() ^= 1;
            format!("{start} {}\n", STANDARD.encode(payload))
        }
        Manner::OtherKey => format!("{}\n", other.trim_end()),
        Manner::WithOtherLines => format!("{}\n{line}\n", other.trim_end()),
        Manner::NoTime => {
            let line = accepted.cosign(PosixTime::from_secs(0).unwrap(), key).to_string();
            format!("{}\n", line.trim_end())
        }
        Manner::Endless => format!("{line}\n").repeat(1_000),
        _ => format!("{line}\n"),
    }
}

fn answer(status: u16, content_type: Option<&'static str>, body: String) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    response.headers_mut().remove(CONTENT_TYPE);
    if let Some(content_type) = content_type {
        let value = HeaderValue::from_static(content_type);
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}
