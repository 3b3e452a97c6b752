//! A log that batches of events have filled, and that remembers where each went.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;
use tonic::Code;

use super::fresh;
use crate::cmd::Failure;
use crate::cmd::bench::check::ByActor;
use crate::cmd::bench::entries::{BATCH_ENTRIES, first_of};
use crate::cmd::bench::events::event_batch;
use crate::cmd::bench::load::{Calls, Kept, REST, Until, calls, exchanges};
use crate::cmd::bench::place::LogDir;
use crate::cmd::bench::scenario::beside::SIXTEEN;
use crate::cmd::bench::scenario::{Bench, say};
use crate::cmd::bench::server::Server;
use crate::cmd::bench::stats::number;

/// A log of whole batches of events, all in the tables of search.
#[derive(Debug)]
pub(super) struct FilledEvents {
    pub(super) log: LogDir,
    pub(super) by_actor: ByActor,
    /// Events a second, from the first submission until the tables had the last event.
    pub(super) followed_per_s: f64,
    /// Events a second that were answered.
    pub(super) answered_per_s: f64,
    /// Batches that were refused, and sent again, because too many keys were under way.
    pub(super) refused: u64,
}

impl FilledEvents {
    /// Makes a log and fills it; it is still served.
    pub(super) async fn fill(bench: &Bench, size: u64) -> Result<(FilledEvents, Server), Failure> {
        say(format_args!("filling a log with {size} events"));
        let (log, server) = fresh(bench)?;
        let refused = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&refused);
        let begin = Instant::now();
        let batches = size / BATCH_ENTRIES;
        let mut told: Calls<u64> = calls(
            server.url(),
            SIXTEEN,
            Until::Number(batches),
            move |mut client, number| {
                let refused = Arc::clone(&counted);
                async move {
                    let mut tries = TRIES;
                    loop {
                        match client.submit_batch(event_batch(number)).await {
                            Ok(run) => return Ok(run.first),
                            Err(status) if status.code() == Code::Unavailable && tries > 0 => {
                                tries -= 1;
                                refused.fetch_add(1, Ordering::Relaxed);
                                sleep(FULL).await;
                            }
                            Err(status) => return Err(status),
                        }
                    }
                }
            },
        )
        .await?;
        let answered = begin.elapsed();
        wait_for_index(server.url()).await?;
        let followed = begin.elapsed();
        for Kept { number, .. } in &mut told.kept {
            *number = first_of(*number);
        }
        let events = number(batches * BATCH_ENTRIES);
        let filled = FilledEvents {
            log,
            by_actor: ByActor::of(&told.kept, BATCH_ENTRIES),
            followed_per_s: events / followed.as_secs_f64(),
            answered_per_s: events / answered.as_secs_f64(),
            refused: refused.load(Ordering::Relaxed),
        };
        Ok((filled, server))
    }
}

/// How far the tables of search are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indexed {
    pub(super) indexed: u64,
    pub(super) size: u64,
}

/// As an answer to a question says it.
pub(super) async fn indexed(url: &str) -> Result<Indexed, Failure> {
    let write = |_, request: &mut Vec<u8>| {
        request.extend_from_slice(format!("GET /v1/events?limit=1 {REST}\r\n").as_bytes());
    };
    let read = |_, body: &[u8]| Ok(Some(serde_json::from_slice::<Value>(body)?));
    let answer = exchanges(url, 1, Until::Number(1), write, read).await?;
    let said = |name: &str| answer.kept.first().and_then(|kept| kept.reply[name].as_u64());
    match (said("indexed_size"), said("size")) {
        (Some(indexed), Some(size)) => Ok(Indexed { indexed, size }),
        _ => Err("an answer does not say how far the index is".into()),
    }
}

/// Waits until the tables of search have all.
pub(super) async fn wait_for_index(url: &str) -> Result<(), Failure> {
    let begin = Instant::now();
    loop {
        let Indexed { indexed, size } = indexed(url).await?;
        if indexed >= size {
            return Ok(());
        }
        if begin.elapsed() > INDEX_MAX {
            return Err(format!("the index stands at {indexed} of {size}").into());
        }
        sleep(LOOK).await;
    }
}

/// Between two tries, as a patient client would.
const FULL: Duration = Duration::from_millis(100);

/// What is refused for a minute is refused for good.
const TRIES: u32 = 600;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// A million events take a minute or two.
const INDEX_MAX: Duration = Duration::from_secs(900);
