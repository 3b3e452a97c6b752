//! Holds a head against the trusted one.

use indelible_client::SignedHead;
use indelible_merkle::{Hash, TreeHead};
use indelible_note::{FindingKind, PosixTime};

use super::{Accusation, Assessment, Evidence, Observation, Question};
use crate::monitor::state::{State, Trusted};

/// Asks for what the comparison of a head with the trusted one needs.
pub fn question(trusted: Option<TreeHead>, seen: TreeHead) -> Question {
    let trusted = trusted.unwrap_or(TreeHead::EMPTY);
    match (trusted.size, seen.size) {
        (_, 0) => Question::Nothing,
        (0, _) => Question::Edge(seen),
        (old, new) if old < new => Question::Prefix { size: old, of: seen },
        (old, new) if old > new => Question::Prefix { size: new, of: trusted },
        _ => Question::Nothing,
    }
}

/// Compares what was seen with what is trusted.
pub fn assess(state: &State, observation: Observation, now: PosixTime) -> Assessment {
    match observation {
        Observation::Nothing(reason) => Assessment::Unclear(reason),
        Observation::Unsigned { note, reason } => Assessment::Accused(Accusation {
            kind: FindingKind::Signature,
            heads: vec![note],
            hashes: Vec::new(),
            seen: vec![now, now],
            detail: format!("a head is served that the log's key did not sign: {reason}"),
        }),
        Observation::Head { head, evidence } => compare(state.trusted.as_ref(), head, evidence, now),
    }
}

fn compare(trusted: Option<&Trusted>, seen: SignedHead, evidence: Evidence, now: PosixTime) -> Assessment {
    let new = seen.checkpoint.head();
    if new.size == 0 && new.root != Hash::EMPTY_ROOT {
        // The definition contradicts it, and so does every head there is: also itself.
        let first = trusted.map_or((&seen.checkpoint, now), |trusted| (&trusted.checkpoint, trusted.seen));
        let heads = [first.0, &seen.checkpoint].map(|head| head.note().to_string());
        let detail = format!("the log has signed the root {} for no entries", new.root);
        return accuse(FindingKind::Fork, heads.into(), vec![first.1, now], detail);
    }
    let old = trusted.map_or(TreeHead::EMPTY, |trusted| trusted.checkpoint.head());
    let contradiction = |kind, hashes, detail| {
        let trusted = trusted.expect("the empty tree contradicts no head");
        let heads = [&trusted.checkpoint, &seen.checkpoint].map(|head| head.note().to_string());
        Assessment::Accused(Accusation {
            kind,
            heads: heads.into(),
            hashes,
            seen: vec![trusted.seen, now],
            detail,
        })
    };
    let (o, n) = (old.size, new.size);
    match evidence {
        // Of an older head, whatever was served instead of the tree of the trusted one: it is older all the same.
        _ if n < o => match evidence {
            Evidence::Prefix { proven, hashes } if proven.old_head() != new => contradiction(
                FindingKind::Fork,
                hashes,
                format!(
                    "the log has signed the root {} for {n} entries, of which its tree of {o} begins with others",
                    new.root
                ),
            ),
            _ => contradiction(
                FindingKind::Rollback,
                Vec::new(),
                format!("the log had {o} entries, and now serves a head of {n}"),
            ),
        },
        _ if n == o && new.root != old.root => contradiction(
            FindingKind::Fork,
            Vec::new(),
            format!(
                "the log has signed two roots for {n} entries, {} and {}",
                old.root, new.root
            ),
        ),
        _ if n == o => Assessment::Good(seen),
        Evidence::Edge if o == 0 => Assessment::Good(seen),
        Evidence::Prefix { proven, .. } if proven.old_head() == old && proven.new_head() == new => {
            Assessment::Good(seen)
        }
        Evidence::Prefix { proven, hashes } if proven.new_head() == new => contradiction(
            FindingKind::Fork,
            hashes,
            format!(
                "the head of {n} entries does not continue that of {o}: it begins with a tree of the root {}, not {}",
                proven.old_head().root,
                old.root
            ),
        ),
        Evidence::Foreign(reason) => Assessment::Accused(Accusation::rewritten(&seen, reason, now)),
        Evidence::Unavailable(reason) => Assessment::Unclear(reason),
        Evidence::Nothing | Evidence::Edge | Evidence::Prefix { .. } => {
            Assessment::Unclear(format!("the head of {n} entries was not compared with that of {o}"))
        }
    }
}

fn accuse(kind: FindingKind, heads: Vec<String>, seen: Vec<PosixTime>, detail: String) -> Assessment {
    Assessment::Accused(Accusation {
        kind,
        heads,
        hashes: Vec::new(),
        seen,
        detail,
    })
}
