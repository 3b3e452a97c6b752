//! Keys of witnesses (C2SP tlog-cosignature, "Format"). A witness does not sign as a log does, so its keys are of other types.

use std::{fmt, str::FromStr};

use zeroize::Zeroizing;

use crate::{
    ed25519::{PrivateKey, PublicKey},
    key::{KeyId, KeyType, MalformedKey},
    name::KeyName,
};

/// The public Ed25519 key of a witness with its name: a *vkey* of type 04, `name+id+base64(04 || key)`.
///
/// As with a [`VerifierKey`](crate::VerifierKey), a value is always fit to verify with. An Ed25519 cosignature does not say who
/// made it, so a witness must have a key for each of its names.
#[derive(Clone, PartialEq, Eq)]
pub struct CosignerKey(PublicKey);

impl CosignerKey {
    /// The name under which the witness cosigns.
    pub fn name(&self) -> &KeyName {
        self.0.name()
    }

    /// The id that its signature lines carry.
    pub fn id(&self) -> KeyId {
        self.0.id()
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.0
    }
}

impl FromStr for CosignerKey {
    type Err = MalformedKey;

    fn from_str(vkey: &str) -> Result<Self, MalformedKey> {
        PublicKey::parse(vkey, KeyType::Cosigner).map(Self)
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosignerKey({self})")
    }
}

/// The private Ed25519 key of a witness with its name, as text `PRIVATE+KEY+name+id+base64(04 || seed)`.
///
/// The key is wiped from memory when it is dropped, and never shows in debug output.
#[derive(Debug)]
pub struct CosigningKey(PrivateKey);

impl CosigningKey {
    /// The key that belongs to 32 secret bytes, which must come from a cryptographic random number generator.
    pub fn from_seed(name: KeyName, seed: [u8; 32]) -> Self {
        Self(PrivateKey::from_seed(name, seed, KeyType::Cosigner))
    }

    /// The public half.
    pub fn cosigner(&self) -> CosignerKey {
        CosignerKey(self.0.public().clone())
    }

    /// The secret as text, to be written where only its owner reads. Whoever sees it can cosign as this witness.
    pub fn expose_skey(&self) -> Zeroizing<String> {
        self.0.expose_skey()
    }

    pub(crate) fn private(&self) -> &PrivateKey {
        &self.0
    }
}

impl FromStr for CosigningKey {
    type Err = MalformedKey;

    fn from_str(skey: &str) -> Result<Self, MalformedKey> {
        PrivateKey::parse(skey, KeyType::Cosigner).map(Self)
    }
}
