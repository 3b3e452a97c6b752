//! Events submitted over gRPC: in batches, and one at a time.

use std::time::Instant;

use indelible_log::Kind;

use super::canonical::OneCore;
use super::filled::{indexed, wait_for_index};
use super::fresh;
use crate::cmd::Failure;
use crate::cmd::bench::entries::{BATCH_ENTRIES, first_of};
use crate::cmd::bench::events::{event, event_batch};
use crate::cmd::bench::load::{Calls, Kept, calls};
use crate::cmd::bench::scenario::beside::SIXTEEN;
use crate::cmd::bench::scenario::writers::{ONE, appends};
use crate::cmd::bench::scenario::{Bench, Round, say, settle};
use crate::cmd::bench::stats::{Observation, number};
use crate::wire::LoadedRun;

/// Batches of 1,000, 16 in flight. The tables of search and of keys follow meanwhile, and the log is sealed.
pub(super) async fn batches(bench: &Bench, core: OneCore, round: &mut Round) -> Result<(), Failure> {
    say("batches of events");
    settle(None).await?;
    let (log, server) = fresh(bench)?;
    let begin = Instant::now();
    let mut submitted: Calls<LoadedRun> = calls(
        server.url(),
        SIXTEEN,
        bench.window,
        move |mut client, number| async move { client.submit_batch(event_batch(number)).await },
    )
    .await?;
    let behind = indexed(server.url()).await?;
    wait_for_index(server.url()).await?;
    let followed = begin.elapsed().as_secs_f64();
    for Kept { number, .. } in &mut submitted.kept {
        *number = first_of(*number);
    }
    bench.checker(&log).submitted_batches(&submitted.kept, BATCH_ENTRIES)?;
    let memory = server.memory()?;
    drop(server);
    log.remove()?;
    let load = submitted.measured(bench.window);
    let per_second = load.per_second * number(BATCH_ENTRIES);
    round.observe(
        "events-batch",
        Observation::of(per_second)
            .against(core.foreign)
            .with("over_own_core", per_second / core.ours)
            .with("p50_ms", load.latencies.p50_ms())
            .with("p99_ms", load.latencies.p99_ms())
            .with(
                "indexed_when_answered",
                number(behind.indexed) / number(behind.size.max(1)),
            )
            .with("indexed_per_s", number(behind.size) / followed)
            .with("peak_mb", crate::cmd::bench::stats::mega(memory.peak_kb << 10)),
    );
    Ok(())
}

/// One event at a time, beside one entry at a time of a log of plain bytes.
pub(super) async fn single(bench: &Bench, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["events-single"]) {
        return Ok(());
    }
    say("one event at a time");
    settle(None).await?;
    let log = bench.place.new_log(Kind::Opaque)?;
    let server = bench.place.serve(&log)?;
    let appended = appends(server.url(), ONE, bench).await?;
    bench.checker(&log).appended(&appended.kept)?;
    drop(server);
    log.remove()?;

    settle(None).await?;
    let (log, server) = fresh(bench)?;
    let submitted = calls(server.url(), ONE, bench.window, |mut client, number| async move {
        client.submit(event(number)).await
    })
    .await?;
    bench.checker(&log).submitted(&submitted.kept)?;
    drop(server);
    log.remove()?;

    let (append, submit) = (appended.measured(bench.window), submitted.measured(bench.window));
    round.observe(
        "events-single",
        Observation::of(submit.latencies.p50_ms())
            .against(append.latencies.p50_ms())
            .with("p99_ms", submit.latencies.p99_ms())
            .with("append_p99_ms", append.latencies.p99_ms())
            .with("events_per_s", submit.per_second),
    );
    Ok(())
}
