//! The server's life: connections in, each in its own task, until shutdown has had its time.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use super::connection::{self, Shared};
use super::limits::Limits;
use super::listening::Listening;

/// How a server ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stopped {
    /// Connections that had not ended in time and were cut, with the requests on them.
    pub cut: usize,
}

/// Serves `app` until `shutdown` resolves, then ends in good order.
///
/// In good order: no new connections; handshakes are dropped; on open connections running requests go on, and HTTP/2 clients
/// are told to send no more (GOAWAY). What has not ended [`Limits::shutdown`] later is cut. A handler with a stream that has no
/// end of its own should end it on the same signal, so that its client hears a reason.
///
/// Nothing that a client or the network does ends the server, so there is no error to return.
pub async fn serve(listening: Listening, app: Router, limits: &Limits, shutdown: impl Future<Output = ()>) -> Stopped {
    let (open, closed) = watch::channel(());
    let shared = Shared {
        app,
        tls: listening.tls(),
        limits: limits.clone(),
        shutdown: closed,
    };
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = shutdown.as_mut() => break,
            Some(ended) = connections.join_next() => report(ended),
            (stream, place) = next(&listening, &places) => {
                let shared = shared.clone();
                connections.spawn(async move {
                    connection::run(stream, shared).await;
                    drop(place);
                });
            }
        }
    }
    drop((listening, open));
    let drained = timeout(limits.shutdown, async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    });
    if drained.await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "cut connections that did not end in time"
        );
    }
    let cut = connections.len();
    connections.shutdown().await;
    Stopped { cut }
}

/// The next connection, once there is a place for it: one that has to wait does so in the kernel, which refuses when its own
/// queue is full.
async fn next(listening: &Listening, places: &Arc<Semaphore>) -> (tokio::net::TcpStream, OwnedSemaphorePermit) {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("nobody closes the semaphore");
    (listening.accept().await, place)
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a handler panicked and took its connection down");
    }
}
