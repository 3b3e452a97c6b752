//! The members that only the service sets: how the event came in, as which bytes, and from whom.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// How an event came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The configured instance of a source.
    pub source: String,
    /// The sender's idempotency key. With `source` it is the identity of the event; without it the event has none.
    pub key: Option<String>,
    /// When it was received.
    pub received: Timestamp,
}

/// The bytes that an event came as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// SHA-256 of the bytes, in lowercase hex: as they came, or, if there were secrets in them, with the marks in their place. So
    /// nobody can try out passwords on it.
    pub sha256: String,
    /// How many bytes that hash is of.
    pub size: u64,
    /// What the sender calls them.
    pub content_type: String,
    /// Whether the log keeps them.
    pub kept: bool,
}

impl Raw {
    /// The member of these bytes, out of which secrets were [redacted](crate::redact::raw).
    pub fn of(bytes: &[u8], content_type: impl Into<String>, kept: bool) -> Self {
        Self {
            sha256: sha256_hex(bytes),
            size: bytes.len() as u64,
            content_type: content_type.into(),
            kept,
        }
    }
}

/// Who the service knows sent an event, apart from what the event claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submitter {
    /// The principal, such as `source:github/acme`.
    pub principal: String,
    /// How the service knows, such as `hmac`.
    pub method: String,
    /// Claims that were verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Map<String, Value>>,
}

impl Submitter {
    /// Under which what was checked of a signature stands among what was verified.
    pub const SIGNED: &str = "signed";

    /// Whether it says that a signature was checked, whatever it says of that.
    pub fn says_signed(&self) -> bool {
        self.verified.as_ref().is_some_and(|all| all.contains_key(Self::SIGNED))
    }

    /// The thumbprint of the key that has signed the event, if one was checked: `signed.thumbprint` of what was verified.
    pub fn signed_by(&self) -> Option<&str> {
        self.verified.as_ref()?.get(Self::SIGNED)?.get("thumbprint")?.as_str()
    }

    /// The thumbprint of the key that the submitter's token was bound to: `token.bound_to.thumbprint`.
    pub fn bound_to(&self) -> Option<&str> {
        let token = self.verified.as_ref()?.get("token")?;
        token.get("bound_to")?.get("thumbprint")?.as_str()
    }
}

/// SHA-256 in lowercase hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    let nibbles = Sha256::digest(bytes)
        .into_iter()
        .flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(digits[usize::from(nibble)])).collect()
}
