//! What makes a checkpoint believable to whoever reads a tile log.

use indelible_note::{
    BadCheckpoint, KeyChain, KeyName, MalformedCheckpoint, NotWitnessed, Policy, PosixTime, SignedCheckpoint, Verified,
    VerifierKey, open_checkpoint,
};

/// One log: its keys, each for the trees that it may sign, and the witnesses that must vouch for it.
#[derive(Clone, Debug)]
pub struct TrustedLog {
    signers: Signers,
    /// About no other log.
    policy: Policy,
}

#[derive(Clone, Debug)]
enum Signers {
    Keys(KeyChain),
    /// The policy has them, at least one.
    OfPolicy,
}

/// A head that the log has signed.
#[derive(Clone, Debug)]
pub struct SignedHead {
    /// The head.
    pub checkpoint: Verified<SignedCheckpoint>,
    /// The latest time at which a witness vouched for it, if the quorum does.
    pub vouched: Option<PosixTime>,
}

/// Why a checkpoint is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHead {
    /// The bytes are no checkpoint, whoever is asked: an error page, say. Nobody is accused of that.
    #[error("what is served as the checkpoint is none: {0}")]
    Malformed(#[from] MalformedCheckpoint),
    /// It is one, and the log did not sign it, a cosignature is forged, or too few witnesses vouch.
    #[error("checkpoint: {0}")]
    NotWitnessed(#[from] NotWitnessed),
}

/// Why keys and policy do not say which log is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLog {
    /// The policy names none, and there is no key.
    #[error("the policy has no `log` line; name the log's key by --vkey as well")]
    Unnamed,
    /// The policy names several.
    #[error("the policy is about several logs ({one}, {other}); say by --vkey which is meant")]
    Several {
        /// One of them.
        one: KeyName,
        /// Another.
        other: KeyName,
    },
    /// The policy names logs, by other keys. A key is not made good by being given: it may be a retired one.
    #[error("--vkey is the key {key}, which the policy does not list")]
    OtherKey {
        /// The name of the key and its id.
        key: String,
    },
}

impl TrustedLog {
    /// A log by its keys alone.
    pub fn by_keys(keys: KeyChain) -> TrustedLog {
        TrustedLog {
            signers: Signers::Keys(keys),
            policy: Policy::without_witnesses(),
        }
    }

    /// The log of a policy: the only one that it names, or of several that with these keys; or one that it does not name, by these
    /// keys. What a key that the policy lists may sign, the policy says.
    ///
    /// # Errors
    ///
    /// If that is not one log, or the policy does not list one of the keys.
    pub fn by_policy(policy: Policy, keys: Option<KeyChain>) -> Result<TrustedLog, NoLog> {
        let (policy, keys) = match (policy.logs().first(), keys) {
            (None, None) => return Err(NoLog::Unnamed),
            (None, Some(keys)) => (policy, Some(keys)),
            (Some(_), Some(keys)) => {
                let is_listed = |key: &VerifierKey| policy.logs().iter().any(|log| log.key() == key);
                if let Some(term) = keys.terms().iter().find(|term| !is_listed(term.key())) {
                    let key = format!("{}+{}", term.key().name(), term.key().id());
                    return Err(NoLog::OtherKey { key });
                }
                (policy.for_log(keys.origin()), None)
            }
            (Some(first), None) => {
                let one = first.key().name();
                if let Some(other) = policy.logs().iter().find(|log| log.key().name() != one) {
                    return Err(NoLog::Several {
                        one: one.clone(),
                        other: other.key().name().clone(),
                    });
                }
                (policy, None)
            }
        };
        Ok(TrustedLog {
            signers: keys.map_or(Signers::OfPolicy, Signers::Keys),
            policy,
        })
    }

    /// The log's name.
    pub fn origin(&self) -> &KeyName {
        self.current().name()
    }

    /// The key that signs now.
    pub fn current(&self) -> &VerifierKey {
        match &self.signers {
            Signers::Keys(keys) => keys.current(),
            Signers::OfPolicy => {
                let logs = self.policy.logs();
                let open = logs.iter().rev().find(|log| log.last_size().is_none());
                open.or(logs.last()).expect("the policy has a key of the log").key()
            }
        }
    }

    /// Whether heads are believed to be new only if witnesses say so.
    pub fn is_witnessed(&self) -> bool {
        !self.policy.asks_for_no_witness()
    }

    /// Checks a checkpoint: who signed it, and that the quorum vouches for it.
    ///
    /// # Errors
    ///
    /// If it is not to be believed.
    pub fn open(&self, note: &[u8]) -> Result<Verified<SignedCheckpoint>, BadHead> {
        Ok(self.policy.witnessed(self.by_log(note)?)?.checkpoint().clone())
    }

    /// Checks who signed a checkpoint, and tells whether the quorum vouches for it.
    ///
    /// # Errors
    ///
    /// If the log did not sign it, or a cosignature of a known witness is forged.
    pub fn open_signed(&self, note: &[u8]) -> Result<SignedHead, BadHead> {
        let checkpoint = self.by_log(note)?;
        let vouched = match self.policy.witnessed(checkpoint.clone()) {
            Ok(witnessed) => witnessed.last_seen(),
            Err(NotWitnessed::NoQuorum { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(SignedHead { checkpoint, vouched })
    }

    /// The key under which these notes accuse the log: one that has signed all of them, if there is one.
    pub fn accused(&self, notes: &[String]) -> &VerifierKey {
        let signed_all = |key: &&VerifierKey| notes.iter().all(|note| open_checkpoint(note.as_bytes(), key).is_ok());
        let key = match &self.signers {
            Signers::Keys(keys) => keys.terms().iter().map(|term| term.key()).find(signed_all),
            Signers::OfPolicy => self.policy.logs().iter().map(|log| log.key()).find(signed_all),
        };
        key.unwrap_or_else(|| self.current())
    }

    fn by_log(&self, note: &[u8]) -> Result<Verified<SignedCheckpoint>, BadHead> {
        match &self.signers {
            Signers::Keys(keys) => keys.open_checkpoint(note).map_err(|error| match error {
                BadCheckpoint::Malformed(error) => error.into(),
                BadCheckpoint::Untrusted(error) => NotWitnessed::Log(error).into(),
            }),
            Signers::OfPolicy => Ok(self.policy.signed(SignedCheckpoint::parse(note)?)?),
        }
    }
}

impl BadHead {
    /// Whether the log is at fault, as far as can be told: what is no checkpoint at all may be anybody's page.
    pub fn is_refuted(&self) -> bool {
        match self {
            BadHead::Malformed(_) => false,
            BadHead::NotWitnessed(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use indelible_merkle::{ConsistencyProof, Hash, TreeHead};
    use indelible_note::witness::{KnownLog, Request, decide};
    use indelible_note::{CosigningKey, KeyChange, SignatureLine, SigningKey, sign_checkpoint};

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed("test.example/log".parse().unwrap(), [seed; 32])
    }

    fn head(size: u64) -> TreeHead {
        let root = Hash::leaf(&size.to_be_bytes());
        TreeHead { size, root }
    }

    fn policy(text: &str, key: Option<VerifierKey>) -> Result<TrustedLog, NoLog> {
        TrustedLog::by_policy(Policy::parse(text.as_bytes()).unwrap(), key.map(KeyChain::of))
    }

    #[test]
    fn a_key_may_sign_what_the_policy_says_whether_it_is_given_beside_it_or_not() {
        let (old, new) = (key(1), key(2));
        let text = format!(
            "log {}\nlog {}\n# last-size test.example/log+{} 10\nquorum none\n",
            old.verifier(),
            new.verifier(),
            old.verifier().id()
        );
        let note = |size, key| sign_checkpoint(head(size), key).note().to_string();
        for given in [None, Some(old.verifier()), Some(new.verifier())] {
            let log = policy(&text, given).unwrap();
            assert_eq!(log.current(), &new.verifier());
            log.open(note(10, &old).as_bytes()).unwrap();
            log.open(note(11, &new).as_bytes()).unwrap();
            let late = note(11, &old);
            let refused = [
                log.open(late.as_bytes()).unwrap_err(),
                log.open_signed(late.as_bytes()).unwrap_err(),
            ];
            for refused in refused {
                assert!(matches!(
                    refused,
                    BadHead::NotWitnessed(NotWitnessed::Retired { last: 10, .. })
                ));
            }
        }
        let log = policy(&text, None).unwrap();
        let accused = |notes: [String; 2]| log.accused(&notes).clone();
        assert_eq!(accused([note(10, &old), note(9, &old)]), old.verifier());
        assert_eq!(accused([note(10, &old), note(11, &new)]), new.verifier());
    }

    #[test]
    fn one_log_is_meant() {
        let other = SigningKey::from_seed("other.example/log".parse().unwrap(), [3; 32]);
        let ours = key(1);
        assert_eq!(policy("quorum none\n", None).unwrap_err(), NoLog::Unnamed);
        let unnamed = policy("quorum none\n", Some(ours.verifier())).unwrap();
        assert_eq!(unnamed.current(), &ours.verifier());
        let two = format!("log {}\nlog {}\nquorum none\n", ours.verifier(), other.verifier());
        assert!(matches!(policy(&two, None), Err(NoLog::Several { .. })));
        let one_of_them = policy(&two, Some(ours.verifier())).unwrap();
        one_of_them.open(sign_checkpoint(head(5), &ours).note_bytes()).unwrap();
        one_of_them
            .open(sign_checkpoint(head(5), &other).note_bytes())
            .unwrap_err();
        let one = format!("log {}\nquorum none\n", ours.verifier());
        for stranger in [other.verifier(), key(2).verifier()] {
            assert!(matches!(policy(&one, Some(stranger)), Err(NoLog::OtherKey { .. })));
        }
    }

    #[test]
    fn each_key_of_a_chain_signs_the_heads_of_its_time() {
        let (old, new) = (key(1), key(2));
        let mut keys = KeyChain::of(old.verifier());
        let change = KeyChange::sign(&old, &new, 10).unwrap();
        keys.follow(change.note().to_string().as_bytes()).unwrap();
        let log = TrustedLog::by_keys(keys);
        for (size, key, holds) in [(9, &old, true), (9, &new, false), (11, &old, false), (11, &new, true)] {
            let opened = log.open(sign_checkpoint(head(size), key).note_bytes());
            assert_eq!(opened.is_ok(), holds, "{size}");
        }
    }

    #[test]
    fn a_head_is_new_if_the_quorum_says_so() {
        let log = key(1);
        let cosigner = CosigningKey::from_seed("witness.example".parse().unwrap(), [7; 32]);
        let text = format!("log {}\nwitness W {}\nquorum W\n", log.verifier(), cosigner.cosigner());
        let trusted = policy(&text, None).unwrap();
        assert!(trusted.is_witnessed() && !TrustedLog::by_keys(KeyChain::of(log.verifier())).is_witnessed());
        let plain = sign_checkpoint(head(5), &log);
        assert_eq!(trusted.open_signed(plain.note_bytes()).unwrap().vouched, None);
        let time = PosixTime::from_secs(1_767_139_200).unwrap();
        let line = cosigned(&plain, time, &cosigner);
        let note = format!("{}{line}", plain.note());
        assert_eq!(trusted.open_signed(note.as_bytes()).unwrap().vouched, Some(time));
        // The same line under another head.
        let forged = format!("{}{line}", sign_checkpoint(head(6), &log).note());
        assert!(matches!(
            trusted.open_signed(forged.as_bytes()),
            Err(BadHead::NotWitnessed(NotWitnessed::Cosignature(_)))
        ));
        assert!(matches!(trusted.open_signed(b"<html>"), Err(BadHead::Malformed(_))));
        assert!(matches!(
            trusted.open(plain.note_bytes()),
            Err(BadHead::NotWitnessed(NotWitnessed::NoQuorum { .. }))
        ));
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
