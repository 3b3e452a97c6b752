//! Private keys of logs: what a log signs with.

use std::str::FromStr;

use zeroize::Zeroizing;

use crate::{
    ed25519::PrivateKey,
    key::{KeyId, KeyType, MalformedKey},
    name::KeyName,
    verifier::VerifierKey,
};

/// A private Ed25519 key with its name: the *skey*, `PRIVATE+KEY+name+id+base64(01 || seed)`.
///
/// This text is a convention of the Go module `golang.org/x/mod/sumdb/note`, not a part of the specification. The key is wiped
/// from memory when it is dropped, and never shows in debug output.
#[derive(Debug)]
pub struct SigningKey(PrivateKey);

impl SigningKey {
    /// The key that belongs to 32 secret bytes, which must come from a cryptographic random number generator.
    pub fn from_seed(name: KeyName, seed: [u8; 32]) -> Self {
        Self(PrivateKey::from_seed(name, seed, KeyType::Log))
    }

    /// The name under which the key signs; for a log's key the log's origin.
    pub fn name(&self) -> &KeyName {
        self.0.public().name()
    }

    /// The public half.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::from_public(self.0.public().clone())
    }

    /// The secret as text, to be written where only its owner reads. Whoever sees it can sign as this key.
    pub fn expose_skey(&self) -> Zeroizing<String> {
        self.0.expose_skey()
    }

    pub(crate) fn id(&self) -> KeyId {
        self.0.public().id()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message)
    }
}

impl FromStr for SigningKey {
    type Err = MalformedKey;

    fn from_str(skey: &str) -> Result<Self, MalformedKey> {
        PrivateKey::parse(skey, KeyType::Log).map(Self)
    }
}
