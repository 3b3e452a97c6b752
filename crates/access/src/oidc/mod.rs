//! Who a CI job is, by the identity token (OpenID Connect) that its CI system signed for it: no secret is stored anywhere.
//!
//! In scope: which issuers are believed and by which keys, reading a token, checking it, and saying in one normal form what it
//! attests. Out of scope: fetching keys and reading files (whoever runs this does, see [`KeySource`]), and what an identity may do
//! (a rule carries that as a type of its owner's, `G`).
//!
//! ```text
//! token ──► Unverified ──► its issuer's KeySet ──► verify ──► Identity<G>
//!           (iss, kid: which keys to get)          (the only place that makes one)
//! ```
//!
//! What [`verify`] holds a token against, in this order: OpenID Connect Core 1.0 (3.1.3.7), RFC 7519 and RFC 8725. The algorithm is the
//! configuration's to choose and the key's to fit, never the token's; a header never brings or names a key by address. A refusal takes
//! a time that depends on the token, on public keys and on the configuration; there is no secret here that it could tell of.

mod algorithm;
mod binding;
mod claims;
mod config;
mod identity;
pub(crate) mod json;
pub(crate) mod keys;
mod normal;
mod refused;
mod replay;
pub(crate) mod signature;
pub(crate) mod token;
mod verify;

pub use algorithm::{Algorithm, BadAlgorithm};
pub use binding::{BOUND, Binding, BoundKey};
pub use config::{
    AUDIENCE_BYTES_MAX, ISSUERS_MAX, Issuer, IssuerUrl, Issuers, KeySource, LIFETIME_SECONDS_DEFAULT,
    LIFETIME_SECONDS_MAX, Preset, RULES_MAX, Rule, SKEW_SECONDS_DEFAULT, SKEW_SECONDS_MAX,
};
pub use identity::Identity;
pub use keys::{BadKeySet, BadPin, JWKS_BYTES_MAX, KEYS_MAX, KeySet, Pin, Skipped, Thumbprint, Unusable};
pub use normal::{Field, NormalForm};
pub use refused::{ClaimProblem, Malformed, Refused, Shown};
pub use replay::{REPLAY_ENTRIES_MAX, Replay};
pub use token::{TOKEN_BYTES_MAX, Unverified, token_sha256};
pub use verify::verify;
