//! Latency against load, for the plot.

use super::writers::appends;
use super::{Bench, say};
use crate::cmd::Failure;
use crate::cmd::bench::load::{Callers, Outstanding, streams};
use crate::cmd::bench::stats::Load;

/// One load and what became of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::cmd::bench) struct Point {
    /// Entries that were under way at a time.
    pub(in crate::cmd::bench) in_flight: u64,
    pub(in crate::cmd::bench) entries_per_s: f64,
    pub(in crate::cmd::bench) p50_ms: f64,
    pub(in crate::cmd::bench) p99_ms: f64,
}

/// Single entries by unary calls and over streams, at rising loads, each curve on a log of its own.
pub(in crate::cmd::bench) async fn curves(bench: &Bench) -> Result<[(&'static str, Vec<Point>); 2], Failure> {
    let mut unary = Vec::new();
    let (log, server) = bench.fresh()?;
    for exponent in 0..=9 {
        let in_flight: usize = 1 << exponent;
        say(format_args!("unary, {in_flight} in flight"));
        let connections = in_flight.min(8);
        let callers = Callers {
            connections,
            on_each: in_flight / connections,
        };
        let load = appends(server.url(), callers, bench).await?.measured(bench.window);
        unary.push(Point::of(in_flight as u64, &load));
    }
    drop(server);
    log.remove()?;

    let mut streamed = Vec::new();
    let (log, server) = bench.fresh()?;
    for on_each in [1, 4, 16, 64, 256, 1_024] {
        say(format_args!("8 streams, {on_each} outstanding on each"));
        let outstanding = Outstanding { streams: 8, on_each };
        let load = streams(server.url(), outstanding, bench.window)
            .await?
            .measured(bench.window);
        streamed.push(Point::of(8 * on_each, &load));
    }
    drop(server);
    log.remove()?;
    Ok([("unary", unary), ("stream", streamed)])
}

impl Point {
    fn of(in_flight: u64, load: &Load) -> Point {
        Point {
            in_flight,
            entries_per_s: load.per_second,
            p50_ms: load.latencies.p50_ms(),
            p99_ms: load.latencies.p99_ms(),
        }
    }
}
