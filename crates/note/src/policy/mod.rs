//! Policies (C2SP tlog-policy): which logs are trusted, and whose cosignatures a checkpoint needs.
//!
//! Not here: ML-DSA keys, which this crate does not verify. A policy that names one is refused rather than read without it, since
//! without a witness its quorum would be another one.

mod malformed;
mod parse;
mod witnessed;

pub use self::malformed::{BadPolicyLine, MalformedPolicy};
pub use self::witnessed::{NotWitnessed, Voucher, Witnessed};

use crate::{cosigner::CosignerKey, name::KeyName, verifier::VerifierKey};

/// Which logs are trusted, and the rule by which witnesses make a checkpoint believable.
///
/// [`Policy::open`] applies it. The names of witnesses and groups mean nothing outside of the policy.
#[derive(Clone, Debug)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    /// Each refers only to witnesses and to groups before it.
    groups: Vec<Group>,
    /// `None` asks for no witness.
    quorum: Option<Member>,
}

impl Policy {
    /// The policy that asks for no witness and names no log.
    pub fn without_witnesses() -> Policy {
        Policy {
            logs: Vec::new(),
            witnesses: Vec::new(),
            groups: Vec::new(),
            quorum: None,
        }
    }

    /// The same policy for one of its logs, that with this name.
    #[must_use]
    pub fn for_log(mut self, origin: &KeyName) -> Policy {
        self.logs.retain(|log| log.key.name() == origin);
        self
    }

    /// The logs, any one of which may have signed. There may be none, where the log is known from elsewhere.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses, whether the quorum needs them or not.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether it can be met without a cosignature.
    pub fn asks_for_no_witness(&self) -> bool {
        self.quorum.is_none()
    }
}

/// A log of a policy.
#[derive(Clone, Debug)]
pub struct PolicyLog {
    key: VerifierKey,
    url: Option<String>,
    last_size: Option<u64>,
}

impl PolicyLog {
    /// Its key; the name is the log's origin.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where the log is; whoever uses it must check it.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The largest tree that the key may sign, if it was retired: so a key that is stolen afterwards signs no future. It stands
    /// in a comment (docs/formats.md), which other programs skip.
    pub fn last_size(&self) -> Option<u64> {
        self.last_size
    }

    fn may_sign(&self, size: u64) -> bool {
        self.last_size.is_none_or(|last| size <= last)
    }
}

/// A witness of a policy.
#[derive(Clone, Debug)]
pub struct PolicyWitness {
    name: String,
    key: CosignerKey,
    url: Option<String>,
}

impl PolicyWitness {
    /// What the policy calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its key.
    pub fn key(&self) -> &CosignerKey {
        &self.key
    }

    /// Its submission prefix; whoever uses it must check it.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

/// Members of which enough must vouch.
#[derive(Clone, Debug)]
struct Group {
    /// 1 to the number of members.
    threshold: usize,
    members: Vec<Member>,
}

/// A witness or a group, by its place among those of the policy.
#[derive(Clone, Copy, Debug)]
enum Member {
    Witness(usize),
    Group(usize),
}
