//! What is promised of a figure, and whether it was kept. Pure.

use std::fmt;

use super::stats::Observation;

/// A promise: a bound on something that was observed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) of: Quantity,
    pub(super) bound: Bound,
}

/// What is bounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Quantity {
    /// The figure's value.
    Value,
    /// Its value by its limit.
    Ratio,
    /// Something that was observed beside it.
    Extra(&'static str),
}

/// The bound; what lies on it is within.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// How a promise was kept in one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Judged {
    pub(super) bar: Bar,
    /// What was observed; `None` if the run did not observe it, so that nothing can be said.
    pub(super) got: Option<f64>,
    pub(super) outcome: Outcome,
}

/// Whether it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Met,
    Missed,
    /// What the bar is about was not observed.
    Unknown,
}

impl Bar {
    /// Holds an observation against the bar.
    pub(super) fn judge(self, observation: &Observation) -> Judged {
        let got = self.of.read(observation);
        let outcome = match got.map(|got| self.bound.holds(got)) {
            Some(true) => Outcome::Met,
            Some(false) => Outcome::Missed,
            None => Outcome::Unknown,
        };
        Judged {
            bar: self,
            got,
            outcome,
        }
    }
}

impl Quantity {
    /// What an observation has of it.
    pub(super) fn read(self, observation: &Observation) -> Option<f64> {
        match self {
            Quantity::Value => Some(observation.value),
            Quantity::Ratio => observation.ratio(),
            Quantity::Extra(name) => observation.extra(name),
        }
    }
}

impl Bound {
    fn holds(self, got: f64) -> bool {
        match self {
            Bound::AtLeast(least) => got >= least,
            Bound::AtMost(most) => got <= most,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self.of {
            Quantity::Value => "value",
            Quantity::Ratio => "ratio",
            Quantity::Extra(name) => name,
        };
        match self.bound {
            Bound::AtLeast(least) => write!(f, "{of} ≥ {least}"),
            Bound::AtMost(most) => write!(f, "{of} ≤ {most}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Met => "met",
            Outcome::Missed => "missed",
            Outcome::Unknown => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation() -> Observation {
        Observation::of(30.0).against(100.0).with("p99_ms", 12.5)
    }

    #[test]
    fn bars_are_judged_by_table() {
        let cases = [
            (Quantity::Value, Bound::AtMost(30.0), Some(30.0), Outcome::Met),
            (Quantity::Value, Bound::AtMost(29.9), Some(30.0), Outcome::Missed),
            (Quantity::Ratio, Bound::AtLeast(0.3), Some(0.3), Outcome::Met),
            (Quantity::Ratio, Bound::AtLeast(0.31), Some(0.3), Outcome::Missed),
            (
                Quantity::Extra("p99_ms"),
                Bound::AtMost(12.0),
                Some(12.5),
                Outcome::Missed,
            ),
            (Quantity::Extra("p50_ms"), Bound::AtMost(12.0), None, Outcome::Unknown),
        ];
        for (of, bound, got, outcome) in cases {
            let judged = Bar { of, bound }.judge(&observation());
            assert_eq!((judged.got, judged.outcome), (got, outcome), "{of:?} {bound:?}");
        }
    }

    #[test]
    fn a_ratio_without_a_limit_is_unknown() {
        let bar = Bar {
            of: Quantity::Ratio,
            bound: Bound::AtLeast(0.0),
        };
        assert_eq!(bar.judge(&Observation::of(1.0)).outcome, Outcome::Unknown);
    }
}
