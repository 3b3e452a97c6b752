//! What clients send while the writes are recorded.

use std::time::Duration;

use bytes::Bytes;
use indelible_client::Client;

use crate::losses::Random;
use crate::record::Running;

/// Different entries of up to `bytes` bytes: text, noise, and zeros, of which whole sectors are zero to begin with.
pub(crate) fn entries(name: &str, count: usize, bytes: usize) -> Vec<Bytes> {
    let mut random = Random::new(name.bytes().map(u64::from).sum());
    let entry = |number: usize| {
        let mut entry = format!("{name} {number} ").into_bytes();
        let length = entry.len().max(random.below(bytes + 1));
        match number % 3 {
            0 => entry.resize(length, 0),
            1 => entry.resize_with(length, || (random.next() >> 56) as u8),
            _ => {}
        }
        entry.into()
    };
    (0..count).map(entry).collect()
}

/// Single entries beside batches, until as much is written as a seal waits for, a second segment and a second volume are begun; then quiet, in which
/// the rest is sealed; and all that once more, in less.
pub(crate) async fn everything(server: &Running) {
    let (one, two) = (server.client().await, server.client().await);
    server.append_singles(&one, entries("first", 30, 2_000)).await;
    quiet().await;
    tokio::join!(
        async {
            for name in ["a", "b", "c", "d"] {
                server.append_batch(&two, entries(name, 1_500, 6_000)).await;
            }
        },
        server.append_singles(&one, entries("beside", 100, 300)),
    );
    server.append_singles(&one, entries("behind", 30, 3_000)).await;
    quiet().await;
    some(server, &one, "last").await;
    quiet().await;
}

/// A few entries one by one, and a small batch.
pub(crate) async fn some(server: &Running, client: &Client, name: &str) {
    server.append_singles(client, entries(name, 10, 3_000)).await;
    server
        .append_batch(client, entries(&format!("{name} batch"), 40, 1_000))
        .await;
}

/// Long enough for a seal of everything.
pub(crate) async fn quiet() {
    tokio::time::sleep(Duration::from_millis(1_600)).await;
}
