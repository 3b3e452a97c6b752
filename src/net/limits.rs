//! What one client, and all of them together, can take of this process.

use std::time::Duration;

use crate::config::Config;

/// The limits of the network shell that a configuration may set.
///
/// What a connection can hold in memory, at most: 8 MiB of what it sent and nobody read yet, and for each stream 128 KiB of
/// what it does not read. With the default 256 streams that is 8 MiB + 256 x 128 KiB = 40 MiB.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time. Those beyond wait in the kernel's queue until another one ends.
    pub connections_max: usize,
    /// Requests at a time on one HTTP/2 connection. A client waits before it opens more.
    pub streams_per_connection_max: u32,
    /// How long a new connection may take for its TLS handshake and the first bytes that tell its protocol, and an HTTP/1.1
    /// client for the head of each request, the pause before it included.
    pub opening: Duration,
    /// The age at which a connection is asked to make room for a new one. Requests that it carries are not disturbed, however
    /// long they run: a stream that lives is at work, and a peer that is gone does not answer the keepalive.
    pub connection_age: Duration,
    /// How long running requests may take to end once the server shuts down.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::from(&Config::default())
    }
}

impl From<&Config> for Limits {
    fn from(config: &Config) -> Limits {
        let connections_max = usize::try_from(config.connections_max).expect("a usize has at least 32 bits here");
        Limits {
            connections_max,
            streams_per_connection_max: config.streams_per_connection_max,
            opening: OPENING,
            connection_age: CONNECTION_AGE,
            shutdown: Duration::from_secs(u64::from(config.shutdown_seconds)),
        }
    }
}

const OPENING: Duration = Duration::from_secs(10);

/// Long enough that reconnecting costs nothing, short enough that a changed DNS name or balancer is noticed the same day.
const CONNECTION_AGE: Duration = Duration::from_secs(3600);

/// Unread bytes of one connection. Throughput of a connection is at most this per round trip: 160 MiB/s at 50 ms.
pub(super) const CONNECTION_WINDOW_BYTES: u32 = 8 << 20;

/// Unread bytes of one stream: half the connection's, so that a stream nobody reads leaves room for the others.
pub(super) const STREAM_WINDOW_BYTES: u32 = CONNECTION_WINDOW_BYTES / 2;

/// Bytes that wait for one slow reader, after which its stream waits.
pub(super) const STREAM_SEND_BYTES_MAX: usize = 128 << 10;

/// Four times the least that HTTP/2 allows: a batch of megabytes in few frames, and still 128 of them to a window, so that
/// streams take turns.
pub(super) const FRAME_BYTES_MAX: u32 = 64 << 10;

/// The head of a request, by either protocol. Room for a bearer token of 8 KiB and as much again.
pub(super) const HEADER_BYTES_MAX: u32 = 16 << 10;

/// A peer that has not answered a ping sent after 30 s within 20 s is gone.
pub(super) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
pub(super) const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
