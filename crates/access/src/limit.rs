//! How much one principal may ask for: a bucket that fills at a rate.

use std::time::Duration;

/// A rate, and how much may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second.
    pub per_second: u64,
    /// Units that may come at once after a time of quiet, at least 1.
    pub burst: u64,
}

/// There is not enough left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("over the limit; try again in {} ms", .retry_after.as_millis())]
pub struct Exhausted {
    /// When there will be.
    pub retry_after: Duration,
}

/// A bucket, full at first. Times are since whatever the caller counts from, and never go back: an earlier one counts as the last.
///
/// It keeps one number, the time at which it will be full again (the generic cell rate algorithm).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    full_at: Duration,
}

impl Bucket {
    /// Takes `units`, if there are any left: who is let in with one may take it into debt by what it brings, and pays before the next.
    ///
    /// # Errors
    ///
    /// If there are none; nothing is taken then.
    pub fn take(&mut self, units: u64, rate: Rate, now: Duration) -> Result<(), Exhausted> {
        let full_at = self.full_at.max(now);
        let left_out = full_at - now;
        // One unit must fit, however large the burst.
        let room = rate.time_of(rate.burst.max(1)) - rate.time_of(1);
        if left_out > room {
            return Err(Exhausted {
                retry_after: left_out - room,
            });
        }
        self.full_at = full_at + rate.time_of(units);
        Ok(())
    }

    /// Takes `units` whether or not there are as many.
    pub fn charge(&mut self, units: u64, rate: Rate, now: Duration) {
        self.full_at = self.full_at.max(now) + rate.time_of(units);
    }

    /// How long to wait until it is out of debt.
    pub fn debt(&self, rate: Rate, now: Duration) -> Duration {
        self.full_at
            .saturating_sub(now)
            .saturating_sub(rate.time_of(rate.burst.max(1)))
    }
}

impl Rate {
    fn time_of(self, units: u64) -> Duration {
        let nanoseconds = u128::from(units) * 1_000_000_000 / u128::from(self.per_second.max(1));
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX / 4))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate {
        per_second: 10,
        burst: 5,
    };

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut bucket = Bucket::default();
        for _ in 0..5 {
            assert_eq!(bucket.take(1, RATE, Duration::ZERO), Ok(()));
        }
        let wait = Duration::from_millis(100);
        assert_eq!(
            bucket.take(1, RATE, Duration::ZERO),
            Err(Exhausted { retry_after: wait })
        );
        assert_eq!(bucket.take(1, RATE, wait), Ok(()));
        assert!(bucket.take(1, RATE, wait).is_err());
    }

    #[test]
    fn debt_is_paid_before_the_next() {
        let mut bucket = Bucket::default();
        bucket.charge(25, RATE, Duration::ZERO);
        assert_eq!(bucket.debt(RATE, Duration::ZERO), Duration::from_secs(2));
        let refused = bucket.take(1, RATE, Duration::ZERO).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_millis(2100));
        assert_eq!(bucket.take(1, RATE, refused.retry_after), Ok(()));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_rate(steps in proptest::collection::vec((0u64..400, 1u64..4), 1..200)) {
            let mut bucket = Bucket::default();
            let (mut now, mut taken) = (0, 0);
            for (wait, tries) in steps {
                now += wait;
                for _ in 0..tries {
                    taken += u64::from(bucket.take(1, RATE, Duration::from_millis(now)).is_ok());
                }
            }
            prop_assert!(taken <= RATE.burst + now * RATE.per_second / 1000);
        }

        #[test]
        fn who_waits_as_told_is_let_in(early in 0u64..20, at in 0u64..1000) {
            let mut bucket = Bucket::default();
            bucket.charge(early, RATE, Duration::ZERO);
            let now = Duration::from_millis(at);
            if let Err(refused) = bucket.take(1, RATE, now) {
                prop_assert_eq!(bucket.take(1, RATE, now + refused.retry_after), Ok(()));
            }
        }
    }
}
