//! A set of keys, as one issuer published it at one time.

use sha2::{Digest, Sha256};

use super::jwk::{Key, Unusable};
use crate::oidc::algorithm::Algorithm;
use crate::oidc::config::{Issuer, IssuerUrl};
use crate::oidc::json::{self, BadJson};

/// The largest sets of CI systems have a dozen keys of 1 KiB with their certificates.
pub const JWKS_BYTES_MAX: usize = 256 << 10;
/// A set of that size has room for some 500 keys of RSA; nobody has so many in use.
pub const KEYS_MAX: usize = 100;

/// The keys of one issuer that may be used, and the hash of the text that they stood in.
#[derive(Clone, Debug)]
pub struct KeySet {
    issuer: IssuerUrl,
    keys: Vec<Key>,
    skipped: Vec<Skipped>,
    sha256: [u8; 32],
}

/// A key of a set that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Which, from 0.
    pub index: usize,
    /// Why not; `None` if it is none of the pinned ones.
    pub reason: Option<Unusable>,
}

/// What is no set of keys. The issuer's fault, or of whoever wrote the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeySet {
    /// It is longer than any should be.
    #[error("the key set has {bytes} bytes, and at most {JWKS_BYTES_MAX} are read")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It is not an object with a list `keys`, or says something twice.
    #[error("the key set is {0}")]
    Json(&'static str),
    /// It has more keys than any should have.
    #[error("the key set has {keys} keys, and at most {KEYS_MAX} are read")]
    TooMany {
        /// How many.
        keys: usize,
    },
    /// There is nothing in it that could verify a token.
    #[error("none of the {keys} keys in the key set can be used{}", reasons(.skipped))]
    NoneUsable {
        /// How many there are.
        keys: usize,
        /// Why not.
        skipped: Vec<Skipped>,
    },
}

impl KeySet {
    /// Reads what an issuer publishes (RFC 7517, section 5). Keys for other purposes are skipped, and so are those that are not pinned
    /// where the issuer's configuration pins any.
    ///
    /// # Errors
    ///
    /// If it is no key set, or if none of its keys can be used.
    pub fn read<G>(text: &[u8], issuer: &Issuer<G>) -> Result<KeySet, BadKeySet> {
        if text.len() > JWKS_BYTES_MAX {
            return Err(BadKeySet::TooLong { bytes: text.len() });
        }
        let object = json::object(text).map_err(|error| match error {
            BadJson::NotAnObject => BadKeySet::Json("not an object of JSON"),
            BadJson::Repeated => BadKeySet::Json("an object with two members of one name"),
        })?;
        let listed = object.get("keys").and_then(|keys| keys.as_array());
        let listed = listed.ok_or(BadKeySet::Json("without a list of `keys`"))?;
        if listed.len() > KEYS_MAX {
            return Err(BadKeySet::TooMany { keys: listed.len() });
        }
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        let pins = issuer.keys().pins();
        for (index, jwk) in listed.iter().enumerate() {
            match Key::read(jwk) {
                Ok(key) if pins.is_empty() || pins.iter().any(|pin| pin.holds(&key)) => keys.push(key),
                Ok(_) => skipped.push(Skipped { index, reason: None }),
                Err(reason) => skipped.push(Skipped {
                    index,
                    reason: Some(reason),
                }),
            }
        }
        if keys.is_empty() {
            return Err(BadKeySet::NoneUsable {
                keys: listed.len(),
                skipped,
            });
        }
        Ok(KeySet {
            issuer: issuer.url().clone(),
            keys,
            skipped,
            sha256: Sha256::digest(text).into(),
        })
    }

    /// Whose keys they are.
    pub fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// Whether there is a key of that name. If not, it may be a new one, for which it is worth asking the issuer.
    pub fn has(&self, key_id: &str) -> bool {
        self.keys.iter().any(|key| key.id == key_id)
    }

    /// What the keys are called.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// The keys that are not used.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// SHA-256 of the text as it was published.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The keys of that name which tokens with that algorithm may be verified with. Mostly one.
    pub(crate) fn suitable(&self, key_id: &str, algorithm: Algorithm) -> impl Iterator<Item = &Key> {
        let named = self.keys.iter().filter(move |key| key.id == key_id);
        named.filter(move |key| key.suits(algorithm))
    }
}

fn reasons(skipped: &[Skipped]) -> String {
    let reason = |skipped: &Skipped| match &skipped.reason {
        Some(reason) => format!("; the key at {}: {reason}", skipped.index),
        None => format!("; the key at {}: it is not pinned", skipped.index),
    };
    skipped.iter().take(REASONS_SHOWN).map(reason).collect()
}

/// What somebody reads of a set in which nothing is right.
const REASONS_SHOWN: usize = 4;
