//! Append streams, each on a connection of its own, with a fixed number of entries outstanding.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::{Calls, Kept, Window, together};
use crate::cmd::Failure;
use crate::cmd::bench::entries::entry;
use crate::cmd::bench::stats::Done;
use crate::wire::{Acknowledged, LoadClient};

/// How much is under way.
#[derive(Clone, Copy, Debug)]
pub(in crate::cmd::bench) struct Outstanding {
    pub(in crate::cmd::bench) streams: u32,
    /// Entries that are sent and not acknowledged, on each stream.
    pub(in crate::cmd::bench) on_each: u64,
}

/// Appends entries; done is each entry, a reply is an acknowledgement, kept by the number of its first entry.
pub(in crate::cmd::bench) async fn streams(
    url: &str,
    outstanding: Outstanding,
    window: Window,
) -> Result<Calls<Acknowledged>, Failure> {
    let mut clients = Vec::new();
    for _ in 0..outstanding.streams {
        clients.push(LoadClient::connect(url).await?);
    }
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for (client, number) in clients.into_iter().zip(0..) {
        // No stream comes near to sending 2^40 entries.
        let first: u64 = number << 40;
        tasks.spawn(stream(client, first, outstanding.on_each, begin, window.total()));
    }
    together(tasks).await
}

async fn stream(
    mut client: LoadClient,
    first: u64,
    outstanding: u64,
    begin: Instant,
    time: Duration,
) -> Result<Calls<Acknowledged>, Failure> {
    let (sender, entries) = mpsc::unbounded_channel();
    let mut sent = VecDeque::new();
    let (mut next, mut acknowledged) = (first, first);
    let send = |count: u64, next: &mut u64, sent: &mut VecDeque<Instant>| {
        let now = Instant::now();
        for _ in 0..count {
            // Refused only when the stream has ended, which its other side is about to tell.
            let _ended = sender.send(entry(*next));
            sent.push_back(now);
            *next += 1;
        }
    };
    send(outstanding, &mut next, &mut sent);
    let mut acknowledgements = client.append_stream(UnboundedReceiverStream::new(entries)).await?;
    let mut calls = Calls::none();
    while begin.elapsed() < time || acknowledged < next {
        let Some(reply) = acknowledgements.next().await? else {
            return Err("the server ended a stream".into());
        };
        let now = Instant::now();
        if reply.count == 0 || reply.count > next - acknowledged {
            return Err(format!("{} of {} entries were acknowledged", reply.count, next - acknowledged).into());
        }
        let (count, number) = (reply.count, acknowledged);
        let began = (0..count).filter_map(|_| sent.pop_front());
        calls
            .done
            .extend(began.map(|began| Done::new(now - begin, now - began)));
        calls.kept.push(Kept { number, reply });
        acknowledged += count;
        if begin.elapsed() < time {
            send(count, &mut next, &mut sent);
        }
    }
    Ok(calls)
}
