//! The large log: how it grows, what it takes, how it starts, what it proves, and how it is checked at rest.

use super::filled::{Filled, Filling, whole_batches};
use super::on_disk::on_disk;
use super::{Bench, Round, Shelf, at_rest, audit, plain, proofs, say, settle};
use crate::cmd::Failure;
use crate::cmd::bench::entries::{BATCH_ENTRIES, ENTRY_BYTES};
use crate::cmd::bench::floor;
use crate::cmd::bench::load::Until;
use crate::cmd::bench::server::Server;
use crate::cmd::bench::stats::{Observation, count, mega, number};
use crate::task::blocking;

/// The figures that need the large log.
pub(super) const FIGURES: &[&str] = &[
    "batches-first",
    "batches-sustained",
    "memory-appending",
    "memory-proving",
    "start",
    "start-a-tenth",
    "inclusion",
    "consistency",
    "tiles",
    "batch-proof-random",
    "batch-proof-neighbours",
    "disk-journal",
    "disk-objects",
    "audit",
    "rebuild",
    "fsck",
];

/// Of them, those for which every run fills a log of its own.
const FILLING: &[&str] = &["batches-first", "batches-sustained", "memory-appending", "start"];

/// Those for which it is served.
const SERVED: &[&str] = &[
    "memory-proving",
    "start",
    "inclusion",
    "consistency",
    "tiles",
    "batch-proof-random",
    "batch-proof-neighbours",
    "disk-journal",
    "disk-objects",
    "audit",
];

/// Measures them.
pub(super) async fn measure(bench: &Bench, round: &mut Round, shelf: &mut Shelf) -> Result<(), Failure> {
    let a_tenth = a_tenth(bench, round).await?;
    let (filled, growth) = match shelf.filled.take() {
        Some(filled) if !bench.wants(FILLING) => (filled, None),
        earlier => {
            if let Some(earlier) = earlier {
                earlier.log.remove()?;
            }
            settle(None).await?;
            let floor = floor(bench).await?;
            let (filled, filling) = Filled::fill(bench, bench.entries).await?;
            (filled, Some((filling, floor)))
        }
    };
    if growth.is_some() || bench.wants(SERVED) {
        let (server, seconds) = filled.start(bench).await?;
        round.observe("start", start(&server, seconds));
        if let Some((filling, floor)) = growth {
            grown(&filling, floor, server.replayed(), round);
        }
        served(bench, &filled, &server, a_tenth, round).await?;
        blocking(move || server.stop()).await?;
        let [journal, objects] = on_disk(&filled.log, filled.size)?;
        round.observe("disk-journal", journal);
        round.observe("disk-objects", objects);
    }
    at_rest::measure(bench, &filled, round).await?;
    shelf.filled = Some(filled);
    Ok(())
}

/// A log with a tenth of the entries: its start, and its rate of inclusion proofs.
async fn a_tenth(bench: &Bench, round: &mut Round) -> Result<Option<f64>, Failure> {
    if !bench.wants(&["start-a-tenth", "inclusion"]) {
        return Ok(None);
    }
    let (filled, _filling) = Filled::fill(bench, whole_batches(bench.entries / 10)).await?;
    let (server, seconds) = filled.start(bench).await?;
    round.observe("start-a-tenth", start(&server, seconds));
    settle(Some(&server)).await?;
    let load = proofs::inclusion_rate(bench, &filled, &server).await?;
    drop(server);
    filled.log.remove()?;
    Ok(Some(load.per_second))
}

/// Entries a second that the disk allows, a batch at a time, and no more of them than the log will get.
async fn floor(bench: &Bench) -> Result<f64, Failure> {
    let (folder, length) = (bench.place.folder().to_owned(), bench.window.length);
    let batches = bench.entries / BATCH_ENTRIES;
    let batch_bytes = ENTRY_BYTES * usize::try_from(BATCH_ENTRIES)?;
    let load = blocking(move || floor::append_and_sync(&folder, batch_bytes, batches, length)).await?;
    Ok(load.per_second * number(BATCH_ENTRIES))
}

/// How the batches went in. `replayed` entries had not been sealed when the last batch was acknowledged.
fn grown(filling: &Filling, floor: f64, replayed: Option<u64>, round: &mut Round) {
    let calls = &filling.calls;
    let (all, first) = (calls.done.len(), calls.done.len().min(FIRST_BATCHES));
    let entries = |batches: usize| count(batches) * number(BATCH_ENTRIES);
    let seconds = |batches: usize| calls.time_of(batches).as_secs_f64();
    round.observe(
        "batches-first",
        Observation::of(entries(first) / seconds(first))
            .against(floor)
            .with("entries", entries(first)),
    );
    if let Some(replayed) = replayed {
        let latencies = calls.latencies();
        round.observe(
            "batches-sustained",
            Observation::of((entries(all) - number(replayed)) / seconds(all))
                .against(floor)
                .with("acknowledged_per_s", entries(all) / seconds(all))
                .with("unsealed_entries", number(replayed))
                .with("p50_ms", latencies.p50_ms())
                .with("p99_ms", latencies.p99_ms()),
        );
    }
    round.observe(
        "memory-appending",
        Observation::of(mega(filling.memory.peak_kb << 10)).with("resident_mb", mega(filling.memory.resident_kb << 10)),
    );
}

fn start(server: &Server, seconds: f64) -> Observation {
    let observation = Observation::of(seconds);
    match server.replayed() {
        Some(replayed) => observation.with("replayed_entries", number(replayed)),
        None => observation,
    }
}

async fn served(
    bench: &Bench,
    filled: &Filled,
    server: &Server,
    a_tenth: Option<f64>,
    round: &mut Round,
) -> Result<(), Failure> {
    if bench.wants(&["memory-proving"]) {
        say("memory after random proofs");
        let proofs = PROOFS.min(filled.size);
        proofs::inclusions(server.url(), filled.size, Until::Number(proofs)).await?;
        let memory = server.memory()?;
        round.observe(
            "memory-proving",
            Observation::of(mega(memory.resident_kb << 10)).with("peak_mb", mega(memory.peak_kb << 10)),
        );
    }
    settle(Some(server)).await?;
    proofs::rates(bench, filled, server, a_tenth, round).await?;
    plain::tiles(bench, filled, server, round).await?;
    proofs::together(bench, filled, server, round).await?;
    audit::measure(bench, filled, server, round).await
}

/// A million entries.
const FIRST_BATCHES: usize = 1_000;

/// Proofs that are asked for before memory is looked at.
const PROOFS: u64 = 100_000;
