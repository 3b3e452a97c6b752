//! One writer of single entries while others append batches: whether it still gets its turn.

use super::writers::{ONE, TYPICAL_SIZE, appends};
use super::{Bench, Round, say, settle};
use crate::cmd::Failure;
use crate::cmd::bench::entries::{batch, first_of};
use crate::cmd::bench::load::{Callers, Calls, Kept, Until, calls};
use crate::cmd::bench::stats::{Observation, count};
use crate::wire::{Acknowledged, Included};

/// One writer beside 16 batches in flight.
pub(super) async fn writer_beside_batches(bench: &Bench, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["writer-beside-batches"]) {
        return Ok(());
    }
    say("one writer beside batches");
    settle(None).await?;
    let empty = bench.place.serve_nothing(TYPICAL_SIZE)?;
    let (ceiling, _batches) = both(empty.url(), bench).await?;
    drop(empty);
    let (log, server) = bench.fresh()?;
    let (appended, batches) = both(server.url(), bench).await?;
    let load = appended.measured(bench.window);
    let checker = bench.checker(&log);
    checker.appended(&appended.kept)?;
    checker.acknowledged(&batches.kept)?;
    drop(server);
    log.remove()?;
    let batched = batches.measured(bench.window).per_second * count(1_000);
    round.observe(
        "writer-beside-batches",
        Observation::of(load.latencies.p99_ms())
            .against(ceiling.measured(bench.window).latencies.p99_ms())
            .with("p50_ms", load.latencies.p50_ms())
            .with("batched_entries_per_s", batched),
    );
    Ok(())
}

async fn both(url: &str, bench: &Bench) -> Result<(Calls<Included>, Calls<Acknowledged>), Failure> {
    let batches = batches(url, bench.window.into(), BATCHES_BEGIN);
    tokio::try_join!(appends(url, ONE, bench), batches)
}

/// Appends batches, 16 in flight. Replies are kept by the number of their first entry. The first batch has the number `begin`.
pub(super) async fn batches(url: &str, until: Until, begin: u64) -> Result<Calls<Acknowledged>, Failure> {
    let mut calls = calls(url, SIXTEEN, until, move |mut client, number| async move {
        client.append_batch(batch(begin + number)).await
    })
    .await?;
    for Kept { number, .. } in &mut calls.kept {
        *number = first_of(begin + *number);
    }
    Ok(calls)
}

pub(super) const SIXTEEN: Callers = Callers {
    connections: 4,
    on_each: 4,
};

/// Far from the numbers of the single entries.
const BATCHES_BEGIN: u64 = 1 << 32;
