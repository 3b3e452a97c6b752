//! Single entries: from one writer, from 512, over streams, through the client library.

use super::on_disk::on_disk;
use super::{Bench, Round, say, settle};
use crate::cmd::Failure;
use crate::cmd::bench::entries::{ENTRY_BYTES, entry};
use crate::cmd::bench::floor;
use crate::cmd::bench::load::{Callers, Calls, Outstanding, calls, library, streams};
use crate::cmd::bench::server::Server;
use crate::cmd::bench::stats::{Load, Observation, count};
use crate::task::blocking;
use crate::wire::Included;

/// One writer, and what its entries take on the disk.
pub(super) async fn one_writer(bench: &Bench, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["one-writer", "disk-journal-singles", "disk-objects-singles"]) {
        return Ok(());
    }
    say("one writer");
    settle(None).await?;
    let (folder, length) = (bench.place.folder().to_owned(), bench.window.length);
    let floor = blocking(move || floor::append_and_sync(&folder, ENTRY_BYTES, u64::MAX, length)).await?;
    let empty = bench.place.serve_nothing(TYPICAL_SIZE)?;
    let ceiling = appends(empty.url(), ONE, bench).await?.measured(bench.window);
    drop(empty);

    let (log, server) = bench.fresh()?;
    let appended = appends(server.url(), ONE, bench).await?;
    bench.checker(&log).appended(&appended.kept)?;
    blocking(move || server.stop()).await?;
    let [journal, objects] = on_disk(&log, appended.kept.len() as u64)?;
    log.remove()?;

    let load = appended.measured(bench.window);
    let (p50, p99) = (load.latencies.p50_ms(), load.latencies.p99_ms());
    let (floor_ms, ceiling_ms) = (floor.latencies.p50_ms(), ceiling.latencies.p50_ms());
    let limit = floor_ms + ceiling_ms;
    round.observe(
        "one-writer",
        Observation::of(p50)
            .against(limit)
            .with("p99_ms", p99)
            .with("p99_over_p50", p99 / p50)
            .with("over_limit_ms", p50 - limit)
            .with("floor_ms", floor_ms)
            .with("ceiling_ms", ceiling_ms)
            .with("entries_per_s", load.per_second),
    );
    round.observe("disk-journal-singles", journal);
    round.observe("disk-objects-singles", objects);
    Ok(())
}

/// 512 writers, and what is held against them: streams and the client library.
pub(super) async fn many_writers(bench: &Bench, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["writers-512", "stream", "library"]) {
        return Ok(());
    }
    say("512 writers");
    settle(None).await?;
    let empty = bench.place.serve_nothing(TYPICAL_SIZE)?;
    let ceiling = appends(empty.url(), MANY, bench).await?.measured(bench.window);
    let (log, server) = bench.fresh()?;
    let appended = appends(server.url(), MANY, bench).await?;
    bench.checker(&log).appended(&appended.kept)?;
    drop(server);
    log.remove()?;
    let load = appended.measured(bench.window);
    let observation = with_latencies(Observation::of(load.per_second).against(ceiling.per_second), &load)
        .with("ceiling_p99_ms", ceiling.latencies.p99_ms());
    round.observe("writers-512", observation);
    if bench.wants(&["stream"]) {
        over_streams(bench, &empty, load.per_second, round).await?;
    }
    if bench.wants(&["library"]) {
        through_library(bench, load.per_second, round).await?;
    }
    Ok(())
}

async fn over_streams(bench: &Bench, empty: &Server, unary: f64, round: &mut Round) -> Result<(), Failure> {
    say("8 streams");
    settle(None).await?;
    let ceiling = streams(empty.url(), EIGHT_STREAMS, bench.window)
        .await?
        .measured(bench.window);
    let (log, server) = bench.fresh()?;
    let streamed = streams(server.url(), EIGHT_STREAMS, bench.window).await?;
    bench.checker(&log).acknowledged(&streamed.kept)?;
    drop(server);
    log.remove()?;
    let load = streamed.measured(bench.window);
    let each = count(streamed.done.len()) / count(streamed.kept.len());
    let observation = with_latencies(Observation::of(load.per_second).against(ceiling.per_second), &load)
        .with("over_writers_512", load.per_second / unary)
        .with("entries_per_acknowledgement", each);
    round.observe("stream", observation);
    Ok(())
}

async fn through_library(bench: &Bench, unary: f64, round: &mut Round) -> Result<(), Failure> {
    say("512 tasks of the client library");
    settle(None).await?;
    let (log, server) = bench.fresh()?;
    let received = library(server.url(), log.key.clone(), TASKS, bench.window).await?;
    bench.checker(&log).received(&received.kept)?;
    drop(server);
    log.remove()?;
    let load = received.measured(bench.window);
    round.observe(
        "library",
        with_latencies(Observation::of(load.per_second).against(unary), &load),
    );
    Ok(())
}

/// Appends from all callers, each an entry of its own at a time.
pub(super) async fn appends(url: &str, callers: Callers, bench: &Bench) -> Result<Calls<Included>, Failure> {
    calls(url, callers, bench.window, |mut client, number| async move {
        client.append(entry(number)).await
    })
    .await
}

/// Adds median and 99th percentile.
pub(super) fn with_latencies(observation: Observation, load: &Load) -> Observation {
    observation
        .with("p50_ms", load.latencies.p50_ms())
        .with("p99_ms", load.latencies.p99_ms())
}

pub(super) const ONE: Callers = Callers {
    connections: 1,
    on_each: 1,
};
pub(super) const MANY: Callers = Callers {
    connections: 8,
    on_each: 64,
};
const EIGHT_STREAMS: Outstanding = Outstanding {
    streams: 8,
    on_each: 64,
};
const TASKS: usize = 512;

/// The size that a log reaches in such a load; the empty handlers' proofs are as long as in a log of this size.
pub(super) const TYPICAL_SIZE: u64 = 100_000;
