//! A histogram of relaxed atomics.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a histogram distinguishes.
#[derive(Debug)]
pub struct Scale {
    /// The upper bounds of the buckets but the last, rising.
    bounds: &'static [u64],
    /// How many of them make one of what is shown.
    per_unit: f64,
}

/// How many values lie under which bound. A snapshot of it that is taken while it is written may lack the last value in one place and
/// have it in another, by as much as one scrape differs from the next.
#[derive(Debug)]
pub struct Histogram {
    scale: &'static Scale,
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Scale {
    /// Times from 100 µs to 30 s, in nanoseconds.
    pub const SECONDS: Scale = Scale {
        bounds: &[
            100_000,
            250_000,
            500_000,
            1_000_000,
            2_500_000,
            5_000_000,
            10_000_000,
            25_000_000,
            50_000_000,
            100_000_000,
            250_000_000,
            500_000_000,
            1_000_000_000,
            2_500_000_000,
            5_000_000_000,
            10_000_000_000,
            30_000_000_000,
        ],
        per_unit: 1e9,
    };

    /// Counts from 1 to what a commit can have.
    pub const COUNTS: Scale = Scale {
        bounds: &[1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000],
        per_unit: 1.0,
    };
}

impl Histogram {
    /// An empty one.
    pub fn new(scale: &'static Scale) -> Histogram {
        Histogram {
            scale,
            buckets: (0..=scale.bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts a value: two additions.
    pub fn observe(&self, value: u64) {
        let bucket = self.scale.bounds.partition_point(|bound| *bound < value);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts a time, on a scale of nanoseconds.
    pub fn observe_time(&self, time: Duration) {
        self.observe(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// The sum, and each bucket with its upper bound, in what is shown.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a sum of seconds that is off by a part in 2^53"
    )]
    pub(super) fn shown(&self) -> (f64, Vec<(f64, u64)>) {
        let per_unit = self.scale.per_unit;
        let bounds = self.scale.bounds.iter().map(|bound| *bound as f64 / per_unit);
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        let buckets = bounds.chain([f64::INFINITY]).zip(counts).collect();
        (self.sum.load(Ordering::Relaxed) as f64 / per_unit, buckets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_in_the_bucket_whose_bound_it_does_not_exceed() {
        let histogram = Histogram::new(&Scale::COUNTS);
        for value in [0, 1, 2, 3, 5, 6, 25_000, 25_001, 1_000_000] {
            histogram.observe(value);
        }
        let (sum, buckets) = histogram.shown();
        assert_eq!(sum, 1_050_018.0);
        let filled: Vec<(f64, u64)> = buckets.into_iter().filter(|(_, count)| *count > 0).collect();
        let expected = [
            (1.0, 2),
            (2.0, 1),
            (5.0, 2),
            (10.0, 1),
            (25_000.0, 1),
            (f64::INFINITY, 2),
        ];
        assert_eq!(filled, expected);
        assert_eq!(histogram.count(), 9);
    }

    #[test]
    fn times_are_shown_in_seconds() {
        let histogram = Histogram::new(&Scale::SECONDS);
        histogram.observe_time(Duration::from_micros(1_500));
        let (sum, buckets) = histogram.shown();
        assert_eq!(sum, 0.0015);
        assert_eq!(buckets.iter().find(|(_, count)| *count == 1).unwrap().0, 0.0025);
    }
}
