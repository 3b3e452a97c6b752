//! The listening socket.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use super::host::Authority;
use super::hosts::Hosts;
use super::tls::Tls;

/// A bound socket: clients can connect from now on, and are served once it is given to [`serve`](super::serve).
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
}

/// The operator's fault: the address is taken, not one of this machine's, or not ours to take.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl Listening {
    /// Binds `address`; port 0 takes a free one. With `tls` every connection must speak it.
    pub async fn bind(address: SocketAddr, tls: Option<Tls>) -> Result<Listening, BindError> {
        let bound = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            Ok(Listening { listener, address, tls })
        };
        bound.await.map_err(|source| BindError { address, source })
    }

    /// The address with the port that was taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where a client on this machine finds the service.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The hosts by which requests may call this service: `configured` and the names of its certificate, besides loopback and
    /// the address itself.
    pub fn known_hosts(&self, configured: &[Authority]) -> Hosts {
        Hosts::new(configured, self.tls.clone())
    }

    /// What its connections speak TLS with, if they do.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// The next connection. Whatever goes wrong is logged and tried again: a server that ends because a client hung up early,
    /// or because descriptors ran out for a moment, is the worse evil.
    pub(super) async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_the_peers(&error) => tracing::debug!(%error, "connection lost before it was accepted"),
                Err(error) => {
                    tracing::warn!(%error, pause_ms = ACCEPT_PAUSE.as_millis(), "cannot accept connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Errors of the one connection that was to be accepted; the next one may be fine. All others are this machine's (EMFILE,
/// ENFILE, ENOBUFS, ENOMEM), stay for a while, and would make a busy loop.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// Long enough not to burn a core while descriptors are short, short enough not to be noticed after.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
