//! Points in time, as arguments.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cmd::duration::parse_duration;

/// A point in time: said outright, or as so long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    At(Timestamp),
    Ago(SignedDuration),
}

impl When {
    /// Reads `2h` (two hours ago), `2026-11-01` (its first moment, in UTC) or a time of RFC 3339.
    pub(super) fn parse(text: &str) -> Result<When, String> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(When::At(at));
        }
        if text.len() == DATE_BYTES
            && let Ok(date) = text.parse::<Date>()
            && let Ok(zoned) = date.to_zoned(TimeZone::UTC)
        {
            return Ok(When::At(zoned.timestamp()));
        }
        match parse_duration(text).map(SignedDuration::try_from) {
            Ok(Ok(ago)) => Ok(When::Ago(ago)),
            _ => Err(
                "neither how long ago (90s, 15m, 2h, 7d), nor a day (2026-11-01), nor a time of RFC 3339 (2026-11-01T12:00:00Z)"
                    .to_owned(),
            ),
        }
    }

    /// The time that is meant, now being this.
    pub(super) fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            When::At(at) => at,
            When::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}

/// `2026-11-01`
const DATE_BYTES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_days_and_how_long_ago() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2h", "2026-11-22T08:00:00Z"),
            ("90", "2026-11-22T09:58:30Z"),
            ("7d", "2026-11-15T10:00:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z"),
            ("2026-11-01T12:00:00.5+02:00", "2026-11-01T10:00:00.5Z"),
        ] {
            let when = When::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(when.resolve(now).to_string(), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "2026-11-01T12:00:00", "-2h", "0"] {
            When::parse(text).expect_err(text);
        }
    }
}
