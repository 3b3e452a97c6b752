//! Plain HTTP/1.1: entries posted one by one, and full tiles read.

use futures_util::{StreamExt, TryStreamExt, stream};
use indelible_merkle::{TILE_WIDTH, TileId, TilePath};

use super::filled::Filled;
use super::writers::{TYPICAL_SIZE, with_latencies};
use super::{Bench, Round, say, settle};
use crate::cmd::Failure;
use crate::cmd::bench::entries::{ENTRY_BYTES, entry, scattered};
use crate::cmd::bench::load::{Calls, Kept, REST, exchanges};
use crate::cmd::bench::server::Server;
use crate::cmd::bench::stats::Observation;
use crate::wire::LoadClient;

/// `POST /add`, each connection an entry of its own at a time.
pub(super) async fn add(bench: &Bench, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["add"]) {
        return Ok(());
    }
    say("512 connections that post entries");
    settle(None).await?;
    let empty = bench.place.serve_nothing(TYPICAL_SIZE)?;
    let ceiling = posts(empty.url(), bench).await?.measured(bench.window);
    drop(empty);
    let (log, server) = bench.fresh()?;
    let posted = posts(server.url(), bench).await?;
    let checker = bench.checker(&log);
    let told = checker.told(&posted.kept)?;
    let client = LoadClient::connect(server.url()).await?;
    let proofs = stream::iter(told).map(|told| prove(client.clone(), *told));
    let proved: Vec<_> = proofs.buffered(PROOFS_AT_ONCE).try_collect().await?;
    checker.stand_where_told(&proved)?;
    drop(server);
    log.remove()?;
    let load = posted.measured(bench.window);
    let observation = with_latencies(Observation::of(load.per_second).against(ceiling.per_second), &load)
        .with("ceiling_p99_ms", ceiling.latencies.p99_ms());
    round.observe("add", observation);
    Ok(())
}

/// Random full tiles of leaf hashes out of a log that is full.
pub(super) async fn tiles(bench: &Bench, filled: &Filled, server: &Server, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["tiles"]) {
        return Ok(());
    }
    say(format_args!("full tiles of {} entries", filled.size));
    let empty = bench.place.serve_nothing(filled.size)?;
    let ceiling = gets(empty.url(), filled.size, bench).await?.measured(bench.window);
    drop(empty);
    let got = gets(server.url(), filled.size, bench).await?;
    bench
        .checker(&filled.log)
        .tiles(&got.kept, |index| filled.leaf_at(index))?;
    let load = got.measured(bench.window);
    let observation = with_latencies(Observation::of(load.per_second).against(ceiling.per_second), &load);
    round.observe("tiles", observation);
    Ok(())
}

/// Kept are the indices that the senders were told, by the entry's number.
async fn posts(url: &str, bench: &Bench) -> Result<Calls<u64>, Failure> {
    let write = |number, request: &mut Vec<u8>| {
        request.extend_from_slice(format!("POST /add {REST}content-length: {ENTRY_BYTES}\r\n\r\n").as_bytes());
        request.extend_from_slice(&entry(number));
    };
    let read = |_, body: &[u8]| {
        let index = std::str::from_utf8(body)?.trim_end().parse()?;
        Ok(Some(index))
    };
    exchanges(url, POSTING, bench.window, write, read).await
}

async fn prove(mut client: LoadClient, told: Kept<u64>) -> Result<Kept<(u64, crate::wire::Included)>, Failure> {
    let proof = client.inclusion(told.reply).await?;
    Ok(Kept {
        number: told.number,
        reply: (told.reply, proof),
    })
}

/// Kept is one in [`KEPT`] tiles, by its index.
async fn gets(url: &str, size: u64, bench: &Bench) -> Result<Calls<Box<[u8]>>, Failure> {
    let tile_of = move |number| scattered(number) % (size / TILE_WIDTH);
    let write = move |number, request: &mut Vec<u8>| {
        let index = tile_of(number);
        let path = TilePath::of_tile(TileId { level: 0, index }, size).expect("a full tile of the log");
        request.extend_from_slice(format!("GET /{path} {REST}\r\n").as_bytes());
    };
    let read = |number: u64, body: &[u8]| Ok(number.is_multiple_of(KEPT).then(|| body.into()));
    let mut calls = exchanges(url, GETTING, bench.window, write, read).await?;
    for Kept { number, .. } in &mut calls.kept {
        *number = tile_of(*number);
    }
    Ok(calls)
}

/// Connections that post.
const POSTING: usize = 512;

/// Connections that read. A tile is 8 KiB: more of them would measure nothing but the kernel's buffers.
const GETTING: usize = 64;

/// A gigabyte of tiles goes by in a window.
const KEPT: u64 = 64;

const PROOFS_AT_ONCE: usize = 64;
