//! What is done to measure the figures. A scenario makes a log, puts a load on it, and observes several figures at once.

mod at_rest;
mod audit;
mod authorised;
mod beside;
mod curve;
mod events;
mod filled;
mod large;
mod on_disk;
mod plain;
mod proofs;
mod writers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use indelible_log::Kind;
use tokio::time::sleep;

use super::check::{Checker, Thoroughness};
use super::figures::Figure;
use super::load::Window;
use super::place::{LogDir, Place};
use super::server::Server;
use super::stats::Observation;
use crate::cmd::Failure;
use crate::task::blocking;
use events::EventsShelf;
use filled::Filled;

pub(super) use curve::{Point, curves};
pub(super) use filled::whole_batches;

/// Everything that a scenario has to know.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) place: Arc<Place>,
    pub(super) window: Window,
    /// Entries of the large log: a whole number of batches.
    pub(super) entries: u64,
    pub(super) thoroughness: Thoroughness,
    /// The figures that are wanted.
    pub(super) figures: Vec<&'static Figure>,
}

/// What one run observed, by the figure's name.
#[derive(Debug, Default)]
pub(super) struct Round(Vec<(&'static str, Observation)>);

/// The large logs, which later runs use again if no figure wants to see them grow.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    filled: Option<Filled>,
    events: EventsShelf,
}

impl Bench {
    /// Measures every wanted figure once.
    pub(super) async fn round(&self, shelf: &mut Shelf) -> Result<Round, Failure> {
        let mut round = Round::default();
        writers::one_writer(self, &mut round).await?;
        writers::many_writers(self, &mut round).await?;
        authorised::measure(self, &mut round).await?;
        plain::add(self, &mut round).await?;
        beside::writer_beside_batches(self, &mut round).await?;
        events::measure(self, &mut round, &mut shelf.events).await?;
        if self.wants(large::FIGURES) {
            large::measure(self, &mut round, shelf).await?;
        }
        Ok(round)
    }

    /// Whether one of these figures is wanted.
    fn wants(&self, names: &[&str]) -> bool {
        self.figures.iter().any(|figure| names.contains(&figure.name))
    }

    /// An empty log, and its server.
    fn fresh(&self) -> Result<(LogDir, Server), Failure> {
        let log = self.place.new_log(Kind::Opaque)?;
        let server = self.place.serve(&log)?;
        Ok((log, server))
    }

    fn checker(&self, log: &LogDir) -> Checker {
        Checker {
            key: log.key.clone(),
            thoroughness: self.thoroughness,
        }
    }
}

impl Round {
    fn observe(&mut self, figure: &'static str, observation: Observation) {
        self.0.push((figure, observation));
    }

    /// What was observed of a figure.
    pub(super) fn of(&self, figure: &str) -> Option<&Observation> {
        self.0
            .iter()
            .find(|(name, _)| *name == figure)
            .map(|(_, observed)| observed)
    }
}

/// Waits until nothing is left to do of what was done before, so that the next window is not disturbed by it: what was written
/// is on the disk, and the server, if there is one, has sealed and indexed what it can.
async fn settle(server: Option<&Server>) -> Result<(), Failure> {
    blocking(rustix::fs::sync).await;
    let Some(server) = server else { return Ok(()) };
    let begin = Instant::now();
    let mut before = server.processor_ticks()?;
    while begin.elapsed() < SETTLE_MAX {
        sleep(QUIET).await;
        let after = server.processor_ticks()?;
        if after == before {
            break;
        }
        before = after;
    }
    let seconds = begin.elapsed().as_secs();
    if seconds >= WORTH_SAYING_SECONDS {
        say(format_args!(
            "(waited {seconds} s until the server had nothing left to do)"
        ));
    }
    blocking(rustix::fs::sync).await;
    Ok(())
}

/// A server that used no hundredth of a second of the processor in this time has nothing under way. Longer than the second of
/// quiet after which the log seals what is left.
const QUIET: Duration = Duration::from_millis(1_200);
/// The leaf index of ten million entries takes minutes to follow.
const SETTLE_MAX: Duration = Duration::from_secs(900);
const WORTH_SAYING_SECONDS: u64 = 5;

/// Says what is under way.
fn say(what: impl std::fmt::Display) {
    eprintln!("  {what}");
}
