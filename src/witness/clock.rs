//! The time that a cosignature may carry.
//!
//! A cosignature says: at this time I knew of no larger tree. So a larger tree must not get an earlier time than a smaller one got
//! before, whatever the clock does.

use std::time::{Duration, SystemTime};

use indelible_note::PosixTime;

/// The clock does not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadClock {
    /// It is behind what was already cosigned, by more than clocks are set back in good health.
    #[error(
        "the clock is {} s behind the last cosignature of this witness: one of the two times is wrong",
        .behind.as_secs()
    )]
    Behind {
        /// By how much.
        behind: Duration,
    },
    /// It stands at a time that no cosignature can carry.
    #[error("the clock was never set")]
    Unset,
}

/// The time of a cosignature that is made when the clock reads `now`, `latest` being the latest time of any before it.
///
/// A clock that was set back a little gets the latest time once more: it lies ahead of the clock by less than clocks are wrong
/// anyway. One that was set back by more is not believed, and neither is then what it said before.
pub(super) fn cosigning_time(now: SystemTime, latest: Option<PosixTime>) -> Result<PosixTime, BadClock> {
    let now = PosixTime::from_system(now).filter(|now| now.secs() != 0);
    let now = now.ok_or(BadClock::Unset)?;
    let Some(latest) = latest else {
        return Ok(now);
    };
    let behind = now.until(latest);
    if behind > SET_BACK_MAX {
        return Err(BadClock::Behind { behind });
    }
    Ok(now.max(latest))
}

/// A clock under NTP is slewed, or stepped by seconds; a leap second that is stepped is one.
const SET_BACK_MAX: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_never_go_back() {
        let at = |secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
        let time = |secs| PosixTime::from_secs(secs).unwrap();
        let behind = |secs| BadClock::Behind {
            behind: Duration::from_secs(secs),
        };
        for (now, latest, expected) in [
            (1_000, None, Ok(1_000)),
            (1_000, Some(999), Ok(1_000)),
            (1_000, Some(1_000), Ok(1_000)),
            (1_000, Some(1_001), Ok(1_001)),
            (1_000, Some(1_060), Ok(1_060)),
            (1_000, Some(1_061), Err(behind(61))),
            (1, Some(1_800_000_000), Err(behind(1_799_999_999))),
            (0, None, Err(BadClock::Unset)),
        ] {
            let got = cosigning_time(at(now), latest.map(time));
            assert_eq!(got, expected.map(time), "{now} after {latest:?}");
        }
        let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(cosigning_time(before_1970, None), Err(BadClock::Unset));
    }
}
