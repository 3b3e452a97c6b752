//! Tasks of one process that append through the client library, each its own entry, and get verified receipts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indelible_client::{Client, MemoryHeads, Options};
use indelible_note::{Receipt, VerifierKey};
use tokio::task::JoinSet;

use super::{Calls, Kept, Window, together};
use crate::cmd::Failure;
use crate::cmd::bench::entries::entry;
use crate::cmd::bench::stats::Done;

/// Appends from this many tasks that share one client. The library has verified each receipt; one in [`KEPT`] of them is kept, to
/// be verified once more as a stranger would.
pub(in crate::cmd::bench) async fn library(
    url: &str,
    key: VerifierKey,
    tasks: usize,
    window: Window,
) -> Result<Calls<Receipt>, Failure> {
    let client = Client::connect(url, key, MemoryHeads::new(), Options::default()).await?;
    let next = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        running.spawn(task(client.clone(), Arc::clone(&next), begin, window));
    }
    together(running).await
}

async fn task(client: Client, next: Arc<AtomicU64>, begin: Instant, window: Window) -> Result<Calls<Receipt>, Failure> {
    let mut calls = Calls::none();
    while begin.elapsed() < window.total() {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let reply = client.append(entry(number)).await?;
        let ended = Instant::now();
        calls.done.push(Done::new(ended - begin, ended - began));
        if number.is_multiple_of(KEPT) {
            calls.kept.push(Kept { number, reply });
        }
    }
    Ok(calls)
}

/// A receipt has a kilobyte, most of it the head that it shares with others in the log, but not in memory.
const KEPT: u64 = 64;
