//! "What did this one do?": the newest hundred events of an actor, out of many, over HTTP.

use super::EventsShelf;
use super::filled::FilledEvents;
use crate::cmd::Failure;
use crate::cmd::bench::events::ActorNumber;
use crate::cmd::bench::load::{Calls, REST, exchanges};
use crate::cmd::bench::scenario::{Bench, Round, say, settle};
use crate::cmd::bench::stats::{Observation, number};

/// Measures it, if it is wanted.
pub(super) async fn measure(bench: &Bench, round: &mut Round, shelf: &mut EventsShelf) -> Result<(), Failure> {
    if !bench.wants(&["events-by-actor"]) {
        return Ok(());
    }
    let (filled, server) = match shelf.0.take() {
        Some(filled) => {
            let server = bench.place.serve(&filled.log)?;
            (filled, server)
        }
        None => FilledEvents::fill(bench, bench.entries.min(EVENTS_MAX)).await?,
    };
    settle(Some(&server)).await?;
    say("what actors did");
    let one = ask(server.url(), 1, bench, &filled).await?.measured(bench.window);
    let four = ask(server.url(), ASKERS, bench, &filled).await?.measured(bench.window);
    drop(server);
    round.observe(
        "events-by-actor",
        Observation::of(four.latencies.p99_ms())
            .with("p50_ms", four.latencies.p50_ms())
            .with("answers_per_s", four.per_second)
            .with("one_asker_p50_ms", one.latencies.p50_ms())
            .with("one_asker_p99_ms", one.latencies.p99_ms())
            .with("events", number(bench.entries.min(EVENTS_MAX)))
            .with("filled_per_s", filled.answered_per_s)
            .with("filled_and_indexed_per_s", filled.followed_per_s)
            .with("refused_batches", number(filled.refused)),
    );
    shelf.0 = Some(filled);
    Ok(())
}

/// Kept are no answers, but those that are checked are checked while nothing is measured: when all have been read.
async fn ask(url: &str, askers: usize, bench: &Bench, filled: &FilledEvents) -> Result<Calls<Box<[u8]>>, Failure> {
    let write = |number, request: &mut Vec<u8>| {
        let actor = ActorNumber::drawn(number).name();
        request.extend_from_slice(format!("GET /v1/events?actor={actor}&limit={ROWS} {REST}\r\n").as_bytes());
    };
    let read = |number: u64, body: &[u8]| Ok(number.is_multiple_of(KEPT).then(|| Box::<[u8]>::from(body)));
    let asked = exchanges(url, askers, bench.window, write, read).await?;
    for kept in &asked.kept {
        filled
            .by_actor
            .check(ActorNumber::drawn(kept.number), ROWS, &kept.reply)?;
    }
    Ok(asked)
}

/// Rows of a page: the most that one has.
const ROWS: usize = 100;

/// Connections that ask, one question at a time on each.
const ASKERS: usize = 4;

/// One answer in so many is kept: it has 160 kB.
const KEPT: u64 = 8;

/// The question is about a log of a million; more would say more about the disk that they take, 5 kB each.
const EVENTS_MAX: u64 = 1_000_000;
