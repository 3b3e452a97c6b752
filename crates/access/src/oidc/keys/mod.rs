//! The public keys of an issuer (RFC 7517).

mod jwk;
mod pin;
mod set;
mod thumbprint;

pub(crate) use jwk::{Key, Material};
pub use pin::{BadPin, Pin};
pub use set::{BadKeySet, JWKS_BYTES_MAX, KEYS_MAX, KeySet, Skipped};
pub use thumbprint::Thumbprint;

pub use jwk::Unusable;
