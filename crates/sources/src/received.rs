//! What a delivery comes to.

use indelible_event::member::{Claims, Submitter};

use crate::{
    delivery::Repeated,
    github::{BadSignature, NotPermitted},
};

/// What an authentic delivery comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// These events, to be stored together or not at all.
    Events(Vec<Incoming>),
    /// Nothing is stored. The sender is told that all is well.
    Ignored(Ignored),
}

/// An event that came in, without what only the service can add: the time of receipt and the hash of the bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// What the sender says. `occurred` is absent if it does not say when.
    pub claims: Claims,
    /// The sender's idempotency key. Without one the event has no identity, and a repeat is another event.
    pub key: Option<String>,
    /// Who sent it, as the signature proves; and what the signature does not prove.
    pub submitter: Submitter,
    /// What the sender calls the bytes.
    pub content_type: String,
    /// How far the payload was understood.
    pub reading: Reading,
}

/// How far a payload was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The payload itself says what it is; a header that says something else is told in the submitter's facts.
    Recognised,
    /// It is of no shape that is known: only a header, which nobody signed, names the event. It is of verb `other`.
    Unrecognised,
    /// Nothing can be said about it but that it came. It is of verb `other`, and its actor is unknown.
    Unparsed {
        /// What is wrong with it.
        reason: String,
    },
}

/// Why an authentic delivery makes no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// The configuration says so.
    Unwanted {
        /// The type of the event, by its payload.
        event: String,
    },
}

/// Why a delivery is refused: nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It is not a request that a sender makes (HTTP: 405).
    #[error("deliveries come by POST, not by {found}")]
    Method {
        /// The method.
        found: String,
    },
    /// The body is longer than the sender ever sends (HTTP: 413).
    #[error("a body of {length} bytes is longer than {max}")]
    BodyTooLong {
        /// How long it is, in bytes.
        length: usize,
        /// How long it may be.
        max: usize,
    },
    /// Whoever sent it did not show that they know the secret (HTTP: 401).
    #[error(transparent)]
    NotAuthentic(#[from] BadSignature),
    /// Whoever sent it knows the secret, and speaks of what the secret does not stand for (HTTP: 403).
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// Which of two headers counts cannot be told (HTTP: 400).
    #[error(transparent)]
    Repeated(#[from] Repeated),
}
