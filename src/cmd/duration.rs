//! Lengths of time, as arguments.

use std::time::Duration;

/// Reads a number of seconds, or one with its unit: `90`, `90s`, `15m`, `12h`, `2d`. Not nothing, and not more than a century.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        unit => return Err(format!("{unit:?} is none of the units s, m, h and d")),
    };
    let secs = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    match secs {
        Some(secs @ 1..=SECS_MAX) => Ok(Duration::from_secs(secs)),
        _ => Err("a whole number of seconds from 1 on is wanted, or one with the unit s, m, h or d".to_owned()),
    }
}

/// A hundred years of 365 days.
const SECS_MAX: u64 = 100 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_units() {
        for (text, secs) in [("1", 1), ("90s", 90), ("15m", 900), ("12h", 43_200), ("2d", 172_800)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(secs)), "{text}");
        }
        for text in [
            "",
            "s",
            "0",
            "-1",
            "1.5",
            "1 s",
            "1w",
            "1S",
            "5 m",
            "36501d",
            "99999999999999999999",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
