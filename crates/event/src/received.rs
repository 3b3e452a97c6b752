//! The second in which a leaf says that it was received, and the clock that gives it out.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// A whole second, UTC, from 1970 to the end of 9999, which is as far as its 20 characters go: `2026-11-22T10:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Second(Timestamp);

impl Second {
    /// 20: the characters of its text.
    pub const BYTES: usize = 20;

    /// The second in which a time lies; a time before 1970 counts as its first second.
    pub fn of(time: Timestamp) -> Self {
        let secs = time.as_second().max(0);
        Self(Timestamp::from_second(secs).expect("whole seconds of a time are a time"))
    }

    /// When it begins.
    pub fn start(self) -> Timestamp {
        self.0
    }

    /// Reads its one spelling.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok().filter(|text| text.len() == Second::BYTES)?;
        let second = Self::of(text.parse().ok()?);
        // A leap second, an offset, a lowercase letter: all that is read and would not be written.
        (second.to_string() == text).then_some(second)
    }
}

impl fmt::Display for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Gives out the seconds of leaves, and never goes back: if the system's clock does, the highest second given out is repeated.
///
/// It must be begun with the highest second of the whole log, across restarts. Leaves that were in flight together may still stand
/// a second out of order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceivedClock {
    highest: Option<Second>,
}

impl ReceivedClock {
    /// The clock of a log whose highest second is this one; `None` if it has no leaf yet.
    pub fn after(highest: Option<Second>) -> Self {
        Self { highest }
    }

    /// The highest second given out.
    pub fn highest(&self) -> Option<Second> {
        self.highest
    }

    /// The stamp of a submission that is accepted now.
    pub fn stamp(&mut self, now: Timestamp) -> Stamp {
        let current = Second::of(now);
        let second = self.highest.map_or(current, |highest| highest.max(current));
        self.highest = Some(second);
        let behind = second.start().duration_since(current.start());
        Stamp {
            second,
            set_back: (second > current).then_some(behind),
        }
    }
}

/// What a [`ReceivedClock`] gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// What stands in the leaf.
    pub second: Second,
    /// How far the system's clock is behind it, if it was set back. Health must say so.
    pub set_back: Option<SignedDuration>,
}
