//! Receipts under a policy: who else saw the tree that has the entry, and when.

use indelible_merkle::{Hash, Included};
use thiserror::Error;

use super::{BadReceipt, Receipt};
use crate::{
    name::KeyName,
    policy::{Policy, Witnessed},
    time::PosixTime,
};

impl Receipt {
    /// Checks that a log of the policy has the leaf at [`Receipt::index`], and that enough witnesses vouch for its tree.
    ///
    /// As [`Receipt::verify`], and one more verification (45 µs) for each cosignature by a witness of the policy.
    ///
    /// # Errors
    ///
    /// If the checkpoint does not satisfy the policy, or the proof does not lead from the leaf to its root.
    pub fn verify_under(&self, leaf: Hash, policy: &Policy) -> Result<WitnessedReceipt, BadReceipt> {
        let witnessed = policy.open(self.checkpoint.clone())?;
        let included = self.check_included(leaf)?;
        Ok(WitnessedReceipt { included, witnessed })
    }
}

/// What a receipt has proved under a policy; only [`Receipt::verify_under`] makes one.
#[derive(Clone, Debug)]
pub struct WitnessedReceipt {
    included: Included,
    witnessed: Witnessed,
}

impl WitnessedReceipt {
    /// The leaf is in the tree of the checkpoint.
    pub fn included(&self) -> &Included {
        &self.included
    }

    /// A log signed the checkpoint, and these vouch for it.
    pub fn witnessed(&self) -> &Witnessed {
        &self.witnessed
    }

    /// The entry was logged at this time or before: the earliest time at which a witness saw a tree that has it. `None` if no
    /// witness vouches.
    ///
    /// It is the word of that one witness, by its clock.
    pub fn not_after(&self) -> Option<PosixTime> {
        self.witnessed.first_seen()
    }

    /// No witness had seen the entry before this time: the latest time at which one vouched for a tree that lacks it, as the
    /// largest that it knew. `None` if no witness did so before [`WitnessedReceipt::not_after`].
    ///
    /// A witness that lagged behind vouches for a tree that lacks the entry when others have seen it already; such times say
    /// nothing and are left out. That the log did not have the entry in secret, nobody can say.
    ///
    /// # Errors
    ///
    /// If the tree is not one of this log, or does not lack the entry.
    pub fn not_before(&self, lacking: &Witnessed) -> Result<Option<PosixTime>, NotLacking> {
        let (own, other) = (self.witnessed.checkpoint().origin(), lacking.checkpoint().origin());
        if own != other {
            return Err(NotLacking::OtherLog {
                own: own.clone(),
                other: other.clone(),
            });
        }
        let (index, size) = (self.included.index(), lacking.checkpoint().head().size);
        if index < size {
            return Err(NotLacking::HasIt { index, size });
        }
        Ok(lacking.last_seen_until(self.not_after()))
    }
}

/// Why a tree does not show when an entry was not logged yet.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotLacking {
    /// It is the tree of another log.
    #[error("the receipt is of the log {own}, the earlier head of {other}")]
    OtherLog {
        /// The origin of the receipt's checkpoint.
        own: KeyName,
        /// The origin of the other one.
        other: KeyName,
    },
    /// It has the entry, or what the log put in its place.
    #[error("the entry at index {index} is in a tree of {size} entries: the head is not an earlier one")]
    HasIt {
        /// Where the entry stands.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
}
