//! One connection: from accepted to closed.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tonic::transport::server::{Connected, TcpConnectInfo};
use tower::Service;

use super::activity::{Activity, Busy};
use super::limits::{self, Limits};
use super::metered::Metered;
use super::pace::{Owed, Paced};
use super::peer::{BadPeer, PeerCertificate};
use super::preface::{Protocol, read_preface};
use super::standing::Watched;
use super::tls::{Tls, accept};
use crate::metrics::{Connections, Ended};
use crate::room::messages::ConnectionRoom;

/// What a connection gets of its server; a clone is cheap.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) app: Router,
    pub(super) tls: Option<Tls>,
    pub(super) limits: Limits,
    pub(super) connections: Arc<Connections>,
    /// Closed when the server shuts down.
    pub(super) shutdown: watch::Receiver<()>,
}

/// Serves one connection to its end. What goes wrong with it concerns nobody else, and is only logged and counted.
pub(super) async fn run(stream: TcpStream, activity: Arc<Activity>, shared: Shared) {
    let info = stream.connect_info();
    let peer = info.remote_addr;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(?peer, %error, "cannot switch off Nagle's algorithm");
    }
    let counted = shared.connections.open();
    let connection = Connection { activity, shared };
    let why = match connection.open(stream, info).await {
        Ok(why) => why,
        Err(failed) => {
            tracing::debug!(?peer, error = %failed, "connection failed");
            failed.why()
        }
    };
    counted.end(why);
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
    #[error("it made room for another one during the handshake")]
    Evicted,
    #[error("{error}")]
    Http { error: hyper::Error, why: Ended },
}

impl Failed {
    fn why(&self) -> Ended {
        match self {
            Failed::Handshake(_) | Failed::Peer(_) => Ended::Handshake,
            Failed::SlowHandshake(_) => Ended::SlowOpening,
            Failed::Shutdown => Ended::Shutdown,
            Failed::Evicted => Ended::Evicted,
            Failed::Http { why, .. } => *why,
        }
    }
}

struct Connection {
    activity: Arc<Activity>,
    shared: Shared,
}

impl Connection {
    async fn open(mut self, stream: TcpStream, info: TcpConnectInfo) -> Result<Ended, Failed> {
        let until = Instant::now() + self.shared.limits.opening;
        let stream = Metered {
            io: stream,
            connections: self.shared.connections.clone(),
            activity: self.activity.clone(),
        };
        match self.shared.tls.take() {
            None => self.serve(stream, info, None, until).await,
            Some(tls) => {
                let mut newest = tls.subscribe();
                let loaded = newest.borrow_and_update().clone();
                let io = self.handshake(accept(loaded.acceptor(), stream), until).await?;
                let session = io.get_ref().1;
                let peer = PeerCertificate::of(session)?.map(|certificate| {
                    let chain = session.peer_certificates().unwrap_or_default();
                    let chain = chain.iter().map(|one| one.clone().into_owned()).collect();
                    Watched::new(Arc::new(certificate), chain, newest)
                });
                self.serve(io, info, peer, until).await
            }
        }
    }

    async fn serve<IO>(
        mut self,
        io: IO,
        info: TcpConnectInfo,
        peer: Option<Watched>,
        until: Instant,
    ) -> Result<Ended, Failed>
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (protocol, io) = self.handshake(read_preface(io), until).await?;
        let io = TokioIo::new(io);
        let limits = self.shared.limits.clone();
        let (app, connections, activity) = (
            self.shared.app.clone(),
            self.shared.connections.clone(),
            self.activity.clone(),
        );
        let room = ConnectionRoom::of_connection();
        let shown = peer.as_ref().map(|peer| (peer.certificate().clone(), peer.standing()));
        let answer = service_fn(move |mut request: http::Request<Incoming>| {
            let mut busy = activity.begin();
            // Handlers learn of the peer what tonic's own server would tell them: `tonic::Request::remote_addr` works.
            request.extensions_mut().insert(info.clone());
            request.extensions_mut().insert(room.clone());
            if let Some((certificate, standing)) = &shown {
                request.extensions_mut().insert(Arc::clone(certificate));
                request.extensions_mut().insert(standing.clone());
            }
            let owed = Owed::by(request.headers());
            let paced = |body| Paced::new(body, owed, limits.body_pace, activity.clone(), connections.clone());
            let answer = app.clone().call(request.map(paced));
            async move {
                let response = answer.await;
                busy.answered();
                response.map(|response| response.map(|body| Answering { body, _busy: busy }))
            }
        });
        match protocol {
            Protocol::Http1 => {
                let connection = http1_limits(&self.shared.limits).serve_connection(io, answer);
                self.drive(connection, Protocol::Http1, peer).await
            }
            Protocol::Http2 => {
                let connection = http2_limits(&self.shared.limits).serve_connection(io, answer);
                self.drive(connection, Protocol::Http2, peer).await
            }
        }
    }

    async fn handshake<T>(&mut self, step: impl Future<Output = io::Result<T>>, until: Instant) -> Result<T, Failed> {
        let shared = &mut self.shared;
        tokio::select! {
            _closed = shared.shutdown.changed() => Err(Failed::Shutdown),
            // Nothing was begun that could be ended in order.
            _evicted = self.activity.called() => Err(Failed::Evicted),
            done = timeout_at(until, step) => {
                done.map_err(|_elapsed| Failed::SlowHandshake(shared.limits.opening))?.map_err(Failed::Handshake)
            }
        }
    }

    /// Runs a connection until its client closes it, or until it is to end: by its age, by having nothing to do, because another one
    /// needs its place, since the client's certificate holds no longer, or with the server. Then what is under way is finished; for how
    /// long, the caller knows.
    async fn drive<C>(&mut self, connection: C, protocol: Protocol, mut peer: Option<Watched>) -> Result<Ended, Failed>
    where
        C: GracefulConnection<Error = hyper::Error>,
    {
        let mut connection = pin!(connection);
        let Connection { activity, shared } = self;
        let ended = |ended: Result<(), hyper::Error>| match ended {
            Ok(()) if activity.had_slow_body() && protocol == Protocol::Http1 => Ok(Ended::SlowBody),
            Ok(()) => Ok(Ended::Agreed),
            Err(error) => Err(Failed::Http {
                why: reason(&error, protocol, activity),
                error,
            }),
        };
        let why = tokio::select! {
            done = connection.as_mut() => return ended(done),
            () = sleep(shared.limits.connection_age) => Ended::Agreed,
            // An HTTP/1.1 client has the time for the head of its next request.
            () = idle(activity, shared.limits.idle), if protocol == Protocol::Http2 => Ended::Idle,
            why = activity.called() => why,
            () = ceases(&mut peer) => Ended::Certificate,
            _closed = shared.shutdown.changed() => Ended::Shutdown,
        };
        connection.as_mut().graceful_shutdown();
        match why {
            // There is nobody to be told, nor anything to be told of.
            Ended::Evicted if protocol == Protocol::Http1 && activity.is_unused() => {}
            // Somebody waits for its place, or it does harm, or its requests have just been told that they end.
            Ended::Evicted | Ended::Resets | Ended::Certificate => {
                let _ = timeout(limits::FAREWELL, connection).await;
            }
            _ => tokio::select! {
                done = connection.as_mut() => {
                    ended(done)?;
                }
                // What is under way may take days, in which a certificate can expire.
                () = ceases(&mut peer) => {
                    let _ = timeout(limits::FAREWELL, connection).await;
                    return Ok(Ended::Certificate);
                }
            },
        }
        Ok(why)
    }
}

/// Resolves when the client's certificate holds no longer, if it has shown one.
async fn ceases(peer: &mut Option<Watched>) {
    match peer {
        Some(peer) => peer.ceases().await,
        None => std::future::pending().await,
    }
}

/// Resolves when nothing was asked for so long. Looks twice in that time at most.
async fn idle(activity: &Activity, limit: Duration) {
    loop {
        match activity.quiet() {
            Some(quiet) if quiet >= limit => return,
            Some(quiet) => sleep(limit - quiet).await,
            None => sleep(limit).await,
        }
    }
}

fn reason(error: &hyper::Error, protocol: Protocol, activity: &Activity) -> Ended {
    let reset = |cause: &(dyn Error + 'static)| {
        let reason = cause.downcast_ref::<h2::Error>().and_then(h2::Error::reason);
        reason == Some(h2::Reason::ENHANCE_YOUR_CALM)
    };
    match (error.is_timeout(), protocol) {
        (true, Protocol::Http2) => Ended::Silent,
        (true, Protocol::Http1) if activity.has_received() => Ended::SlowHead,
        (true, Protocol::Http1) => Ended::Idle,
        (false, Protocol::Http1) if activity.had_slow_body() => Ended::SlowBody,
        (false, _) if error.source().is_some_and(reset) => Ended::Resets,
        (false, _) => Ended::Broken,
    }
}

/// The body of an answer. Its connection is at work until this is dropped.
struct Answering<B> {
    body: B,
    _busy: Busy,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answering<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn http1_limits(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_header_size(limits::HEADER_BYTES_MAX as usize)
        .max_buf_size(limits::STREAM_SEND_BYTES_MAX);
    builder
}

fn http2_limits(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection_max)
        .max_pending_accept_reset_streams(limits::PENDING_RESETS_MAX)
        .max_local_error_reset_streams(limits::ERROR_RESETS_MAX)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
        .max_frame_size(limits::FRAME_BYTES_MAX)
        .max_header_list_size(limits::HEADER_BYTES_MAX)
        .max_send_buf_size(limits::STREAM_SEND_BYTES_MAX)
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout);
    builder
}
