//! The members that only the service sets: how the event came in, as which bytes, and from whom.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// SHA-256 of the bytes as they came, in lowercase hex.
    pub sha256: String,
    /// How many bytes came.
    pub size: u64,
    /// What the sender calls them.
    pub content_type: String,
    /// Whether the log keeps them.
    pub kept: bool,
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
