//! What makes a checkpoint believable to whoever reads a tile log.

use indelible_note::{
    BadCheckpoint, NotWitnessed, Policy, SignedCheckpoint, UntrustedCheckpoint, Verified, VerifierKey, open_checkpoint,
};

/// The key of one log, a policy (C2SP tlog-policy) that names keys and witnesses, or both: then the key is that of the log, and the
/// witnesses are those of the policy.
#[derive(Clone, Debug)]
pub struct TrustedLog {
    key: Option<VerifierKey>,
    policy: Option<Policy>,
}

/// Why a checkpoint is not believed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BadHead {
    /// The bytes are no checkpoint, whoever is asked.
    #[error("what is served as the checkpoint is none: {0}")]
    Malformed(#[from] indelible_note::MalformedCheckpoint),
    /// It is one, and the log's key did not sign it.
    #[error("checkpoint: {0}")]
    Untrusted(#[from] UntrustedCheckpoint),
    /// It does not satisfy the policy.
    #[error("checkpoint: {0}")]
    NotWitnessed(#[from] NotWitnessed),
}

/// A policy that names no log, without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy names no log, and no key of one was given")]
pub struct NoLog;

impl TrustedLog {
    /// The log with this key.
    pub fn by_key(key: VerifierKey) -> TrustedLog {
        TrustedLog {
            key: Some(key),
            policy: None,
        }
    }

    /// The logs of this policy, or the one with this key, as far as the policy's quorum vouches for them.
    ///
    /// # Errors
    ///
    /// If neither names a log.
    pub fn by_policy(policy: Policy, key: Option<VerifierKey>) -> Result<TrustedLog, NoLog> {
        match key.is_none() && policy.logs().is_empty() {
            true => Err(NoLog),
            false => Ok(TrustedLog {
                key,
                policy: Some(policy),
            }),
        }
    }

    /// Checks a checkpoint.
    ///
    /// # Errors
    ///
    /// If it is not to be believed.
    pub fn open(&self, note: &[u8]) -> Result<Verified<SignedCheckpoint>, BadHead> {
        let witnessed = match (&self.key, &self.policy) {
            (Some(key), None) => return open(note, key),
            (Some(key), Some(policy)) => policy.witnessed(open(note, key)?)?,
            (None, Some(policy)) => policy.open(SignedCheckpoint::parse(note)?)?,
            (None, None) => unreachable!("a log is trusted by key or by policy"),
        };
        Ok(witnessed.checkpoint().clone())
    }

    /// The key of the log that signed a checkpoint which was opened here.
    pub fn signer(&self, head: &Verified<SignedCheckpoint>) -> VerifierKey {
        let lines = head.note().signatures();
        let keys = self.policy.iter().flat_map(Policy::logs).map(|log| log.key());
        let mut keys = self.key.iter().chain(keys);
        let signer = keys.find(|key| {
            lines
                .iter()
                .any(|line| line.name() == key.name() && line.id() == key.id())
        });
        signer
            .expect("a head that was opened here is signed by one of the keys")
            .clone()
    }
}

impl BadHead {
    /// Whether the log is at fault, as far as can be told: what is no checkpoint at all may be anybody's page.
    pub fn is_refuted(&self) -> bool {
        match self {
            BadHead::Malformed(_) => false,
            BadHead::Untrusted(_) | BadHead::NotWitnessed(_) => true,
        }
    }
}

fn open(note: &[u8], key: &VerifierKey) -> Result<Verified<SignedCheckpoint>, BadHead> {
    open_checkpoint(note, key).map_err(|error| match error {
        BadCheckpoint::Malformed(error) => error.into(),
        BadCheckpoint::Untrusted(error) => error.into(),
    })
}
