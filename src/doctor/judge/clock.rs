//! The clock, by the traces that clocks have left.

use super::super::check::Check;
use super::super::facts::Facts;

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Ok(end) = &facts.journal {
        let ahead = |time: i64| time - facts.now;
        if ahead(end.written) > AHEAD_MAX {
            checks.push(Check::bad(
                "clock",
                format!("the journal was written {} s from now", ahead(end.written)),
                "the clock was set back, or the file system's server has another one: synchronise both (chrony, systemd-timesyncd)",
            ));
        }
        if let Some(received) = end.received.filter(|received| ahead(*received) > AHEAD_MAX) {
            checks.push(Check::bad(
                "clock",
                format!("the newest event was stamped {} s from now", ahead(received)),
                "the clock was set back: synchronise it. Until it has caught up, events are stamped with the highest second",
            ));
        }
    }
    if let Some((theirs, ours)) = facts.service.as_ref().and_then(|service| service.clocks) {
        let apart = (theirs - ours).abs();
        if apart > APART_MAX {
            checks.push(Check::warn(
                "clock",
                format!("the service's clock and this one are {apart} s apart"),
                "synchronise both (chrony, systemd-timesyncd)",
            ));
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok("clock", "nothing was written or stamped later than now"));
    }
    checks
}

/// A file system's clock ticks coarsely, and a second has begun.
const AHEAD_MAX: i64 = 2;

/// The header `Date` has whole seconds, and an answer takes its time.
const APART_MAX: i64 = 5;

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::sound::{NOW, check, passes};

    #[test]
    fn what_is_wrong_with_the_clock() {
        check(
            |facts| facts.journal.as_mut().unwrap().written = NOW + 3,
            "clock",
            Health::Bad,
            "3 s from now",
        );
        check(
            |facts| facts.journal.as_mut().unwrap().received = Some(NOW + 3_600),
            "clock",
            Health::Bad,
            "3600 s from now",
        );
        for clocks in [(NOW - 6, NOW), (NOW, NOW - 6)] {
            check(
                |facts| facts.service.as_mut().unwrap().clocks = Some(clocks),
                "clock",
                Health::Warn,
                "6 s apart",
            );
        }
        passes(|facts| {
            facts.journal.as_mut().unwrap().written = NOW + 2;
            facts.service.as_mut().unwrap().clocks = Some((NOW + 5, NOW));
        });
    }
}
