//! Findings: what a monitor saw a log do that an honest one does not, with the evidence, in a line of JSON (docs/formats.md).
//!
//! A finding that was read is what somebody says. [`Finding::confirm`] tells what of it holds without trusting anybody.

mod confirm;
mod json;

pub use self::confirm::{Fork, Unconfirmed, Verdict};
pub use self::json::MalformedFinding;

use indelible_merkle::Hash;

use crate::{time::PosixTime, verifier::VerifierKey};

/// What a monitor says about a log, and what it has to show for it.
///
/// [`Display`](std::fmt::Display) writes the line, without LF, that [`Finding::parse`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the log did.
    pub kind: FindingKind,
    /// The key of the log.
    pub key: VerifierKey,
    /// The notes that show it, as the log served them, in the order in which the monitor saw them.
    pub heads: Vec<String>,
    /// Of two heads with different sizes, what proves the beginning of the larger tree: see [`indelible_merkle::check_prefix`].
    pub hashes: Vec<Hash>,
    /// When the monitor saw what, by its own clock: a time for each head, or the first and the last time of a single one.
    pub seen: Vec<PosixTime>,
}

/// What a log did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// It signed two histories.
    Fork,
    /// It served a smaller tree after a larger one.
    Rollback,
    /// It served entries or tiles that are not those of the tree that it signed.
    Rewritten,
    /// It has served nothing for too long that is newer and could be verified.
    Frozen,
    /// It served a head that its key did not sign.
    Signature,
}

impl FindingKind {
    /// Each of them.
    pub const ALL: [FindingKind; 5] = [
        Self::Fork,
        Self::Rollback,
        Self::Rewritten,
        Self::Frozen,
        Self::Signature,
    ];

    /// Its name in the line of a finding.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Rollback => "rollback",
            Self::Rewritten => "rewritten",
            Self::Frozen => "frozen",
            Self::Signature => "signature",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<FindingKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// How many heads show it.
    fn heads(self) -> usize {
        match self {
            Self::Fork | Self::Rollback => 2,
            Self::Rewritten | Self::Frozen | Self::Signature => 1,
        }
    }
}
