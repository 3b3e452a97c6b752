//! The thumbprint of a key (RFC 7638): by what it is known whatever it is called.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// SHA-256 over what makes up a key, written in base64url: 43 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Of the members that RFC 7638 (3.2) names for a kind of key: in the order of their names, and with values that need no escapes.
    pub(crate) fn of(members: &[(&str, &str)]) -> Thumbprint {
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\":\"{value}\""))
            .collect();
        Thumbprint(Sha256::digest(format!("{{{}}}", members.join(","))).into())
    }

    /// Reads the 43 characters; `None` if they are none, or another way to write the same.
    pub fn parse(text: &str) -> Option<Thumbprint> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Thumbprint)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
