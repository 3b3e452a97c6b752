//! Logs of events: what an event costs, what a service takes, and what it answers.

mod by_actor;
mod canonical;
mod filled;
mod hooks;
mod submit;

use indelible_log::Kind;

use self::filled::FilledEvents;
use super::{Bench, Round};
use crate::cmd::Failure;
use crate::cmd::bench::place::LogDir;
use crate::cmd::bench::server::Server;

/// The log of many events, which later runs use again.
#[derive(Debug, Default)]
pub(super) struct EventsShelf(Option<FilledEvents>);

/// Measures them.
pub(super) async fn measure(bench: &Bench, round: &mut Round, shelf: &mut EventsShelf) -> Result<(), Failure> {
    let core = match bench.wants(&["events-canonical", "events-batch"]) {
        true => Some(canonical::measure(bench, round).await?),
        false => None,
    };
    if let (true, Some(core)) = (bench.wants(&["events-batch"]), core) {
        submit::batches(bench, core, round).await?;
    }
    submit::single(bench, round).await?;
    by_actor::measure(bench, round, shelf).await?;
    hooks::measure(bench, round).await
}

/// An empty log of events, and its server.
fn fresh(bench: &Bench) -> Result<(LogDir, Server), Failure> {
    let log = bench.place.new_log(Kind::Events)?;
    let server = bench.place.serve(&log)?;
    Ok((log, server))
}
