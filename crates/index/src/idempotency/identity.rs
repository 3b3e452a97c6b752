//! Which event it is, and what it says, each as an HMAC.

use crate::IndexKey;
use crate::key::Purpose;

/// Which event it is: the HMAC of its source and key. Under a secret key nobody finds two that collide but by 2^64 tries, each an
/// append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub(super) [u8; 16]);

/// What an event says, as far as a repeat must say it again: an HMAC, for a bare hash would confirm guesses after erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentMac(pub(super) [u8; 16]);

/// What is compared of two events with one identity.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// SHA-256 of the raw bytes, of an event that came as such.
    Raw(&'a [u8; 32]),
    /// The canonical bytes of the members that a repeat repeats: without salts, `submitter`, `delivery.received`, `occurred` if it
    /// is from receipt, and `origin` if its address is the last hop's.
    Members(&'a [u8]),
}

impl IndexKey {
    /// The identity of an event: the configured source, and the sender's idempotency key.
    pub fn identity(&self, source: &str, key: &str) -> Identity {
        Identity(self.mac(Purpose::Identity, &[source.as_bytes(), key.as_bytes()]))
    }

    /// What an event says.
    pub fn content(&self, content: Content<'_>) -> ContentMac {
        ContentMac(match content {
            Content::Raw(sha256) => self.mac(Purpose::ContentOfRaw, &[sha256]),
            Content::Members(bytes) => self.mac(Purpose::ContentOfMembers, &[bytes]),
        })
    }
}
