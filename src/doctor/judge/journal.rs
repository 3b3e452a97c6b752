//! The journal's end, what is remembered of it outside, and who follows it.

use super::super::check::Check;
use super::super::facts::{Facts, Holder};

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let end = match &facts.journal {
        Ok(end) => end,
        Err(error) => {
            return vec![Check::bad(
                "journal",
                error,
                "indelible fsck says more; without a journal there is only a backup: indelible restore",
            )];
        }
    };
    let serving = !matches!(facts.holder, Holder::Nobody);
    let mut checks = vec![match &end.broken {
        None => Check::ok("journal", format!("it ends with a signed head of {} entries", end.size)),
        Some(broken) if serving => Check::warn(
            "journal",
            format!(
                "behind the head of {} entries stands what does not hold: {broken}",
                end.size
            ),
            "the service may be writing it now: ask again. If it stays: indelible fsck when the service has ended",
        ),
        Some(broken) => Check::warn(
            "journal",
            format!(
                "behind the head of {} entries stands what does not hold: {broken}",
                end.size
            ),
            "a start cuts off what a crash tore, and refuses damage; indelible fsck tells which it is",
        ),
    }];
    let memory = &facts.memory;
    let path = memory.path.display();
    checks.push(match &memory.size {
        Ok(Some(size)) if *size > end.size && end.broken.is_none() => Check::bad(
            "memory",
            format!(
                "{path} remembers a head of {size} entries, and the journal ends at {}",
                end.size
            ),
            "the directory is an older copy: find the newest; docs/operations.md, \"The memories outside\"",
        ),
        Ok(Some(size)) => Check::ok(
            "memory",
            format!(
                "{path} remembers a head of {size} entries, and {} others are asked at a start",
                memory.others
            ),
        ),
        Ok(None) if memory.others > 0 => Check::ok("memory", format!("{} others are asked at a start", memory.others)),
        Ok(None) => Check::warn(
            "memory",
            "nothing outside the directory remembers the log",
            "the next service makes the file beside the directory; `memories` in indelible.toml names others",
        ),
        Err(error) => Check::bad("memory", error, "move the file away if it belongs to another log"),
    });
    for (name, size) in &facts.followers {
        let lag = size.as_ref().map(|size| end.size.saturating_sub(*size));
        checks.push(match lag {
            Ok(lag) if lag <= LAG_MAX || !serving => Check::ok("followers", format!("{name}: {lag} entries behind")),
            Ok(lag) => Check::warn(
                "followers",
                format!("{name}: {lag} entries behind the log"),
                "after much was appended at once it catches up by itself; if not, the service's log lines say why",
            ),
            Err(error) => Check::warn(
                "followers",
                format!("{name}: {error}"),
                "it can be removed while the log rests, and is made anew from the log at the next start",
            ),
        });
    }
    checks
}

/// What a busy log may be ahead of its tables.
const LAG_MAX: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::super::facts::Holder;
    use super::super::sound::{check, is_not_bad};

    #[test]
    fn what_is_wrong_with_the_journal_and_what_follows() {
        check(
            |facts| facts.journal = Err("no segment".to_owned()),
            "journal",
            Health::Bad,
            "no segment",
        );
        let broken = |facts: &mut super::Facts| facts.journal.as_mut().unwrap().broken = Some("a tear".to_owned());
        check(broken, "journal", Health::Warn, "ask again");
        check(
            |facts| {
                broken(facts);
                facts.holder = Holder::Nobody;
            },
            "journal",
            Health::Warn,
            "fsck tells which",
        );
        check(
            |facts| facts.memory.size = Ok(Some(101)),
            "memory",
            Health::Bad,
            "older copy",
        );
        // Behind a tear may stand what is remembered.
        is_not_bad(|facts| {
            broken(facts);
            facts.memory.size = Ok(Some(101));
        });
        check(
            |facts| (facts.memory.size, facts.memory.others) = (Ok(None), 0),
            "memory",
            Health::Warn,
            "nothing outside",
        );
        check(
            |facts| {
                facts.journal.as_mut().unwrap().size = 1_000_000;
                facts.memory.size = Ok(Some(1_000_000));
            },
            "followers",
            Health::Warn,
            "999900 entries",
        );
        check(
            |facts| facts.followers[0].1 = Err("not a database".to_owned()),
            "followers",
            Health::Warn,
            "not a database",
        );
    }
}
