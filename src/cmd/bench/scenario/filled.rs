//! A log that batches have filled, and that remembers where each entry went.

use std::time::Instant;

use indelible_merkle::Hash;

use super::beside::batches;
use super::{Bench, say};
use crate::cmd::Failure;
use crate::cmd::bench::entries::{BATCH_ENTRIES, first_of, leaf};
use crate::cmd::bench::load::{Calls, Until};
use crate::cmd::bench::memory::Memory;
use crate::cmd::bench::place::LogDir;
use crate::cmd::bench::server::Server;
use crate::wire::{Acknowledged, LoadClient};

/// A log of whole batches.
#[derive(Debug)]
pub(super) struct Filled {
    pub(super) log: LogDir,
    pub(super) size: u64,
    /// The number of the entry at each place that is a multiple of a batch.
    firsts: Vec<u64>,
}

/// How filling it went.
#[derive(Debug)]
pub(super) struct Filling {
    pub(super) calls: Calls<Acknowledged>,
    /// Memory of the server when all had been acknowledged.
    pub(super) memory: Memory,
}

impl Filled {
    /// Makes a log and fills it, and kills the server at once when the last batch is acknowledged.
    pub(super) async fn fill(bench: &Bench, size: u64) -> Result<(Filled, Filling), Failure> {
        say(format_args!("filling a log with {size} entries"));
        let (log, server) = bench.fresh()?;
        let calls = batches(server.url(), Until::Number(size / BATCH_ENTRIES), 0).await?;
        let memory = server.memory()?;
        server.kill()?;
        bench.checker(&log).acknowledged(&calls.kept)?;
        let mut firsts = vec![0; calls.kept.len()];
        for kept in &calls.kept {
            let place = usize::try_from(kept.reply.first / BATCH_ENTRIES)?;
            *firsts.get_mut(place).ok_or("a batch went beyond the log's end")? = kept.number;
        }
        let filled = Filled { log, size, firsts };
        Ok((filled, Filling { calls, memory }))
    }

    /// Starts it, and how many seconds passed until it had answered.
    pub(super) async fn start(&self, bench: &Bench) -> Result<(Server, f64), Failure> {
        started(bench, &self.log).await
    }

    /// The leaf hash of the entry at this index.
    pub(super) fn leaf_at(&self, index: u64) -> Hash {
        let place = usize::try_from(index / BATCH_ENTRIES).expect("the index of an entry that was sent");
        leaf(self.firsts[place] + index % BATCH_ENTRIES)
    }
}

/// Starts a log, and how many seconds passed until it had answered.
pub(super) async fn started(bench: &Bench, log: &LogDir) -> Result<(Server, f64), Failure> {
    let begin = Instant::now();
    let server = bench.place.serve(log)?;
    LoadClient::connect(server.url()).await?.head().await?;
    Ok((server, begin.elapsed().as_secs_f64()))
}

/// As many entries as go into whole batches: at least one batch.
pub(in crate::cmd::bench) fn whole_batches(entries: u64) -> u64 {
    first_of((entries / BATCH_ENTRIES).max(1))
}
