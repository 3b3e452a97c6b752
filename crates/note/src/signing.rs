//! Private keys: what a log signs with.

use std::{fmt, str::FromStr};

use ed25519_dalek::Signer;
use zeroize::Zeroizing;

use crate::{
    key::{KeyFields, KeyId, MalformedKey, PRIVATE_PREFIX},
    name::KeyName,
    verifier::VerifierKey,
};

/// A private Ed25519 key with its name: the *skey*, `PRIVATE+KEY+name+id+base64(01 || seed)`.
///
/// This text is a convention of the Go module `golang.org/x/mod/sumdb/note`, not a part of the specification. The key is wiped
/// from memory when it is dropped, and never shows in debug output.
pub struct SigningKey {
    verifier: VerifierKey,
    private: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key that belongs to 32 secret bytes, which must come from a cryptographic random number generator.
    pub fn from_seed(name: KeyName, seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let private = ed25519_dalek::SigningKey::from_bytes(&seed);
        Self {
            verifier: VerifierKey::new(name, private.verifying_key()),
            private,
        }
    }

    /// The name under which the key signs; for a log's key the log's origin.
    pub fn name(&self) -> &KeyName {
        self.verifier.name()
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        self.verifier.clone()
    }

    /// The secret as text, to be written where only its owner reads. Whoever sees it can sign as this key.
    pub fn expose_skey(&self) -> Zeroizing<String> {
        KeyFields::text(PRIVATE_PREFIX, self.name(), self.id(), self.private.as_bytes())
    }

    pub(crate) fn id(&self) -> KeyId {
        self.verifier.id()
    }

    /// Signs with Ed25519 (RFC 8032), which is deterministic.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.private.sign(message).to_bytes()
    }
}

impl FromStr for SigningKey {
    type Err = MalformedKey;

    fn from_str(skey: &str) -> Result<Self, MalformedKey> {
        let fields = KeyFields::parse(skey.strip_prefix(PRIVATE_PREFIX).ok_or(MalformedKey::NotPrivate)?)?;
        let key = Self::from_seed(fields.name, *fields.bytes);
        if key.id() != fields.id {
            return Err(MalformedKey::IdMismatch {
                stated: fields.id,
                computed: key.id(),
            });
        }
        Ok(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}+{}, secret)", self.name(), self.id())
    }
}
