//! Clients that take their time: thousands of connections that send a byte a second, those that take everything back, those that say
//! nothing. Meanwhile others are served, and in the end the slow ones are closed, each for a reason that is counted.
//!
//! The short form holds 500 connections. `INDELIBLE_SLOW=5000 cargo test --release --test slow many -- --nocapture` holds as many as it
//! says, on a machine with nothing else to do: a debug build spends both cores on 5,000 of either side.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answer;
mod closed;
mod honest;
mod many;
mod places;
mod senders;

#[path = "../e2e/support.rs"]
#[expect(dead_code, reason = "the bed has more in it than these tests need")]
mod bed;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}

use crate::bed::{Bed, Server};

/// A server of a log of opaque entries with this configuration.
fn serve(bed: &Bed, config: &str) -> Server {
    bed.write("log/indelible.toml", config);
    bed.serve()
}

/// A figure of the server, the sum of all that have this beginning.
fn figure(server: &Server, name: &str) -> u64 {
    let (status, text) = server.get("/metrics");
    assert_eq!(status, 200);
    let text = String::from_utf8(text).unwrap();
    let values = text.lines().filter(|line| line.starts_with(name));
    let values = values.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    let sum = values.sum::<f64>() as u64;
    sum
}

/// How many connections have ended for this reason.
fn ended(server: &Server, reason: &str) -> u64 {
    figure(
        server,
        &format!("indelible_connections_ended_total{{reason=\"{reason}\"}}"),
    )
}

/// Waits until something holds.
async fn until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    while !holds() {
        assert!(std::time::Instant::now() < end, "{what}: not within {seconds} s");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
