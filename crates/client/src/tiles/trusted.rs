//! What makes a checkpoint believable to whoever reads a tile log.

use indelible_note::{
    BadCheckpoint, KeyName, NotWitnessed, Policy, SignedCheckpoint, UntrustedCheckpoint, Verified, VerifierKey,
    open_checkpoint,
};

/// The key of one log, a policy (C2SP tlog-policy) that names keys and witnesses, or both: then the key says which log is meant, and
/// may sign what the policy lets it sign.
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
    /// It is one of another log of the policy.
    #[error("checkpoint: it is of the log {found}, not of {expected}")]
    OtherLog {
        /// The log that is meant.
        expected: KeyName,
        /// The log that it is of.
        found: KeyName,
    },
}

/// Why policy and key say of no log that it is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLog {
    /// The policy names none, and there is no key.
    #[error("the policy names no log, and no key of one was given")]
    Unnamed,
    /// The policy names logs, by other keys. A key is not made good by being given: it may be a retired one.
    #[error("the policy names logs, and {key} is no key of theirs")]
    OtherKey {
        /// The name of the key and its id.
        key: String,
    },
}

impl TrustedLog {
    /// The log with this key.
    pub fn by_key(key: VerifierKey) -> TrustedLog {
        TrustedLog {
            key: Some(key),
            policy: None,
        }
    }

    /// The logs of this policy, or of them the one with this key, as far as the policy's quorum vouches for them. If the policy names
    /// no log, the one with this key.
    ///
    /// # Errors
    ///
    /// If neither names a log, or each another.
    pub fn by_policy(policy: Policy, key: Option<VerifierKey>) -> Result<TrustedLog, NoLog> {
        match &key {
            None if policy.logs().is_empty() => return Err(NoLog::Unnamed),
            Some(key) if !policy.logs().is_empty() && policy.logs().iter().all(|log| log.key() != key) => {
                return Err(NoLog::OtherKey {
                    key: format!("{}+{}", key.name(), key.id()),
                });
            }
            _ => {}
        }
        Ok(TrustedLog {
            key,
            policy: Some(policy),
        })
    }

    /// Checks a checkpoint.
    ///
    /// # Errors
    ///
    /// If it is not to be believed.
    pub fn open(&self, note: &[u8]) -> Result<Verified<SignedCheckpoint>, BadHead> {
        let witnessed = match (&self.key, &self.policy) {
            (Some(key), None) => return open(note, key),
            (Some(key), Some(policy)) if policy.logs().is_empty() => policy.witnessed(open(note, key)?)?,
            (_, Some(policy)) => policy.open(SignedCheckpoint::parse(note)?)?,
            (None, None) => unreachable!("a log is trusted by key or by policy"),
        };
        let (checkpoint, meant) = (witnessed.checkpoint(), self.key.as_ref().map(VerifierKey::name));
        match meant.filter(|name| *name != checkpoint.origin()) {
            Some(expected) => Err(BadHead::OtherLog {
                expected: expected.clone(),
                found: checkpoint.origin().clone(),
            }),
            None => Ok(checkpoint.clone()),
        }
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
            BadHead::Untrusted(_) | BadHead::NotWitnessed(_) | BadHead::OtherLog { .. } => true,
        }
    }
}

fn open(note: &[u8], key: &VerifierKey) -> Result<Verified<SignedCheckpoint>, BadHead> {
    open_checkpoint(note, key).map_err(|error| match error {
        BadCheckpoint::Malformed(error) => error.into(),
        BadCheckpoint::Untrusted(error) => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use indelible_merkle::{Hash, TreeHead};
    use indelible_note::{SigningKey, sign_checkpoint};

    use super::*;

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name.parse().unwrap(), [seed; 32])
    }

    fn note(size: u64, key: &SigningKey) -> Vec<u8> {
        let root = Hash::leaf(&size.to_be_bytes());
        sign_checkpoint(TreeHead { size, root }, key).note_bytes().to_vec()
    }

    fn by_policy(text: &str, key: Option<&SigningKey>) -> Result<TrustedLog, NoLog> {
        TrustedLog::by_policy(Policy::parse(text.as_bytes()).unwrap(), key.map(SigningKey::verifier))
    }

    #[test]
    fn a_key_beside_a_policy_may_sign_what_the_policy_says() {
        let (old, new) = (key("test.example/log", 1), key("test.example/log", 2));
        let other = key("other.example/log", 3);
        let text = format!(
            "log {}\nlog {}\n# last-size test.example/log+{} 10\nlog {}\nquorum none\n",
            old.verifier(),
            new.verifier(),
            old.verifier().id(),
            other.verifier()
        );
        for given in [None, Some(&old), Some(&new)] {
            let log = by_policy(&text, given).unwrap();
            log.open(&note(10, &old)).unwrap();
            log.open(&note(11, &new)).unwrap();
            let late = log.open(&note(11, &old)).unwrap_err();
            assert!(matches!(
                late,
                BadHead::NotWitnessed(NotWitnessed::Retired { last: 10, .. })
            ));
            let foreign = log.open(&note(5, &other));
            assert_eq!(given.is_none(), foreign.is_ok(), "the key says which log is meant");
        }
    }

    #[test]
    fn a_log_must_be_named_and_by_one_key_only() {
        let (ours, stranger) = (key("test.example/log", 1), key("test.example/log", 2));
        assert_eq!(by_policy("quorum none\n", None).unwrap_err(), NoLog::Unnamed);
        by_policy("quorum none\n", Some(&ours))
            .unwrap()
            .open(&note(5, &ours))
            .unwrap();
        let text = format!("log {}\nquorum none\n", ours.verifier());
        assert!(matches!(by_policy(&text, Some(&stranger)), Err(NoLog::OtherKey { .. })));
    }
}
