//! What one client, and all of them together, can take of this process.

use std::time::Duration;

use super::pace::Pace;
use crate::config::Config;

/// The limits of the network shell that a configuration may set.
///
/// What a connection can hold in memory, at most: 8 MiB of what it sent and nobody read yet, and for each stream 128 KiB of
/// what it does not read. With the default 256 streams that is 8 MiB + 256 x 128 KiB = 40 MiB. Messages of gRPC that are read and not
/// answered take 64 MiB, and 256 x 16 KiB of small ones ([`room::messages`](crate::room::messages)): 68 MiB more.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time. One beyond takes the place of the one that has been quiet for the longest; if none is, it waits, and
    /// those behind it in the kernel's queue.
    pub connections_max: usize,
    /// Connections at a time of one client: an IPv4 address, or the first 64 bits of an IPv6 address. Those beyond are closed.
    pub connections_per_client_max: usize,
    /// Requests at a time on one HTTP/2 connection. A client waits before it opens more.
    pub streams_per_connection_max: u32,
    /// How long a new connection may take for its TLS handshake and the first bytes that tell its protocol.
    pub opening: Duration,
    /// How long an HTTP/1.1 client may take for the head of each request, the pause before it included.
    pub header: Duration,
    /// How slowly the body of a request may come.
    pub body_pace: Pace,
    /// How long an HTTP/2 connection may be open without a request.
    pub idle: Duration,
    /// How long an HTTP/2 client may say nothing before it is asked whether it is there.
    pub ping_interval: Duration,
    /// How long it may take to answer.
    pub ping_timeout: Duration,
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
            connections_per_client_max: usize::try_from(config.connections_per_client_max)
                .expect("a usize has at least 32 bits here"),
            opening: OPENING,
            header: Duration::from_secs(u64::from(config.header_timeout_seconds)),
            body_pace: Pace {
                window: BODY_WINDOW,
                bytes_min: u64::from(config.body_bytes_per_second_min) * BODY_WINDOW.as_secs(),
            },
            idle: Duration::from_secs(u64::from(config.idle_timeout_seconds)),
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
            connection_age: CONNECTION_AGE,
            shutdown: Duration::from_secs(u64::from(config.shutdown_seconds)),
        }
    }
}

const OPENING: Duration = Duration::from_secs(10);

/// Bodies are judged after so much waiting: longer than a lost packet or two take to be sent again.
const BODY_WINDOW: Duration = Duration::from_secs(5);

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
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Streams that a client has opened and reset before anybody looked at them; with more its connection is closed (CVE-2023-44487). What
/// it resets later is counted in `activity`.
pub(super) const PENDING_RESETS_MAX: usize = 20;

/// Streams that we have reset since what came on them was wrong; with more its connection is closed.
pub(super) const ERROR_RESETS_MAX: usize = 256;

/// How long a connection that must go may take to say so.
pub(super) const FAREWELL: Duration = Duration::from_millis(500);
