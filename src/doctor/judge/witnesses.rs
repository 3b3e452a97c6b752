//! The witnesses: whether they are there, and whether they are those of the policy.

use super::super::check::Check;
use super::super::facts::{Facts, Witness};
use super::config::first_line;

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    match &facts.witnesses {
        None => vec![Check::ok(
            "witnesses",
            "none are configured: nobody outside remembers all heads (docs/witnessing.md)",
        )],
        Some(Err(error)) => vec![Check::bad(
            "witnesses",
            first_line(error),
            "correct the file of `witness_policy`",
        )],
        Some(Ok(witnesses)) => witnesses.iter().map(|witness| one(witness, facts)).collect(),
    }
}

fn one(witness: &Witness, facts: &Facts) -> Check {
    let Witness {
        name,
        reached,
        cosigned,
    } = witness;
    let stale = facts
        .config
        .as_ref()
        .map_or(600, |config| config.witness_refresh_seconds);
    match (reached, cosigned) {
        (Err(reason), _) => Check::warn(
            "witnesses",
            format!("{name} cannot be reached: {reason}"),
            "correct its URL in the policy, or tell who runs it",
        ),
        (Ok(()), None) => Check::warn(
            "witnesses",
            format!("{name} answers, but no cosignature by its key is on the head that was served last"),
            "compare its key in the policy with the one that its operator publishes, and see whether it knows this log",
        ),
        (Ok(()), Some(time)) if facts.now - time > 3 * i64::from(stale) => Check::warn(
            "witnesses",
            format!("{name} has cosigned nothing for {} s", facts.now - time),
            "if the log is served, its log lines and /metrics say why",
        ),
        (Ok(()), Some(time)) => Check::ok("witnesses", format!("{name} cosigned {} s ago", facts.now - time)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::sound::{NOW, check};
    use super::{Facts, Witness};

    #[test]
    fn what_is_wrong_with_witnesses() {
        let spoiled = |spoil: fn(&mut Witness)| {
            move |facts: &mut Facts| spoil(&mut facts.witnesses.as_mut().unwrap().as_mut().unwrap()[0])
        };
        check(
            spoiled(|one| one.reached = Err("refused".to_owned())),
            "witnesses",
            Health::Warn,
            "refused",
        );
        check(spoiled(|one| one.cosigned = None), "witnesses", Health::Warn, "its key");
        check(
            spoiled(|one| one.cosigned = Some(NOW - 1_801)),
            "witnesses",
            Health::Warn,
            "1801 s",
        );
        check(
            |facts| facts.witnesses = Some(Err("names no witness".to_owned())),
            "witnesses",
            Health::Bad,
            "no witness",
        );
    }
}
