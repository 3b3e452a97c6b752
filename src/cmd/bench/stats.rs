//! Latencies, rates and medians. Pure: the clock is read elsewhere.

use std::time::Duration;

/// A call, or a part of one, that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    /// When it ended, counted from the beginning of the load.
    pub(super) ended_us: u32,
    /// How long it took.
    pub(super) took_us: u32,
}

impl Done {
    /// A load runs for minutes: 32 bits of microseconds are 71 of them, and what takes longer is counted as that.
    pub(super) fn new(ended: Duration, took: Duration) -> Done {
        Done {
            ended_us: microseconds(ended),
            took_us: microseconds(took),
        }
    }
}

/// Everything that ended within a window of time.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// How many a second.
    pub(super) per_second: f64,
    /// How long each took.
    pub(super) latencies: Latencies,
}

impl Load {
    /// What of `done` ended in the window that begins at `from` and is `length` long.
    pub(super) fn within(done: &[Done], from: Duration, length: Duration) -> Load {
        let window = microseconds(from)..microseconds(from + length);
        let inside = done.iter().filter(|done| window.contains(&done.ended_us));
        let latencies = Latencies::of(inside.map(|done| done.took_us).collect());
        Load {
            per_second: count(latencies.sorted_us.len()) / length.as_secs_f64(),
            latencies,
        }
    }
}

/// How long calls took.
#[derive(Clone, Debug)]
pub(super) struct Latencies {
    sorted_us: Vec<u32>,
}

impl Latencies {
    /// Of microseconds, in any order.
    pub(super) fn of(mut took_us: Vec<u32>) -> Latencies {
        took_us.sort_unstable();
        Latencies { sorted_us: took_us }
    }

    /// The latency in milliseconds that a share of the calls, from 0 to 1, did not exceed (nearest rank). 0 if there were none.
    pub(super) fn quantile_ms(&self, share: f64) -> f64 {
        let rank = (share * count(self.sorted_us.len())).ceil();
        #[expect(clippy::cast_possible_truncation, reason = "a rank lies between 0 and the count")]
        let place = (rank as usize).saturating_sub(1);
        self.sorted_us.get(place).map_or(0.0, |&us| f64::from(us) / 1_000.0)
    }

    pub(super) fn p50_ms(&self) -> f64 {
        self.quantile_ms(0.50)
    }

    pub(super) fn p99_ms(&self) -> f64 {
        self.quantile_ms(0.99)
    }
}

/// What one run found out for one figure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Observation {
    /// In the figure's unit.
    pub(super) value: f64,
    /// What the machine allowed in the same run, in the same unit.
    pub(super) limit: Option<f64>,
    /// What else was seen, by name; the unit is at the end of the name.
    pub(super) extras: Vec<(&'static str, f64)>,
}

impl Observation {
    pub(super) fn of(value: f64) -> Observation {
        Observation {
            value,
            limit: None,
            extras: Vec::new(),
        }
    }

    pub(super) fn against(self, limit: f64) -> Observation {
        Observation {
            limit: Some(limit),
            ..self
        }
    }

    pub(super) fn with(mut self, name: &'static str, extra: f64) -> Observation {
        self.extras.push((name, extra));
        self
    }

    pub(super) fn ratio(&self) -> Option<f64> {
        self.limit.map(|limit| self.value / limit)
    }

    pub(super) fn extra(&self, name: &str) -> Option<f64> {
        self.extras
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }
}

/// The run in the middle, ordered by `key`; of an even number the lower one of the two. All that is said of a figure comes from
/// this one run, so that its numbers fit together.
pub(super) fn median(runs: &[Observation], key: impl Fn(&Observation) -> f64) -> Option<&Observation> {
    let mut order: Vec<&Observation> = runs.iter().collect();
    order.sort_by(|a, b| key(a).total_cmp(&key(b)));
    order.get(order.len().checked_sub(1)? / 2).copied()
}

/// A number of things as a number to compute with. Exact up to 2^53.
pub(super) fn count(things: usize) -> f64 {
    things as f64
}

/// Like [`count`].
pub(super) fn number(things: u64) -> f64 {
    things as f64
}

/// Bytes in millions.
pub(super) fn mega(bytes: u64) -> f64 {
    number(bytes) / 1e6
}

fn microseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let hundred = Latencies::of((1..=100).rev().map(|ms| ms * 1_000).collect());
        for (share, expected) in [
            (0.0, 1.0),
            (0.01, 1.0),
            (0.5, 50.0),
            (0.99, 99.0),
            (0.991, 100.0),
            (1.0, 100.0),
        ] {
            assert_eq!(hundred.quantile_ms(share), expected, "{share}");
        }
        assert_eq!(Latencies::of(vec![7_500]).p99_ms(), 7.5);
        assert_eq!(Latencies::of(Vec::new()).p50_ms(), 0.0);
    }

    #[test]
    fn a_window_takes_what_ended_in_it() {
        let second = Duration::from_secs(1);
        let at = |ms: u64, took: u64| Done::new(Duration::from_millis(ms), Duration::from_millis(took));
        let done = [at(999, 1), at(1_000, 2), at(2_000, 3), at(2_999, 4), at(3_000, 5)];
        let load = Load::within(&done, second, 2 * second);
        assert_eq!(load.per_second, 1.5);
        assert_eq!(
            (load.latencies.quantile_ms(0.0), load.latencies.quantile_ms(1.0)),
            (2.0, 4.0)
        );
    }

    #[test]
    fn the_median_is_one_of_the_runs() {
        let runs = [20.0, 10.0, 40.0, 30.0].map(Observation::of);
        let value = |run: &Observation| run.value;
        assert_eq!(median(&runs[..3], value), Some(&runs[0]));
        assert_eq!(median(&runs[..3], |run| -value(run)), Some(&runs[0]));
        assert_eq!(median(&runs, value), Some(&runs[0]), "the lower one of 20 and 30");
        assert_eq!(median(&runs[..1], value), Some(&runs[0]));
        assert_eq!(median(&[], value), None);
    }
}
