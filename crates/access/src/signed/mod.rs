//! Events that a job has signed with a key of its own, which its identity token is bound to.
//!
//! ```text
//! job:    JobKey ──► thumbprint ──► token (cnf.jkt, or the audience)          JobKey::sign(event) ──► text
//! here:   token ──► oidc::verify ──► BoundKey ──► Signing::check(text) ──► SignedEvent
//! later:  text and thumbprint, out of the event ──► check ──► SignedEvent
//! ```
//!
//! The form is a JWS in compact serialization (RFC 7515) with the key in its header, so that any library of JOSE can make and check it. What
//! the payload says is not looked at here.

mod check;
mod demand;
mod key;
mod refused;

pub use check::{SIGNED_BYTES_MAX, SignedEvent, TYPE, check};
pub use demand::Signing;
pub use key::{BadJobKey, JobKey};
pub use refused::NotSigned;
