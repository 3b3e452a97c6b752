//! The client against a log in this process, which is honest or lies in one chosen way.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test reports; clippy exempts test functions but not their helpers"
)]
#![expect(clippy::cast_possible_truncation, reason = "the trees of the tests are small")]

mod appends;
mod batches;
mod credentials;
mod events;
mod heads;
mod log;
mod reads;
mod server;
mod sharing;
mod transport;
mod web;

use std::sync::Arc;
use std::time::Duration;

use indelible_client::{Client, Error, HeadStore, MemoryHeads, Misbehavior, Options};
use server::Server;

/// A client of the server, whose held head the test can look at.
async fn connect(server: &Server) -> (Client, Arc<MemoryHeads>) {
    let heads = Arc::new(MemoryHeads::new());
    (connect_with(server, Arc::clone(&heads)).await, heads)
}

async fn connect_with(server: &Server, heads: impl HeadStore) -> Client {
    Client::connect(server.url(), server.key(), heads, options())
        .await
        .unwrap()
}

/// Long for a busy machine, short for a test that waits for the end of it.
fn options() -> Options {
    Options {
        timeout: Duration::from_secs(2),
        ..Options::default()
    }
}

fn misbehavior(error: &Error) -> &Misbehavior {
    match error {
        Error::Misbehaved(misbehavior) => misbehavior,
        other => panic!("not seen as misbehavior: {other}"),
    }
}
