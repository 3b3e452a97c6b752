//! Unary calls from many callers at once.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tonic::Status;

use super::{Callers, Calls, Kept, Window, together};
use crate::cmd::Failure;
use crate::cmd::bench::stats::Done;
use crate::wire::LoadClient;

/// When callers stop to call.
#[derive(Clone, Copy, Debug)]
pub(in crate::cmd::bench) enum Until {
    /// After this time.
    Elapsed(Duration),
    /// When calls with all numbers below this one have been made.
    Number(u64),
}

impl Until {
    /// Whether the call with this number is not made any more, of a load that began then.
    pub(super) fn is_over(self, begin: Instant, number: u64) -> bool {
        match self {
            Until::Elapsed(time) => begin.elapsed() >= time,
            Until::Number(end) => number >= end,
        }
    }
}

impl From<Window> for Until {
    fn from(window: Window) -> Until {
        Until::Elapsed(window.total())
    }
}

/// Calls the server at `url`, with a connection for each of `callers.connections`. `call` gets a number that no other call of
/// this load has, counted from 0.
pub(in crate::cmd::bench) async fn calls<R, C, F>(
    url: &str,
    callers: Callers,
    until: impl Into<Until>,
    call: C,
) -> Result<Calls<R>, Failure>
where
    R: Send + 'static,
    C: Fn(LoadClient, u64) -> F + Clone + Send + 'static,
    F: Future<Output = Result<R, Status>> + Send + 'static,
{
    let until = until.into();
    let mut clients = Vec::new();
    for _ in 0..callers.connections {
        clients.push(LoadClient::connect(url).await?);
    }
    let next = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for client in clients {
        for _ in 0..callers.on_each {
            tasks.spawn(caller(client.clone(), Arc::clone(&next), begin, until, call.clone()));
        }
    }
    together(tasks).await
}

async fn caller<R, F>(
    client: LoadClient,
    next: Arc<AtomicU64>,
    begin: Instant,
    until: Until,
    call: impl Fn(LoadClient, u64) -> F,
) -> Result<Calls<R>, Failure>
where
    F: Future<Output = Result<R, Status>>,
{
    let mut calls = Calls::none();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if until.is_over(begin, number) {
            return Ok(calls);
        }
        let began = Instant::now();
        let reply = call(client.clone(), number).await?;
        let ended = Instant::now();
        calls.done.push(Done::new(ended - begin, ended - began));
        calls.kept.push(Kept { number, reply });
    }
}
