//! The second of a leaf never goes back.

use indelible_event::{ReceivedClock, Second};
use jiff::SignedDuration;

use crate::sample::{at, second};

#[test]
fn a_clock_that_is_set_back_repeats_the_highest() {
    let mut clock = ReceivedClock::after(None);
    let mut check = |now: &str, expected: &str, set_back: Option<i64>| {
        let stamp = clock.stamp(at(now));
        assert_eq!(stamp.second, second(expected), "{now}");
        assert_eq!(stamp.set_back, set_back.map(SignedDuration::from_secs), "{now}");
    };
    check("2026-11-22T10:00:00.999Z", "2026-11-22T10:00:00Z", None);
    check("2026-11-22T10:00:00.1Z", "2026-11-22T10:00:00Z", None);
    check("2026-11-22T10:00:02Z", "2026-11-22T10:00:02Z", None);
    check("2026-11-22T09:00:02.5Z", "2026-11-22T10:00:02Z", Some(3600));
    check("2026-11-22T10:00:01.999Z", "2026-11-22T10:00:02Z", Some(1));
    check("2026-11-22T10:00:02.5Z", "2026-11-22T10:00:02Z", None);
    assert_eq!(clock.highest(), Some(second("2026-11-22T10:00:02Z")));

    let mut restarted = ReceivedClock::after(clock.highest());
    let stamp = restarted.stamp(at("2020-01-01T00:00:00Z"));
    assert_eq!(stamp.second, second("2026-11-22T10:00:02Z"));
    assert!(stamp.set_back.is_some());
}

#[test]
fn seconds_have_twenty_characters() {
    for (time, expected) in [
        ("2026-11-22T10:00:00.999999999Z", "2026-11-22T10:00:00Z"),
        ("1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"),
        ("9999-12-30T22:00:00.9Z", "9999-12-30T22:00:00Z"),
    ] {
        let second = Second::of(at(time));
        assert_eq!(second.to_string(), expected);
        assert_eq!(second.to_string().len(), Second::BYTES);
        assert_eq!(second.start(), at(expected));
    }
}
