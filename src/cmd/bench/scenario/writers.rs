//! Single entries: from one writer, from 512, over streams, through the client library.

use super::{Bench, Round, say, settle};
use crate::cmd::Failure;
use crate::cmd::bench::disk::usage;
use crate::cmd::bench::entries::{ENTRY_BYTES, entry};
use crate::cmd::bench::floor;
use crate::cmd::bench::load::{Callers, Calls, Outstanding, calls, library, streams};
use crate::cmd::bench::place::LogDir;
use crate::cmd::bench::stats::{Observation, count, mega};
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
    let floor = blocking(move || floor::append_and_sync(&folder, ENTRY_BYTES, length)).await?;
    let floor_ms = floor.latencies.p50_ms();
    let empty = bench.place.serve_nothing(TYPICAL_SIZE)?;
    let ceiling_ms = appends(empty.url(), ONE, bench)
        .await?
        .measured(bench.window)
        .latencies
        .p50_ms();
    drop(empty);

    let log = bench.place.new_log()?;
    let server = bench.place.serve(&log)?;
    let appended = appends(server.url(), ONE, bench).await?;
    let load = appended.measured(bench.window);
    bench.checker(&log).appended(&appended.kept)?;
    let (p50, p99) = (load.latencies.p50_ms(), load.latencies.p99_ms());
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
    blocking(move || server.stop()).await?;
    on_disk(&log, appended.kept.len(), round)?;
    Ok(log.remove()?)
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
    let log = bench.place.new_log()?;
    let server = bench.place.serve(&log)?;
    let appended = appends(server.url(), MANY, bench).await?;
    let unary = appended.measured(bench.window);
    bench.checker(&log).appended(&appended.kept)?;
    drop(server);
    log.remove()?;
    round.observe(
        "writers-512",
        Observation::of(unary.per_second)
            .against(ceiling.per_second)
            .with("p50_ms", unary.latencies.p50_ms())
            .with("p99_ms", unary.latencies.p99_ms())
            .with("ceiling_p99_ms", ceiling.latencies.p99_ms()),
    );

    if bench.wants(&["stream"]) {
        say("8 streams");
        settle(None).await?;
        let ceiling = streams(empty.url(), EIGHT_STREAMS, bench.window)
            .await?
            .measured(bench.window);
        let log = bench.place.new_log()?;
        let server = bench.place.serve(&log)?;
        let streamed = streams(server.url(), EIGHT_STREAMS, bench.window).await?;
        let load = streamed.measured(bench.window);
        bench.checker(&log).acknowledged(&streamed.kept)?;
        drop(server);
        log.remove()?;
        round.observe(
            "stream",
            Observation::of(load.per_second)
                .against(ceiling.per_second)
                .with("p50_ms", load.latencies.p50_ms())
                .with("p99_ms", load.latencies.p99_ms())
                .with("over_writers_512", load.per_second / unary.per_second)
                .with(
                    "entries_per_acknowledgement",
                    count(streamed.done.len()) / count(streamed.kept.len()),
                ),
        );
    }

    if bench.wants(&["library"]) {
        say("512 tasks of the client library");
        settle(None).await?;
        let log = bench.place.new_log()?;
        let server = bench.place.serve(&log)?;
        let received = library(server.url(), log.key.clone(), 512, bench.window).await?;
        let load = received.measured(bench.window);
        bench.checker(&log).received(&received.kept)?;
        drop(server);
        log.remove()?;
        round.observe(
            "library",
            Observation::of(load.per_second)
                .against(unary.per_second)
                .with("p50_ms", load.latencies.p50_ms())
                .with("p99_ms", load.latencies.p99_ms()),
        );
    }
    Ok(())
}

/// Appends from all callers, each an entry of its own at a time.
pub(super) async fn appends(url: &str, callers: Callers, bench: &Bench) -> Result<Calls<Included>, Failure> {
    calls(url, callers, bench.window, |mut client, number| async move {
        client.append(entry(number)).await
    })
    .await
}

fn on_disk(log: &LogDir, entries: usize, round: &mut Round) -> Result<(), Failure> {
    let raw = count(entries * ENTRY_BYTES) / 1e6;
    let journal = usage(&log.data.journal())?;
    let objects = usage(&log.data.tree())?;
    round.observe(
        "disk-journal-singles",
        Observation::of(mega(journal.written))
            .against(raw)
            .with("allocated_mb", mega(journal.allocated))
            .with("entries", count(entries)),
    );
    round.observe(
        "disk-objects-singles",
        Observation::of(mega(objects.allocated))
            .against(raw)
            .with("apparent_mb", mega(objects.apparent))
            .with("entries", count(entries)),
    );
    Ok(())
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

/// The size that a log reaches in such a load; the empty handlers' proofs are as long as in a log of this size.
pub(super) const TYPICAL_SIZE: u64 = 100_000;
