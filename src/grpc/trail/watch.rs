//! Watch: events from an index on, as they are published.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use indelible_log::Head;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{Filter, TrailService};
use crate::access::{Caller, Reading};
use crate::trail::Trail;
use crate::wire::{IntoStatus, WatchQuery, WatchResponse, watch_reply};

/// The stream of replies.
pub(super) type Replies = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

/// Everything from the query's index on, until the service stops. The next events are read when the client has taken the last ones, and
/// nothing of them is held while it waits: neither entries nor what was known of erasures then.
///
/// # Errors
///
/// If it cannot be noted who reads.
pub(super) async fn serve(service: &TrailService, query: &WatchQuery, caller: Caller) -> Result<Replies, Status> {
    let heads = service.reader.heads();
    let next = query.start.unwrap_or_else(|| heads.borrow().size());
    let reading = caller.reads(format!("events from {next} on, as they came")).await;
    let reading = reading.map_err(IntoStatus::into_status)?;
    let watcher = Watcher {
        filter: Filter::new(&query.filter, service.trail.index_key()),
        trail: service.trail.clone(),
        reading,
        caller,
        heads,
        next,
        stopping: service.stopping.clone(),
    };
    let replies = stream::try_unfold(watcher, Watcher::reply);
    let stopping = stream::once(async { Err(Status::unavailable("the log is stopping")) });
    Ok(Box::pin(
        replies
            .take_until(service.stopping.clone().cancelled_owned())
            .chain(stopping),
    ))
}

struct Watcher {
    caller: Caller,
    reading: Reading,
    trail: Trail,
    filter: Filter,
    heads: watch::Receiver<Head>,
    /// Everything below was looked at.
    next: u64,
    stopping: CancellationToken,
}

impl Watcher {
    /// Waits for events, and gives them. Says where it is now and then although there are none.
    async fn reply(mut self) -> Result<Option<(WatchResponse, Watcher)>, Status> {
        let began = self.next;
        loop {
            let next = self.next;
            let Ok(size) = self
                .heads
                .wait_for(|head| head.size() > next)
                .await
                .map(|head| head.size())
            else {
                // The log has ended; that the service stops is about to be said.
                self.stopping.cancelled().await;
                return Ok(None);
            };
            let read = self.trail.read(next, size, READ_BYTES).await;
            let read = read.map_err(IntoStatus::into_status)?;
            self.next += read.len() as u64;
            let key = self.trail.index_key();
            let taken: Vec<_> = (next..)
                .zip(read)
                .filter(|(_, found)| self.caller.may_read(found) && self.filter.takes(found, key))
                .collect();
            self.reading.add(taken.len() as u64);
            if !taken.is_empty() || self.next - began >= SAY_AFTER {
                return Ok(Some((watch_reply(&taken, self.next), self)));
            }
        }
    }
}

/// What is read at once: large enough to be cheap, small enough for a slow reader.
const READ_BYTES: usize = 256 << 10;

/// Entries that are passed over without a word, at most: some seconds of reading.
const SAY_AFTER: u64 = 1 << 16;
