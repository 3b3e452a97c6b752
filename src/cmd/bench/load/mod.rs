//! Load, always a closed loop: every caller waits for its answer before it asks again, so that a slow server is asked less, and
//! the latencies are those of a system that is as busy as it lets its callers make it.

mod calls;
mod exchange;
mod library;
mod stream;

use std::time::Duration;

use tokio::task::JoinSet;

use super::stats::{Done, Latencies, Load};
use crate::cmd::Failure;

pub(super) use calls::{Until, calls};
pub(super) use exchange::{REST, exchanges};
pub(super) use library::library;
pub(super) use stream::{Outstanding, streams};

/// What callers did.
#[derive(Debug)]
pub(super) struct Calls<R> {
    /// When each call ended, and how long it took.
    pub(super) done: Vec<Done>,
    /// The replies.
    pub(super) kept: Vec<Kept<R>>,
}

/// A reply, and what it is the answer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept<R> {
    /// The number of the call, or of the entry.
    pub(super) number: u64,
    pub(super) reply: R,
}

/// A time in which a load is measured, and a shorter one before it in which it is not: connections open, caches fill, threads
/// wake.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) warm_up: Duration,
    pub(super) length: Duration,
}

impl<R> Calls<R> {
    fn none() -> Calls<R> {
        Calls {
            done: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// What fell into the window.
    pub(super) fn measured(&self, window: Window) -> Load {
        Load::within(&self.done, window.warm_up, window.length)
    }

    /// How long each took, from the first to the last.
    pub(super) fn latencies(&self) -> Latencies {
        Latencies::of(self.done.iter().map(|done| done.took_us).collect())
    }

    /// How long it took until this many calls had ended; until the last one if there were fewer.
    pub(super) fn time_of(&self, calls: usize) -> Duration {
        let mut ended: Vec<u32> = self.done.iter().map(|done| done.ended_us).collect();
        ended.sort_unstable();
        let last = ended.get(calls.saturating_sub(1)).or(ended.last());
        Duration::from_micros(last.copied().unwrap_or_default().into())
    }
}

impl Window {
    pub(super) fn of(length: Duration) -> Window {
        Window {
            warm_up: (length / 4).min(WARM_UP_MAX),
            length,
        }
    }

    fn total(self) -> Duration {
        self.warm_up + self.length
    }
}

/// How many callers there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Callers {
    pub(super) connections: usize,
    pub(super) on_each: usize,
}

/// What all callers together did. The first that fails ends the load.
async fn together<R: 'static>(mut callers: JoinSet<Result<Calls<R>, Failure>>) -> Result<Calls<R>, Failure> {
    let mut all = Calls::none();
    while let Some(ended) = callers.join_next().await {
        let mut calls = ended??;
        all.done.append(&mut calls.done);
        all.kept.append(&mut calls.kept);
    }
    Ok(all)
}

const WARM_UP_MAX: Duration = Duration::from_millis(500);
