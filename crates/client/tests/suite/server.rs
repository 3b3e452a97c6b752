//! A server on a free port of this machine, which tells the truth about its log, or one lie.

mod answers;
mod lie;
mod methods;
mod trail;

use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use indelible_note::VerifierKey;
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::InterceptorLayer;
use tonic::transport::ServerTlsConfig;
use tonic::{Request, Status};

use crate::log::Log;
pub(crate) use lie::Lie;
use pb::transparency_log_server::TransparencyLogServer;

#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code; only this file can see it"
)]
mod pb {
    include!(concat!(env!("OUT_DIR"), "/server/indelible.v1.rs"));
}

pub(crate) struct Server {
    url: String,
    shared: Arc<Shared>,
}

/// What the service's methods and the test have in common.
struct Shared {
    log: Mutex<Log>,
    lie: Mutex<Lie>,
    /// How many append streams there were, and how many of them have ended.
    streams: Mutex<(usize, usize)>,
    published: tokio::sync::watch::Sender<()>,
    /// What to answer as the newest head, if not the log's.
    head: Mutex<Option<Vec<u8>>>,
    events: Mutex<Vec<trail::Kept>>,
    /// The `authorization` of each call.
    shown: Mutex<Vec<Option<String>>>,
}

impl Server {
    pub(crate) async fn start() -> Server {
        Server::start_with(None).await
    }

    /// Serves TLS, on a certificate for `localhost`.
    pub(crate) async fn start_with(tls: Option<ServerTlsConfig>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = match tls {
            None => format!("http://127.0.0.1:{port}"),
            Some(_) => format!("https://localhost:{port}"),
        };
        let shared = Arc::new(Shared {
            log: Mutex::new(Log::new()),
            lie: Mutex::default(),
            streams: Mutex::default(),
            published: tokio::sync::watch::channel(()).0,
            head: Mutex::default(),
            events: Mutex::default(),
            shown: Mutex::default(),
        });
        let service = TransparencyLogServer::new(Service(Arc::clone(&shared)));
        let trail = pb::audit_trail_server::AuditTrailServer::new(Service(Arc::clone(&shared)));
        let mut server = tonic::transport::Server::builder();
        if let Some(tls) = tls {
            server = server.tls_config(tls).unwrap();
        }
        let seen = Arc::clone(&shared);
        let mut server = server.layer(InterceptorLayer::new(move |request: Request<()>| {
            let shown = request.metadata().get("authorization");
            let shown = shown.map(|value| value.to_str().unwrap().to_owned());
            seen.shown.lock().unwrap().push(shown);
            Ok(request)
        }));
        let serving = server.add_service(service).add_service(trail);
        tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
        Server { url, shared }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn key(&self) -> VerifierKey {
        self.log().key.verifier()
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log.lock().unwrap()
    }

    pub(crate) fn lie(&self, lie: Lie) {
        *self.shared.lie.lock().unwrap() = lie;
    }

    /// Waits for the log to have this size.
    pub(crate) async fn grown_to(&self, size: u64) {
        self.wait_until(|server| server.log().size() == size).await;
    }

    /// Waits for something that should come true soon.
    pub(crate) async fn wait_until(&self, is_true: impl Fn(&Server) -> bool) {
        for _ in 0..1000 {
            if is_true(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it has not come true");
    }

    /// Wakes those who watch the head.
    pub(crate) fn publish(&self) {
        self.shared.published.send_replace(());
    }

    /// Answers this as the newest head, whatever the log is.
    pub(crate) fn answer_head(&self, note: Vec<u8>) {
        *self.shared.head.lock().unwrap() = Some(note);
    }

    /// The `authorization` of each call since this was asked last.
    pub(crate) fn shown(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.shared.shown.lock().unwrap())
    }

    /// How many append streams there were, and how many of them have ended.
    pub(crate) fn streams(&self) -> (usize, usize) {
        *self.shared.streams.lock().unwrap()
    }
}

struct Service(Arc<Shared>);

impl Deref for Service {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
