//! What of a finding holds.

use indelible_merkle::{BadProof, TreeHead, check_prefix};
use thiserror::Error;

use super::{Finding, FindingKind};
use crate::{
    checkpoint::{BadCheckpoint, SignedCheckpoint, open_checkpoint},
    verified::Verified,
};

impl Finding {
    /// Tells what the evidence proves, whoever brought it.
    ///
    /// Costs one signature verification (45 µs) a head, and at most 128 hashes.
    ///
    /// # Errors
    ///
    /// If it proves nothing against the log: the log's key did not sign the heads, or they do not show what the finding says.
    pub fn confirm(&self) -> Result<Verdict, Unconfirmed> {
        let (expected, got) = (self.kind.heads(), self.heads.len());
        if got != expected {
            return Err(Unconfirmed::HeadCount { expected, got });
        }
        let mut heads = Vec::with_capacity(got);
        for (head, place) in self.heads.iter().zip(1..) {
            let opened = open_checkpoint(head.as_bytes(), &self.key);
            heads.push(opened.map_err(|reason| Unconfirmed::Head { place, reason })?);
        }
        match (self.kind, heads.as_slice()) {
            (FindingKind::Fork, [one, other]) => {
                self.contradiction(one, other).map(|fork| Verdict::Fork(Box::new(fork)))
            }
            (FindingKind::Rollback, [first, then]) if then.head().size >= first.head().size => {
                Err(Unconfirmed::Grown {
                    first: first.head().size,
                    then: then.head().size,
                })
            }
            (FindingKind::Signature, _) => Err(Unconfirmed::IsSigned),
            _ => Ok(Verdict::Signed(heads)),
        }
    }

    /// Two heads that cannot be of one history.
    fn contradiction(
        &self,
        one: &Verified<SignedCheckpoint>,
        other: &Verified<SignedCheckpoint>,
    ) -> Result<Fork, Unconfirmed> {
        let (older, newer) = if one.head().size <= other.head().size {
            (one, other)
        } else {
            (other, one)
        };
        let (old, new) = (older.head(), newer.head());
        // What the head of the older size must be if the newer one is right.
        let due = if old.size == new.size && old.root != new.root {
            new
        } else if old.size == 0 {
            // Also if the log has signed this one twice.
            TreeHead::EMPTY
        } else if old.size == new.size {
            new
        } else {
            check_prefix(&self.hashes, old.size, &new)?.old_head()
        };
        if old == due {
            return Err(Unconfirmed::NoContradiction);
        }
        Ok(Fork {
            older: older.clone(),
            newer: newer.clone(),
            due,
        })
    }
}

/// What of a finding is proved.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The log's key signed two histories. Nobody has to be believed for this.
    Fork(Box<Fork>),
    /// The log's key signed these heads. The rest, in what order and when they were seen and what else was served, is the word
    /// of the monitor.
    Signed(Vec<Verified<SignedCheckpoint>>),
}

/// Two heads under one key that cannot both be heads of one growing tree. Only [`Finding::confirm`] makes one.
#[derive(Clone, Debug)]
pub struct Fork {
    older: Verified<SignedCheckpoint>,
    newer: Verified<SignedCheckpoint>,
    due: TreeHead,
}

impl Fork {
    /// The head of the smaller tree; of two of one size the one that was seen first.
    pub fn older(&self) -> &Verified<SignedCheckpoint> {
        &self.older
    }

    /// The other head.
    pub fn newer(&self) -> &Verified<SignedCheckpoint> {
        &self.newer
    }

    /// What the older head would have to be for the newer one to continue it.
    pub fn due(&self) -> TreeHead {
        self.due
    }
}

/// Why a finding proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unconfirmed {
    /// It has not the heads that would show it.
    #[error("this kind of finding is shown by {expected} heads, here are {got}")]
    HeadCount {
        /// How many show it.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// The log did not sign a head. Anybody could have made it.
    #[error("head {place} is not one of this log: {reason}")]
    Head {
        /// Which of the heads, counted from 1.
        place: usize,
        /// Why it is none.
        reason: BadCheckpoint,
    },
    /// The hashes do not belong to the newer head, so they say nothing about the older one.
    #[error("the hashes prove nothing about the older head: {0}")]
    Hashes(#[from] BadProof),
    /// Both heads are of one history, as far as is shown.
    #[error("the two heads do not contradict each other")]
    NoContradiction,
    /// The tree did not become smaller.
    #[error("the tree is said to have become smaller, but had {first} entries first and {then} then")]
    Grown {
        /// The size of the first head.
        first: u64,
        /// The size of the second one.
        then: u64,
    },
    /// The log did sign the head that it is said not to have signed.
    #[error("the log did sign this head")]
    IsSigned,
}
