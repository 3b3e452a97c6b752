//! Times for people: RFC 3339, in UTC.

use std::fmt;

use indelible_note::PosixTime;

/// A time of POSIX seconds, to be shown.
pub(super) struct Utc(pub(super) PosixTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0.secs();
        let (days, in_day) = (secs / DAY_SECONDS, secs % DAY_SECONDS);
        if days > LAST_DAY {
            return write!(f, "{secs} s after 1970");
        }
        let (year, month, day) = date(days);
        let (hour, minute, second) = (in_day / 3_600, in_day / 60 % 60, in_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Year, month and day, counted from 1, of a day counted from 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let february = days_of(year) - 337;
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn days_of(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    365 + u64::from(leap)
}

const DAY_SECONDS: u64 = 86_400;
/// The last day of the year 9999, beyond which RFC 3339 has no dates.
const LAST_DAY: u64 = 2_932_896;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (secs, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_767_139_200, "2025-12-31T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "253402300800 s after 1970"),
        ] {
            assert_eq!(Utc(PosixTime::from_secs(secs).unwrap()).to_string(), expected);
        }
    }
}
