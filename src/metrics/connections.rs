//! Connections: how many are open, why others were refused or ended, how much came over them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::page::Page;

/// The connections of one listener.
#[derive(Debug, Default)]
pub struct Connections {
    accepted: AtomicU64,
    open: AtomicU64,
    /// Because their address has too many.
    refused: AtomicU64,
    ended: [AtomicU64; ENDS.len()],
    slow_bodies: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// A connection that is open, and counts as such until this is dropped.
#[derive(Debug)]
pub struct Open(Arc<Connections>);

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Client and service had agreed to.
    Agreed,
    /// It broke, or what came over it was not HTTP.
    Broken,
    /// Its TLS handshake failed.
    Handshake,
    /// TLS or the first bytes took too long.
    SlowOpening,
    /// The head of a request took too long.
    SlowHead,
    /// The body of a request came too slowly.
    SlowBody,
    /// Its client did not answer a ping.
    Silent,
    /// Nothing was asked for too long.
    Idle,
    /// It made room for another one.
    Evicted,
    /// It asked for too much and took it back.
    Resets,
    /// Its client's certificate expired, or is not accepted any more.
    Certificate,
    /// The service ended.
    Shutdown,
}

impl Connections {
    /// One was accepted and has its place.
    pub fn open(self: &Arc<Connections>) -> Open {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(self.clone())
    }

    /// One was closed at once; how many there were.
    pub fn refuse(&self) -> u64 {
        self.refused.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Bytes were read.
    pub fn read(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes were written.
    pub fn wrote(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A body came too slowly.
    pub fn slow_body(&self) {
        self.slow_bodies.fetch_add(1, Ordering::Relaxed);
    }
}

impl Open {
    /// It ends for this reason.
    pub fn end(self, why: Ended) {
        self.0.ended[why as usize].fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Collector for Connections {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut page = Page::on(encoder);
        page.gauge(
            "indelible_connections_open",
            "Connections that are open",
            load(&self.open),
        )?;
        page.counter(
            "indelible_connections_accepted",
            "Connections that were given a place",
            load(&self.accepted),
        )?;
        page.counter(
            "indelible_connections_refused",
            "Connections that were closed at once, since their address has too many",
            load(&self.refused),
        )?;
        let help = "Connections that have ended, by reason";
        page.family("indelible_connections_ended", help, MetricType::Counter, |family| {
            let ends = ENDS.iter().zip(&self.ended);
            ends.map(|(reason, count)| (reason, load(count)))
                .try_for_each(|(reason, count)| family.counter(&[("reason", reason)], count))
        })?;
        page.counter(
            "indelible_slow_bodies",
            "Bodies of requests that came too slowly and were given up",
            load(&self.slow_bodies),
        )?;
        page.counter(
            "indelible_received_bytes",
            "Bytes that came over connections, under TLS if there is any",
            load(&self.bytes_in),
        )?;
        page.counter(
            "indelible_sent_bytes",
            "Bytes that went over connections, under TLS if there is any",
            load(&self.bytes_out),
        )
    }
}

/// In the order of [`Ended`].
const ENDS: [&str; 12] = [
    "agreed",
    "broken",
    "handshake",
    "slow_opening",
    "slow_head",
    "slow_body",
    "silent",
    "idle",
    "evicted",
    "resets",
    "certificate",
    "shutdown",
];
