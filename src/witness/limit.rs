//! How often a log may ask.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::{Duration, Instant};

use indelible_note::KeyName;

/// Requests of one errand that each log may make a minute. A log that was quiet may make those of a whole minute at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(NonZeroU32);

impl Default for Rate {
    /// A log that submits a head a second, and is told another size each time, makes two requests a second. Each costs the
    /// witness four syncs of its disk at most, a few milliseconds: a hundred such logs fit one disk.
    fn default() -> Rate {
        Rate(NonZeroU32::new(120).expect("not zero"))
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let rate = text.parse().ok().filter(|rate| (1..=PER_MINUTE_MAX).contains(rate));
        rate.and_then(NonZeroU32::new)
            .map(Rate)
            .ok_or_else(|| format!("must be a number from 1 to {PER_MINUTE_MAX}"))
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

/// A log asked too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log may send {rate} checkpoints a minute here; the next one in {} s", .wait.as_secs())]
pub(super) struct TooOften {
    rate: Rate,
    /// How long until its next request is heard, in whole seconds, at least one.
    pub(super) wait: Duration,
}

/// What is asked for. Each has a rate of its own, so that strangers, who can send what a log has published, use up no request
/// that the log needs to grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Errand {
    /// A new head, with its proof. Whoever brings one helps the log.
    Growth,
    /// A fresh cosignature on the head that was cosigned last; and what makes the witness write down that it refused.
    Other,
}

/// What each log has used of its rates (the generic cell rate algorithm of ATM: one time each, no timers).
#[derive(Debug)]
pub(super) struct Limiter {
    rate: Rate,
    /// When a log will have regained all of its minute: at most two for each log in the state.
    regained: HashMap<(Errand, String), Instant>,
}

impl Limiter {
    /// Nobody has asked yet.
    pub(super) fn new(rate: Rate) -> Limiter {
        Limiter {
            rate,
            regained: HashMap::new(),
        }
    }

    /// Counts a request of this log at `now`, or says how long it has to wait. A request that is refused does not count.
    pub(super) fn count(&mut self, origin: &KeyName, errand: Errand, now: Instant) -> Result<(), TooOften> {
        let step = MINUTE / self.rate.0.get();
        let key = (errand, origin.to_string());
        let regained = self.regained.get(&key).map_or(now, |&regained| regained.max(now)) + step;
        let owed = regained.duration_since(now);
        if owed > MINUTE {
            let wait = Duration::from_secs((owed - MINUTE).as_secs() + 1);
            return Err(TooOften { rate: self.rate, wait });
        }
        self.regained.insert(key, regained);
        Ok(())
    }
}

const MINUTE: Duration = Duration::from_secs(60);
/// A thousand a second, more than a disk syncs.
const PER_MINUTE_MAX: u32 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> KeyName {
        text.parse().unwrap()
    }

    #[test]
    fn a_minute_of_requests_at_once_and_then_one_by_one() {
        let mut limiter = Limiter::new("6".parse().unwrap());
        let (begin, log) = (Instant::now(), name("a"));
        let at = |secs| begin + Duration::from_secs(secs);
        for _ in 0..6 {
            limiter.count(&log, Errand::Growth, at(0)).unwrap();
        }
        let refused = limiter.count(&log, Errand::Growth, at(0)).unwrap_err();
        assert_eq!(refused.wait, Duration::from_secs(11));
        assert_eq!(
            limiter.count(&log, Errand::Growth, at(4)).unwrap_err().wait,
            Duration::from_secs(7)
        );
        limiter.count(&name("another"), Errand::Growth, at(4)).unwrap();
        limiter.count(&log, Errand::Other, at(4)).unwrap();
        limiter.count(&log, Errand::Growth, at(10)).unwrap();
        limiter.count(&log, Errand::Growth, at(11)).unwrap_err();
        // A long rest regains a minute's worth, and no more.
        for _ in 0..6 {
            limiter.count(&log, Errand::Growth, at(10_000)).unwrap();
        }
        limiter.count(&log, Errand::Growth, at(10_000)).unwrap_err();
    }

    #[test]
    fn over_an_hour_the_rate_is_the_rate() {
        let mut limiter = Limiter::new(Rate::default());
        let begin = Instant::now();
        let heard = (0..36_000).filter(|tenth| {
            let now = begin + Duration::from_millis(tenth * 100);
            limiter.count(&name("a"), Errand::Growth, now).is_ok()
        });
        assert!((7_200..=7_320).contains(&heard.count()));
    }

    #[test]
    fn a_rate_is_a_number_in_bounds() {
        for good in ["1", "120", "60000"] {
            assert_eq!(good.parse::<Rate>().unwrap().to_string(), good);
        }
        for bad in ["0", "60001", "-1", "", "1/s", "99999999999"] {
            bad.parse::<Rate>().unwrap_err();
        }
    }
}
