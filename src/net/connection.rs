//! One connection: from accepted to closed.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::{Connected, TcpConnectInfo};
use tower::ServiceExt;

use super::limits::{self, Limits};
use super::peer::{BadPeer, PeerCertificate};
use super::preface::{Protocol, read_preface};
use super::tls::accept;

/// What a connection gets of its server; a clone is cheap.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) app: Router,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) limits: Limits,
    /// Closed when the server shuts down.
    pub(super) shutdown: watch::Receiver<()>,
}

/// Serves one connection to its end. What goes wrong with it concerns nobody else, and is only logged.
pub(super) async fn run(stream: TcpStream, shared: Shared) {
    let info = stream.connect_info();
    let peer = info.remote_addr;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(?peer, %error, "cannot switch off Nagle's algorithm");
    }
    if let Err(error) = open(stream, info, shared).await {
        tracing::debug!(?peer, %error, "connection failed");
    }
}

/// Why a connection ended other than by agreement.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the handshake failed: {0}")]
    Handshake(io::Error),
    #[error("the handshake took longer than {} s", .0.as_secs())]
    SlowHandshake(Duration),
    #[error("the server shut down during the handshake")]
    Shutdown,
    #[error(transparent)]
    Peer(#[from] BadPeer),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

async fn open(stream: TcpStream, info: TcpConnectInfo, mut shared: Shared) -> Result<(), Failed> {
    let until = Instant::now() + shared.limits.opening;
    match shared.tls.take() {
        None => serve(stream, info, None, shared, until).await,
        Some(tls) => {
            let stream = shared.handshake(accept(&tls, stream), until).await?;
            let peer = PeerCertificate::of(stream.get_ref().1)?.map(Arc::new);
            serve(stream, info, peer, shared, until).await
        }
    }
}

async fn serve<IO>(
    io: IO,
    info: TcpConnectInfo,
    peer: Option<Arc<PeerCertificate>>,
    mut shared: Shared,
    until: Instant,
) -> Result<(), Failed>
where
    IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (protocol, io) = shared.handshake(read_preface(io), until).await?;
    let io = TokioIo::new(io);
    // Handlers learn of the peer what tonic's own server would tell them: `tonic::Request::remote_addr` works.
    let app = shared
        .app
        .clone()
        .map_request(move |mut request: http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(info.clone());
            if let Some(peer) = &peer {
                request.extensions_mut().insert(Arc::clone(peer));
            }
            request
        });
    let app = TowerToHyperService::new(app);
    match protocol {
        Protocol::Http1 => {
            shared
                .drive(http1_limits(&shared.limits).serve_connection(io, app))
                .await
        }
        Protocol::Http2 => {
            shared
                .drive(http2_limits(&shared.limits).serve_connection(io, app))
                .await
        }
    }
}

impl Shared {
    async fn handshake<T>(&mut self, step: impl Future<Output = io::Result<T>>, until: Instant) -> Result<T, Failed> {
        tokio::select! {
            _closed = self.shutdown.changed() => Err(Failed::Shutdown),
            done = timeout_at(until, step) => {
                done.map_err(|_elapsed| Failed::SlowHandshake(self.limits.opening))?.map_err(Failed::Handshake)
            }
        }
    }

    /// Runs a connection until its client closes it, or its age or the server's end asks for that. Then what is under way is
    /// finished; for how long, the caller knows.
    async fn drive<C>(&mut self, connection: C) -> Result<(), Failed>
    where
        C: GracefulConnection<Error = hyper::Error>,
    {
        let mut connection = pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => return ended.map_err(Failed::Http),
            () = sleep(self.limits.connection_age) => {}
            _closed = self.shutdown.changed() => {}
        }
        connection.as_mut().graceful_shutdown();
        connection.await.map_err(Failed::Http)
    }
}

fn http1_limits(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.opening)
        .max_header_size(limits::HEADER_BYTES_MAX as usize)
        .max_buf_size(limits::STREAM_SEND_BYTES_MAX);
    builder
}

fn http2_limits(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection_max)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .max_frame_size(limits::FRAME_BYTES_MAX)
        .max_header_list_size(limits::HEADER_BYTES_MAX)
        .max_send_buf_size(limits::STREAM_SEND_BYTES_MAX)
        .keep_alive_interval(limits::KEEPALIVE_INTERVAL)
        .keep_alive_timeout(limits::KEEPALIVE_TIMEOUT);
    builder
}
