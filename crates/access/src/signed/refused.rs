//! Why an event is not taken for one that a job has signed.

use crate::oidc::{Algorithm, BadAlgorithm, Malformed, Shown, Thumbprint, Unusable};

use super::check::HEADER_BYTES_MAX;
use super::{SIGNED_BYTES_MAX, TYPE};

/// Why a text is not an event that the right key has signed: the fault of whoever sent it, or, of a kept one, of whoever kept it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// There is no key that a signature could be checked against.
    #[error(
        "a signed event needs an identity token that is bound to the key: one with `cnf.jkt`, or with the audience `…#jkt=<thumbprint>`"
    )]
    NoKey,
    /// It came without a signature, and its issuer's jobs must sign.
    #[error("events of this issuer's jobs must be signed by the key that the token is bound to (`require_signature`)")]
    Unsigned,
    /// It is longer than any should be. Nothing of it was read.
    #[error("the signed event has {bytes} bytes, and at most {SIGNED_BYTES_MAX} are read")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// So is its header. Nothing of it was read.
    #[error("the header of the signed event has {bytes} bytes, and at most {HEADER_BYTES_MAX} are read")]
    LongHeader {
        /// How long it is.
        bytes: usize,
    },
    /// Its header has no key.
    #[error("the header of the signed event has no `jwk`: the key that signed it, its public half")]
    NoPublicKey,
    /// It is no JWS in compact form (RFC 7515, 7.1).
    #[error("not a signed event: {0}")]
    Malformed(#[from] Malformed),
    /// Its header has extensions that must be understood, and none are (RFC 7515, 4.1.11; RFC 7797).
    #[error("the header of the signed event has `{0}`, and no extension is understood here")]
    Extension(&'static str),
    /// It was signed for another purpose (RFC 8725, 3.11).
    #[error("the signed text is of type {got}, not {TYPE:?}")]
    Type {
        /// What it says it is.
        got: Shown,
    },
    /// It is not signed in a way that a public key could verify.
    #[error("the signed event's algorithm: {0}")]
    Algorithm(#[from] BadAlgorithm),
    /// It is signed otherwise than jobs sign.
    #[error("events are signed with EdDSA or ES256, not {0}")]
    OtherAlgorithm(Algorithm),
    /// The key in its header cannot be used.
    #[error("the key in the signed event's header (`jwk`): {0}")]
    Key(#[from] Unusable),
    /// The key is of another kind than the algorithm needs.
    #[error("the key in the signed event's header is not one for {0}")]
    KeyUnfit(Algorithm),
    /// It is signed by somebody else.
    #[error("the event is signed by the key {got}, and the token is bound to {bound}")]
    OtherKey {
        /// The key in the header.
        got: Thumbprint,
        /// The one that it should be.
        bound: Thumbprint,
    },
    /// It was changed since, or the key did not sign it.
    #[error("the signature is not one of the key {key}")]
    Signature {
        /// The key.
        key: Thumbprint,
    },
}
