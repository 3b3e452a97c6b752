//! The judgement: what is believed, what was seen, and the time, in; what is believed from now on and what there is to report, out.
//! No I/O and no clock.
//!
//! One look at the log is judged in three steps. [`question`] tells what of the tree must be read to compare a head with the trusted
//! one, [`assess`] what the comparison says, and [`conclude`] draws the consequences, with what was found out about the entries
//! meanwhile. Whatever a log is accused of, the trusted head stays where it was.

mod assess;
mod conclude;

pub use assess::{assess, question};
pub use conclude::{Outcome, conclude, silent_since};

use std::time::Duration;

use indelible_client::{SignedHead, TrustedLog};
use indelible_merkle::{Consistent, Hash, TreeHead};
use indelible_note::{Finding, FindingKind, PosixTime};

/// What a monitor holds a log to.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The log, and whose signatures are believed.
    pub log: TrustedLog,
    /// How long a log may be silent.
    pub max_age: Option<Duration>,
    /// Whether every entry is to be read.
    pub entries: bool,
}

/// What was seen of a log.
#[derive(Clone, Debug)]
pub enum Observation {
    /// Nothing that is a head, for this reason. Nobody is accused of that, but time goes by.
    Nothing(String),
    /// A head that the log did not sign.
    Unsigned {
        /// The note.
        note: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A head that it did sign.
    Head {
        /// The head.
        head: SignedHead,
        /// The answer to [`question`].
        evidence: Evidence,
    },
}

/// What of the tree must be read to compare a head with the trusted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Nothing: the two heads say it.
    Nothing,
    /// Whether there is a tree with this head at all.
    Edge(TreeHead),
    /// What the head of the first `size` leaves of the tree of `of` is.
    Prefix {
        /// The smaller size.
        size: u64,
        /// The larger head.
        of: TreeHead,
    },
}

/// What of the tree was read.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// Nothing was asked.
    Nothing,
    /// There are tiles that lead to the head.
    Edge,
    /// The head of the smaller size, with the hashes that prove it.
    Prefix {
        /// What they prove.
        proven: Consistent,
        /// As [`indelible_merkle::check_prefix`] takes them.
        hashes: Vec<Hash>,
    },
    /// Something that is not of the tree was served: what.
    Foreign(String),
    /// It could not be read.
    Unavailable(String),
}

/// What a log is accused of: a finding in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accusation {
    kind: FindingKind,
    heads: Vec<String>,
    hashes: Vec<Hash>,
    seen: Vec<PosixTime>,
    /// For people. Says nothing of the time at which the monitor looked, so that it tells one accusation from another.
    detail: String,
}

/// What a head is, held against the trusted one.
#[derive(Clone, Debug)]
pub enum Assessment {
    /// It continues the trusted one, or is the first.
    Good(SignedHead),
    /// It cannot be the log's head after the trusted one.
    Accused(Accusation),
    /// It could not be compared.
    Unclear(String),
}

impl Accusation {
    /// Serving, with this head, something that is not of its tree.
    fn rewritten(head: &SignedHead, reason: String, now: PosixTime) -> Accusation {
        Accusation {
            kind: FindingKind::Rewritten,
            heads: vec![head.checkpoint.note().to_string()],
            hashes: Vec::new(),
            seen: vec![now, now],
            detail: reason,
        }
    }

    fn id(&self) -> Hash {
        Hash::leaf(format!("{} {:?} {}", self.kind.as_str(), self.heads, self.detail).as_bytes())
    }

    fn into_finding(self, log: &TrustedLog) -> (Finding, String) {
        let finding = Finding {
            kind: self.kind,
            key: log.accused(&self.heads).clone(),
            heads: self.heads,
            hashes: self.hashes,
            seen: self.seen,
        };
        (finding, self.detail)
    }
}

#[cfg(test)]
mod tests;
