//! Which of an issuer's keys are believed, if not all of them.

use std::fmt;
use std::str::FromStr;

use super::jwk::Key;
use super::thumbprint::Thumbprint;

/// One key that is believed.
///
/// A thumbprint is the key itself. An id is only what the issuer calls it: whoever can change the issuer's key set can call another key
/// so. The two are written differently, since a key may be *called* by the thumbprint of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// `sha256:` and the thumbprint of the key (RFC 7638).
    Thumbprint(Thumbprint),
    /// Anything else: the `kid`.
    KeyId(String),
}

/// What is no pin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPin {
    /// There is nothing.
    #[error("a pin is the `kid` of a key, or `sha256:` and its thumbprint")]
    Empty,
    /// The thumbprint is none.
    #[error("{0:?} is not `sha256:` and the 43 characters of a thumbprint in base64url (RFC 7638)")]
    Thumbprint(String),
}

impl Pin {
    pub(super) fn holds(&self, key: &Key) -> bool {
        match self {
            Pin::Thumbprint(thumbprint) => key.thumbprint == *thumbprint,
            Pin::KeyId(id) => key.id == *id,
        }
    }
}

impl FromStr for Pin {
    type Err = BadPin;

    fn from_str(text: &str) -> Result<Pin, BadPin> {
        match text.strip_prefix("sha256:") {
            _ if text.is_empty() => Err(BadPin::Empty),
            None => Ok(Pin::KeyId(text.to_owned())),
            Some(digest) => Thumbprint::parse(digest)
                .map(Pin::Thumbprint)
                .ok_or_else(|| BadPin::Thumbprint(text.to_owned())),
        }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pin::Thumbprint(thumbprint) => write!(f, "sha256:{thumbprint}"),
            Pin::KeyId(id) => f.write_str(id),
        }
    }
}
