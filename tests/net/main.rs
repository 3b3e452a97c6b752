//! The network shell against real clients: every protocol, over real sockets, in this process.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test reports; clippy exempts test functions but not their helpers"
)]

mod admission;
mod client;
mod client_certs;
mod crl;
mod deadlines;
mod handshakes;
mod limits;
mod routes;
mod server;
mod shutdown;
mod tls;
