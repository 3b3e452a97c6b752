//! Proofs out of a log that is full: their rate, and their size.

use std::collections::BTreeSet;

use indelible_merkle::{Hash, proof};

use super::filled::Filled;
use super::writers::{MANY, with_latencies};
use super::{Bench, Round, say};
use crate::cmd::Failure;
use crate::cmd::bench::entries::scattered;
use crate::cmd::bench::load::{Calls, Kept, Until, calls};
use crate::cmd::bench::server::Server;
use crate::cmd::bench::stats::{Load, Observation, count};
use crate::wire::{Continued, Included, LoadClient};

/// Inclusion and consistency proofs by the second, held against empty handlers. `over_a_tenth` is the rate of inclusion proofs
/// from a log with a tenth of the entries.
pub(super) async fn rates(
    bench: &Bench,
    filled: &Filled,
    server: &Server,
    over_a_tenth: Option<f64>,
    round: &mut Round,
) -> Result<(), Failure> {
    if !bench.wants(&["inclusion", "consistency"]) {
        return Ok(());
    }
    let empty = bench.place.serve_nothing(filled.size)?;
    if bench.wants(&["inclusion"]) {
        let ceiling = inclusions(empty.url(), filled.size, bench.window.into())
            .await?
            .measured(bench.window);
        let load = inclusion_rate(bench, filled, server).await?;
        let observation = with_latencies(Observation::of(load.per_second).against(ceiling.per_second), &load);
        let observation = match over_a_tenth {
            Some(rate) => observation
                .with("a_tenth_per_s", rate)
                .with("over_a_tenth", load.per_second / rate),
            None => observation,
        };
        round.observe("inclusion", observation);
    }
    if bench.wants(&["consistency"]) {
        say("consistency proofs");
        let ceiling = consistencies(empty.url(), filled.size, bench)
            .await?
            .measured(bench.window);
        let proved = consistencies(server.url(), filled.size, bench).await?;
        let newest = LoadClient::connect(server.url()).await?.head().await?;
        let load = proved.measured(bench.window);
        bench
            .checker(&filled.log)
            .continued(&proved.kept, &newest, |index| filled.leaf_at(index))?;
        let observation = Observation::of(load.per_second).against(ceiling.per_second);
        round.observe("consistency", with_latencies(observation, &load));
    }
    Ok(())
}

/// Random inclusion proofs, checked.
pub(super) async fn inclusion_rate(bench: &Bench, filled: &Filled, server: &Server) -> Result<Load, Failure> {
    say(format_args!("inclusion proofs in {} entries", filled.size));
    let proved = inclusions(server.url(), filled.size, bench.window.into()).await?;
    let checker = bench.checker(&filled.log);
    checker.proved(&proved.kept, |index| filled.leaf_at(index))?;
    Ok(proved.measured(bench.window))
}

/// Asks for proofs of random entries; replies are kept by their index.
pub(super) async fn inclusions(url: &str, size: u64, until: Until) -> Result<Calls<Included>, Failure> {
    let mut calls = calls(url, MANY, until, move |mut client, number| async move {
        client.inclusion(scattered(number) % size).await
    })
    .await?;
    for Kept { number, .. } in &mut calls.kept {
        *number = scattered(*number) % size;
    }
    Ok(calls)
}

/// How many hashes one proof of 1,000 leaves has, against 1,000 proofs.
pub(super) async fn together(
    bench: &Bench,
    filled: &Filled,
    server: &Server,
    round: &mut Round,
) -> Result<(), Failure> {
    let begin = scattered(filled.size) % (filled.size - LEAVES as u64 + 1);
    let neighbours = (begin..filled.size).take(LEAVES).collect();
    let mut random = BTreeSet::new();
    let mut numbers = 0..;
    while random.len() < LEAVES {
        random.extend(numbers.next().map(|number| scattered(number) % filled.size));
    }
    let cases = [
        ("batch-proof-random", random.into_iter().collect::<Vec<u64>>()),
        ("batch-proof-neighbours", neighbours),
    ];
    let mut client = LoadClient::connect(server.url()).await?;
    for (figure, indices) in cases {
        if !bench.wants(&[figure]) {
            continue;
        }
        let reply = client.inclusions(indices.clone()).await?;
        let leaves: Vec<(u64, Hash)> = indices.iter().map(|&index| (index, filled.leaf_at(index))).collect();
        bench.checker(&filled.log).proved_together(&leaves, &reply)?;
        let mut single = 0;
        for &index in &indices {
            let plan = proof::inclusion(index, filled.size)?;
            single += plan.finish(&vec![Hash::EMPTY_ROOT; plan.nodes().len()])?.hashes().len();
        }
        round.observe(
            figure,
            Observation::of(count(reply.hashes.len() / Hash::BYTES)).against(count(single)),
        );
    }
    Ok(())
}

async fn consistencies(url: &str, size: u64, bench: &Bench) -> Result<Calls<Continued>, Failure> {
    calls(url, MANY, bench.window, move |mut client, number| async move {
        // Both from 1 to the size.
        let one = 1 + scattered(2 * number) % size;
        let other = 1 + scattered(2 * number + 1) % size;
        client.consistency(one.min(other), one.max(other)).await
    })
    .await
}

/// The most leaves that the service proves at once.
const LEAVES: usize = indelible_merkle::BATCH_MAX;
