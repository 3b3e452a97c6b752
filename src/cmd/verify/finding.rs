//! Confirming what a monitor says, as far as that can be done without having been there.

use std::path::Path;

use indelible_note::{
    Finding, FindingKind, Fork, PosixTime, SignedCheckpoint, Unconfirmed, Verdict as Proved, Verified,
};

use crate::cmd::files::read_at_most;
use crate::cmd::utc::Utc;
use crate::cmd::{CommandResult, Verdict};

pub(super) fn run(path: &Path) -> CommandResult {
    let finding = Finding::parse(&read_at_most(path, FINDING_BYTES_MAX)?)
        .map_err(|error| format!("{} is no finding: {error}", path.display()))?;
    eprintln!(
        "{}: it says that the log {} {}{}",
        path.display(),
        finding.key,
        said(finding.kind),
        seen(&finding.seen)
    );
    Ok(match finding.confirm() {
        Ok(Proved::Fork(fork)) => Verdict::DoesNotHold(shown(&finding, &fork)),
        Ok(Proved::Signed(heads)) => Verdict::CouldNotTell(format!(
            "the log's key did sign {}; {}",
            listed(&heads),
            word_of_the_monitor(finding.kind)
        )),
        Err(error) => Verdict::CouldNotTell(not_proved(&finding, &error)),
    })
}

/// What the finding says that the log did.
fn said(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Fork => "signed two histories",
        FindingKind::Rollback => "served a smaller tree after a larger one",
        FindingKind::Rewritten => "served entries or tiles that are not those of the tree that it signed",
        FindingKind::Frozen => "served the same head for too long",
        FindingKind::Signature => "served a head that its key did not sign",
    }
}

fn seen(times: &[PosixTime]) -> String {
    let times: Vec<String> = times.iter().map(|time| Utc(*time).to_string()).collect();
    match times.is_empty() {
        true => String::new(),
        false => format!(", seen at {} by the monitor's clock", times.join(", ")),
    }
}

/// What of the finding nobody can confirm who was not there.
fn word_of_the_monitor(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Fork => "that they contradict each other is the monitor's word",
        FindingKind::Rollback => "in which order they were served, and when, is the monitor's word",
        FindingKind::Rewritten => "what else was served with it, and when, is the monitor's word",
        FindingKind::Frozen => "that nothing newer was served, and when, is the monitor's word",
        FindingKind::Signature => "that it was served is the monitor's word",
    }
}

fn listed(heads: &[Verified<SignedCheckpoint>]) -> String {
    let head = |head: &Verified<SignedCheckpoint>| {
        let head = head.head();
        format!("the head of {} entries with the root {}", head.size, head.root)
    };
    let heads: Vec<String> = heads.iter().map(head).collect();
    heads.join(" and ")
}

/// What a fork shows to everybody.
fn shown(finding: &Finding, fork: &Fork) -> String {
    let (old, new, due) = (fork.older().head(), fork.newer().head(), fork.due());
    let origin = finding.key.name();
    if old.size == new.size {
        return format!(
            "{origin} has forked: its key signed two trees of {} entries, one with the root {}, the other with {}",
            old.size, old.root, new.root
        );
    }
    if old.size == 0 {
        return format!(
            "{origin} has forked: its key signed a tree without entries that has the root {}, and only {} can be that",
            old.root, due.root
        );
    }
    format!(
        "{origin} has forked: its key signed a tree of {} entries with the root {}, and a tree of {} entries (root {}) whose first {} \
         have the root {}, as the hashes in the finding show",
        old.size, old.root, new.size, new.root, old.size, due.root
    )
}

fn not_proved(finding: &Finding, error: &Unconfirmed) -> String {
    match (finding.kind, error) {
        (FindingKind::Signature, Unconfirmed::Head { reason, .. }) => format!(
            "the head is not this log's ({reason}), so that anybody could have made it; that it was served is the monitor's word"
        ),
        (_, error) => format!("the finding proves nothing against the log: {error}"),
    }
}

/// What a finding has at most.
const FINDING_BYTES_MAX: usize = 5_000_000;
