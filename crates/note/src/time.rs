//! Times as cosignatures carry them.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::text::DECIMAL_LIMIT;

/// A second since the beginning of 1970 (POSIX), below 2^63 as C2SP tlog-cosignature demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PosixTime(u64);

impl PosixTime {
    /// The time with this many seconds; `None` from 2^63 on.
    pub fn from_secs(secs: u64) -> Option<Self> {
        (secs < DECIMAL_LIMIT).then_some(Self(secs))
    }

    /// The second in which this instant lies; `None` before 1970.
    pub fn from_system(time: SystemTime) -> Option<Self> {
        Self::from_secs(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
    }

    /// Its seconds.
    pub fn secs(self) -> u64 {
        self.0
    }

    /// How long it is before another time; nothing if it is not.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_secs(later.0.saturating_sub(self.0))
    }
}

/// The seconds in decimal.
impl fmt::Display for PosixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
