//! The results, for people and for programs.

mod json;
mod plot;
mod table;

use super::bars::{Judged, Outcome, Quantity};
use super::figures::Figure;
use super::scenario::{Point, Round};
use super::stats::{Observation, median};

pub(super) use json::json;
pub(super) use plot::plot;
pub(super) use table::table;

/// What all runs together say.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) conditions: Conditions,
    pub(super) figures: Vec<Measured>,
    /// Latency against load, if it was asked for.
    pub(super) curves: Vec<(&'static str, Vec<Point>)>,
}

/// Under which all was measured.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) version: &'static str,
    pub(super) cpu: String,
    pub(super) cores: usize,
    pub(super) kernel: String,
    pub(super) entries: u64,
    pub(super) entry_bytes: usize,
    pub(super) seconds: f64,
    pub(super) runs: usize,
}

/// A figure as it was measured.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) figure: &'static Figure,
    /// The run in the middle.
    pub(super) median: Observation,
    /// The values of all runs, in their order.
    pub(super) values: Vec<f64>,
    pub(super) bars: Vec<Judged>,
}

impl Measured {
    /// Of a figure that the runs observed; `None` if none did.
    pub(super) fn of(figure: &'static Figure, rounds: &[Round]) -> Option<Measured> {
        let runs: Vec<Observation> = rounds
            .iter()
            .filter_map(|round| round.of(figure.name))
            .cloned()
            .collect();
        // The run in the middle of what is promised first; without a promise, of the value.
        let promised = figure.bars.first().map_or(Quantity::Value, |bar| bar.of);
        let median = median(&runs, |run| promised.read(run).unwrap_or(run.value))?.clone();
        Some(Measured {
            figure,
            values: runs.iter().map(|run| run.value).collect(),
            bars: figure.bars.iter().map(|bar| bar.judge(&median)).collect(),
            median,
        })
    }
}

impl Results {
    /// The figures of which a bar was not met.
    pub(super) fn missed(&self) -> Vec<&'static str> {
        let missed = |measured: &&Measured| measured.bars.iter().any(|judged| judged.outcome != Outcome::Met);
        self.figures
            .iter()
            .filter(missed)
            .map(|measured| measured.figure.name)
            .collect()
    }
}
