//! Applying policies.

use thiserror::Error;

use super::{Member, Policy, PolicyWitness};
use crate::{
    checkpoint::{SignedCheckpoint, UntrustedCheckpoint},
    cosignature::{BadCosignature, Cosignature},
    cosigner::CosignerKey,
    key::KeyId,
    name::KeyName,
    time::PosixTime,
    verified::Verified,
    verifier::VerifierKey,
};

impl Policy {
    /// Checks a checkpoint under the policy: that one of its logs signed it, with a key that was not retired before that size,
    /// and that its quorum vouches.
    ///
    /// Costs one signature verification (45 µs) for each line of a known key.
    ///
    /// # Errors
    ///
    /// If no log signed, if a line of a known key does not hold, or if too few witnesses vouch.
    pub fn open(&self, checkpoint: SignedCheckpoint) -> Result<Witnessed, NotWitnessed> {
        self.witnessed(self.signed(checkpoint)?)
    }

    /// Checks only that one of the policy's logs signed a checkpoint, with a key that was not retired before that size.
    ///
    /// # Errors
    ///
    /// If no log signed, or if a line of a known key does not hold.
    pub fn signed(&self, checkpoint: SignedCheckpoint) -> Result<Verified<SignedCheckpoint>, NotWitnessed> {
        let size = checkpoint.head().size;
        let (current, retired): (Vec<_>, Vec<_>) = self.logs.iter().partition(|log| log.may_sign(size));
        let keys: Vec<VerifierKey> = current.iter().map(|log| log.key.clone()).collect();
        let lines = checkpoint.note().signatures();
        let retired = retired
            .iter()
            .find(|log| lines.iter().any(|line| line.is_by(log.key.name(), log.key.id())))
            .map(|log| (log.key.clone(), log.last_size));
        checkpoint.open_any(&keys).map_err(|reason| match retired {
            Some((key, Some(last))) => NotWitnessed::Retired {
                name: key.name().clone(),
                id: key.id(),
                last,
                size,
            },
            _ => NotWitnessed::Log(reason),
        })
    }

    /// Checks that the quorum vouches for a checkpoint that is known to be the log's: for the log itself, and for policies
    /// that name no log.
    ///
    /// # Errors
    ///
    /// If a line of a known witness does not hold, or if too few witnesses vouch.
    pub fn witnessed(&self, checkpoint: Verified<SignedCheckpoint>) -> Result<Witnessed, NotWitnessed> {
        let mut vouchers = Vec::new();
        let mut vouching = Vec::with_capacity(self.witnesses.len());
        for witness in &self.witnesses {
            let made = checkpoint.cosignatures(std::slice::from_ref(&witness.key))?;
            vouching.push(!made.is_empty());
            vouchers.extend(made.into_iter().map(|cosignature| Voucher {
                witness: witness.name.clone(),
                key: witness.key.clone(),
                cosignature,
            }));
        }
        if !self.is_quorum(&vouching) {
            let named = |found| {
                let witnesses = self.witnesses.iter().zip(&vouching);
                let witnesses = witnesses.filter(|(_, vouching)| **vouching == found);
                witnesses.map(|(witness, _)| witness.name.clone()).collect()
            };
            return Err(NotWitnessed::NoQuorum {
                vouching: named(true),
                missing: named(false),
            });
        }
        Ok(Witnessed { checkpoint, vouchers })
    }

    /// The keys of all witnesses.
    pub fn cosigner_keys(&self) -> Vec<CosignerKey> {
        self.witnesses.iter().map(PolicyWitness::key).cloned().collect()
    }

    /// Whether the witnesses that vouch, told by place, are enough.
    fn is_quorum(&self, vouching: &[bool]) -> bool {
        let Some(quorum) = self.quorum else { return true };
        let mut groups = Vec::with_capacity(self.groups.len());
        let vouches = |member: Member, groups: &[bool]| match member {
            Member::Witness(place) => vouching[place],
            Member::Group(place) => groups[place],
        };
        for group in &self.groups {
            let count = group.members.iter().filter(|member| vouches(**member, &groups)).count();
            groups.push(count >= group.threshold);
        }
        vouches(quorum, &groups)
    }
}

/// A checkpoint that a log signed and that enough witnesses vouch for. Only [`Policy::open`] and [`Policy::witnessed`] make one.
#[derive(Clone, Debug)]
pub struct Witnessed {
    checkpoint: Verified<SignedCheckpoint>,
    vouchers: Vec<Voucher>,
}

impl Witnessed {
    /// The checkpoint.
    pub fn checkpoint(&self) -> &Verified<SignedCheckpoint> {
        &self.checkpoint
    }

    /// Who vouches, in the order of the policy; also those without whom the quorum would be met. A witness that cosigned twice
    /// stands here twice.
    pub fn vouchers(&self) -> &[Voucher] {
        &self.vouchers
    }

    /// The earliest time at which a witness saw the tree; `None` if there is no witness.
    pub fn first_seen(&self) -> Option<PosixTime> {
        self.vouchers.iter().map(|voucher| voucher.cosignature.time()).min()
    }

    /// The latest time at which a witness still knew no larger tree, of those up to `not_after`: for an entry which this tree lacks,
    /// and which somebody saw then. A witness that lagged behind vouches later for a tree that lacks the entry; that says nothing.
    pub fn last_seen_until(&self, not_after: Option<PosixTime>) -> Option<PosixTime> {
        let times = self.vouchers.iter().map(|voucher| voucher.cosignature.time());
        times.filter(|&time| Some(time) <= not_after).max()
    }

    /// The latest time at which a witness still knew no larger tree; `None` if there is no witness.
    pub fn last_seen(&self) -> Option<PosixTime> {
        self.vouchers.iter().map(|voucher| voucher.cosignature.time()).max()
    }
}

/// A witness that vouches for a checkpoint.
#[derive(Clone, Debug)]
pub struct Voucher {
    witness: String,
    key: CosignerKey,
    cosignature: Verified<Cosignature>,
}

impl Voucher {
    /// What the policy calls the witness.
    pub fn witness(&self) -> &str {
        &self.witness
    }

    /// Its key.
    pub fn key(&self) -> &CosignerKey {
        &self.key
    }

    /// Its cosignature.
    pub fn cosignature(&self) -> &Verified<Cosignature> {
        &self.cosignature
    }
}

/// Why a checkpoint does not satisfy a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotWitnessed {
    /// No log of the policy signed it, or not well.
    #[error(transparent)]
    Log(UntrustedCheckpoint),
    /// A log signed it with a key that had been retired.
    #[error("the key {name}+{id} may sign trees of at most {last} leaves, this one has {size}")]
    Retired {
        /// The name of the key.
        name: KeyName,
        /// Its id.
        id: KeyId,
        /// The largest tree that it may sign.
        last: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// A witness is said to have cosigned it, and has not.
    #[error(transparent)]
    Cosignature(#[from] BadCosignature),
    /// Too few witnesses vouch for it, or the wrong ones.
    #[error("the quorum is not met: {} vouch, {} do not", list(vouching), list(missing))]
    NoQuorum {
        /// The names of those who do.
        vouching: Vec<String>,
        /// The names of those who do not.
        missing: Vec<String>,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "no witnesses".to_owned()
    } else {
        names.join(", ")
    }
}
