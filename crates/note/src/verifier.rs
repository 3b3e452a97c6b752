//! Public keys of logs: what a verifier trusts.

use std::{fmt, str::FromStr};

use crate::{
    ed25519::PublicKey,
    key::{KeyId, KeyType, MalformedKey},
    name::KeyName,
};

/// A public Ed25519 key with its name: the *vkey*, `name+id+base64(01 || key)`.
///
/// Reading one recomputes its id and refuses points that are no keys or weak ones, so that a value is always fit to verify with.
/// A key is identified by name and id together.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey(PublicKey);

impl VerifierKey {
    /// The name under which the key signs; for a log's key the log's origin.
    pub fn name(&self) -> &KeyName {
        self.0.name()
    }

    /// The id that its signature lines carry.
    pub fn id(&self) -> KeyId {
        self.0.id()
    }

    pub(crate) fn from_public(public: PublicKey) -> Self {
        Self(public)
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.0
    }
}

impl FromStr for VerifierKey {
    type Err = MalformedKey;

    fn from_str(vkey: &str) -> Result<Self, MalformedKey> {
        PublicKey::parse(vkey, KeyType::Log).map(Self)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}
