//! Whose signatures a monitor believes.

use indelible_note::{
    BadCosignature, MalformedCheckpoint, NotWitnessed, Policy, PosixTime, SignedCheckpoint, UntrustedCheckpoint,
    Verified, VerifierKey, open_checkpoint,
};

/// The keys of one log, and the witnesses that vouch for it.
#[derive(Clone, Debug)]
pub struct LogTrust {
    policy: Policy,
    /// With the size of the largest tree that each may sign, if it was retired. Never empty; all have one name.
    keys: Vec<(VerifierKey, Option<u64>)>,
}

/// Why there is nobody to believe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// No log is named.
    #[error("the policy has no `log` line; name the log's key by --vkey as well")]
    NoLog,
    /// More than one log is named.
    #[error("the policy is about several logs ({one}, {other}); a monitor follows one: make a policy for each")]
    SeveralLogs {
        /// One of them.
        one: String,
        /// Another.
        other: String,
    },
    /// Key and policy are about two logs.
    #[error("--vkey is a key of {key}, the policy is about {policy}")]
    OtherLog {
        /// The name of the key.
        key: String,
        /// The log of the policy.
        policy: String,
    },
}

/// A head that the log has signed.
#[derive(Clone, Debug)]
pub struct SignedHead {
    /// The head.
    pub checkpoint: Verified<SignedCheckpoint>,
    /// The latest time at which a witness vouched for it, if enough of them do.
    pub vouched: Option<PosixTime>,
}

/// Why bytes are not a head of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAHead {
    /// They are no head of any log: an error page, say. Nobody is accused of that.
    #[error("what is served is no checkpoint: {0}")]
    Malformed(#[from] MalformedCheckpoint),
    /// They are a head, and the log did not sign it.
    #[error("{0}")]
    Unsigned(UntrustedCheckpoint),
    /// The log signed it, but one of the cosignatures is forged. That is not the log's signature, and convicts nobody.
    #[error("{0}; the head is not believed")]
    Cosignature(BadCosignature),
}

impl LogTrust {
    /// A log by its key alone.
    pub fn key(key: VerifierKey) -> LogTrust {
        LogTrust {
            policy: Policy::parse(b"quorum none\n").expect("the smallest policy there is"),
            keys: vec![(key, None)],
        }
    }

    /// The log of a policy. If that names none, the one of `key`.
    ///
    /// # Errors
    /// If that is not one log.
    pub fn policy(policy: Policy, key: Option<VerifierKey>) -> Result<LogTrust, TrustError> {
        let keys: Vec<_> = policy
            .logs()
            .iter()
            .map(|log| (log.key().clone(), log.last_size()))
            .collect();
        let keys = match (keys.first(), key) {
            (None, None) => return Err(TrustError::NoLog),
            (None, Some(key)) => vec![(key, None)],
            (Some((first, _)), key) => {
                if let Some((other, _)) = keys.iter().find(|(other, _)| other.name() != first.name()) {
                    return Err(TrustError::SeveralLogs {
                        one: first.name().to_string(),
                        other: other.name().to_string(),
                    });
                }
                // A key that the policy does not list is not made good by a flag: it may be a retired one.
                if let Some(key) = key.filter(|key| keys.iter().all(|(known, _)| known != key)) {
                    return Err(TrustError::OtherLog {
                        key: format!("{}+{}", key.name(), key.id()),
                        policy: format!("{}+{}", first.name(), first.id()),
                    });
                }
                keys
            }
        };
        Ok(LogTrust { policy, keys })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.current().name().as_str()
    }

    /// The key that signs now.
    pub fn current(&self) -> &VerifierKey {
        let open = self.keys.iter().rev().find(|(_, last)| last.is_none());
        let (key, _) = open.or(self.keys.last()).expect("a log has at least one key");
        key
    }

    /// Whether heads are believed to be new only if witnesses say so.
    pub fn is_witnessed(&self) -> bool {
        !self.policy.asks_for_no_witness()
    }

    /// Reads a head and checks who signed it.
    ///
    /// # Errors
    /// If it is none of this log.
    pub fn open(&self, note: &[u8]) -> Result<SignedHead, NotAHead> {
        let checkpoint = SignedCheckpoint::parse(note)?;
        let size = checkpoint.head().size;
        let may_sign = |last: &Option<u64>| last.is_none_or(|last| size <= last);
        let keys = self
            .keys
            .iter()
            .filter(|(_, last)| may_sign(last))
            .map(|(key, _)| key.clone());
        let checkpoint = checkpoint
            .open_any(&keys.collect::<Vec<_>>())
            .map_err(NotAHead::Unsigned)?;
        let vouched = match self.policy.witnessed(checkpoint.clone()) {
            Ok(witnessed) => witnessed.last_seen(),
            Err(NotWitnessed::Cosignature(reason)) => return Err(NotAHead::Cosignature(reason)),
            Err(NotWitnessed::NoQuorum { .. } | NotWitnessed::Log(_) | NotWitnessed::Retired { .. }) => None,
        };
        Ok(SignedHead { checkpoint, vouched })
    }

    /// The key under which these notes accuse the log: one that has signed all of them, if there is one.
    pub fn accused(&self, notes: &[String]) -> &VerifierKey {
        let signed_all = |key: &VerifierKey| notes.iter().all(|note| open_checkpoint(note.as_bytes(), key).is_ok());
        let key = self.keys.iter().map(|(key, _)| key).find(|key| signed_all(key));
        key.unwrap_or_else(|| self.current())
    }
}

#[cfg(test)]
mod tests {
    use indelible_merkle::{ConsistencyProof, Hash, TreeHead};
    use indelible_note::witness::{KnownLog, Request, decide};
    use indelible_note::{CosigningKey, NotVerified, SignatureLine, SigningKey, sign_checkpoint};

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed("test.example/log".parse().unwrap(), [seed; 32])
    }

    fn head(size: u64) -> TreeHead {
        let root = Hash::leaf(&size.to_be_bytes());
        TreeHead { size, root }
    }

    fn policy(text: &str, key: Option<VerifierKey>) -> Result<LogTrust, TrustError> {
        LogTrust::policy(Policy::parse(text.as_bytes()).unwrap(), key)
    }

    #[test]
    fn a_retired_key_signs_no_larger_tree_and_accuses_nobody_wrongly() {
        let (old, new) = (key(1), key(2));
        let text = format!(
            "log {}\nlog {}\n# last-size test.example/log+{} 10\nquorum none\n",
            old.verifier(),
            new.verifier(),
            old.verifier().id()
        );
        let trust = policy(&text, None).unwrap();
        assert_eq!(trust.current(), &new.verifier());
        let note = |size, key| sign_checkpoint(head(size), key).note().to_string();
        trust.open(note(10, &old).as_bytes()).unwrap();
        trust.open(note(11, &new).as_bytes()).unwrap();
        let late = trust.open(note(11, &old).as_bytes()).unwrap_err();
        assert!(matches!(
            late,
            NotAHead::Unsigned(UntrustedCheckpoint::Signature(NotVerified::NoKnownKey { .. }))
        ));
        assert_eq!(trust.accused(&[note(10, &old), note(9, &old)]), &old.verifier());
        assert_eq!(trust.accused(&[note(10, &old), note(11, &new)]), &new.verifier());
    }

    #[test]
    fn a_policy_is_about_one_log() {
        let other = SigningKey::from_seed("other.example/log".parse().unwrap(), [3; 32]).verifier();
        let ours = key(1).verifier();
        assert_eq!(policy("quorum none\n", None).unwrap_err(), TrustError::NoLog);
        assert_eq!(policy("quorum none\n", Some(ours.clone())).unwrap().current(), &ours);
        let two = format!("log {ours}\nlog {other}\nquorum none\n");
        assert!(matches!(policy(&two, None), Err(TrustError::SeveralLogs { .. })));
        let one = format!("log {ours}\nquorum none\n");
        assert!(matches!(policy(&one, Some(other)), Err(TrustError::OtherLog { .. })));
        assert!(matches!(
            policy(&one, Some(key(2).verifier())),
            Err(TrustError::OtherLog { .. })
        ));
        policy(&one, Some(ours)).unwrap();
    }

    #[test]
    fn a_head_is_new_if_the_quorum_says_so() {
        let log = key(1);
        let cosigner = CosigningKey::from_seed("witness.example".parse().unwrap(), [7; 32]);
        let text = format!("log {}\nwitness W {}\nquorum W\n", log.verifier(), cosigner.cosigner());
        let trust = policy(&text, None).unwrap();
        assert!(trust.is_witnessed() && !LogTrust::key(log.verifier()).is_witnessed());
        let plain = sign_checkpoint(head(5), &log);
        assert_eq!(trust.open(plain.note_bytes()).unwrap().vouched, None);
        let time = PosixTime::from_secs(1_767_139_200).unwrap();
        let line = cosigned(&plain, time, &cosigner);
        let note = format!("{}{line}", plain.note());
        assert_eq!(trust.open(note.as_bytes()).unwrap().vouched, Some(time));
        // The same line under another head.
        let forged = format!("{}{line}", sign_checkpoint(head(6), &log).note());
        assert!(matches!(trust.open(forged.as_bytes()), Err(NotAHead::Cosignature(_))));
        assert!(matches!(trust.open(b"<html>"), Err(NotAHead::Malformed(_))));
    }

    /// By a witness that knew nothing of the log before.
    fn cosigned(checkpoint: &Verified<SignedCheckpoint>, time: PosixTime, key: &CosigningKey) -> SignatureLine {
        let proof = ConsistencyProof::new(0, checkpoint.head().size, Vec::new());
        let known = KnownLog {
            keys: vec![self::key(1).verifier()],
            latest: None,
        };
        let request = Request::new(proof, checkpoint.clone().into_inner());
        decide(request, Some(&known)).unwrap().cosign(time, key)
    }
}
