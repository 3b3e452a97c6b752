//! The server's life: connections in, each in its own task, until shutdown has had its time.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use super::connection::{self, Shared};
use super::limits::Limits;
use super::listening::Listening;
use super::places::{OfClient, Place, Places};
use crate::metrics::Connections;

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
pub async fn serve(
    listening: Listening,
    app: Router,
    limits: &Limits,
    counts: &Arc<Connections>,
    shutdown: impl Future<Output = ()>,
) -> Stopped {
    let (open, closed) = watch::channel(());
    let shared = Shared {
        app,
        tls: listening.tls().cloned(),
        limits: limits.clone(),
        connections: counts.clone(),
        shutdown: closed,
    };
    let mut door = Door {
        listening,
        places: Places::new(limits.connections_max, limits.connections_per_client_max),
        counts: counts.clone(),
        newcomer: None,
    };
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = shutdown.as_mut() => break,
            Some(ended) = connections.join_next() => report(ended),
            (stream, place) = door.next() => {
                let shared = shared.clone();
                connections.spawn(async move {
                    connection::run(stream, place.activity().clone(), shared).await;
                    drop(place);
                });
            }
        }
    }
    drop((door, open));
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

/// Where connections come in.
struct Door {
    listening: Listening,
    places: Arc<Places>,
    counts: Arc<Connections>,
    /// Who has come, and waits for a place.
    newcomer: Option<(TcpStream, OfClient)>,
}

impl Door {
    /// The next connection, once there is a place for it. Those who come behind one that has to wait do so in the kernel, which refuses
    /// when its own queue is full. Nothing is lost if this is dropped and called again.
    async fn next(&mut self) -> (TcpStream, Place) {
        while self.newcomer.is_none() {
            let (stream, peer) = self.listening.accept().await;
            match self.places.of_client(peer.ip()) {
                Some(of_client) => self.newcomer = Some((stream, of_client)),
                None => self.refuse(peer),
            }
        }
        let one_of_all = self.places.one_of_all().await;
        let (stream, of_client) = self.newcomer.take().expect("there is one, or this would still wait");
        (stream, of_client.with(one_of_all))
    }

    fn refuse(&self, peer: SocketAddr) {
        let count = self.counts.refuse();
        // A client can do this without end.
        if count.is_power_of_two() {
            tracing::warn!(client = %peer.ip(), count, "connection refused: its client has too many (connections_per_client_max)");
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a handler panicked and took its connection down");
    }
}
