//! Digests.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// The digest of a disclosure as a leaf has it: base64url(SHA-256(base64url(`d`))), 43 characters. They are ordered as texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; Digest::BYTES]);

impl Digest {
    /// 43: the characters of its text.
    pub const BYTES: usize = 43;

    /// The digest of the disclosure with these bytes.
    pub(crate) fn of(d: &[u8]) -> Self {
        let mut hash = Sha256::new();
        let mut text = [0; CHUNK / 3 * 4];
        for chunk in d.chunks(CHUNK) {
            let length = URL_SAFE_NO_PAD
                .encode_slice(chunk, &mut text)
                .expect("a chunk has room in four thirds of its length");
            hash.update(&text[..length]);
        }
        let mut digest = [0; Digest::BYTES];
        URL_SAFE_NO_PAD
            .encode_slice(hash.finalize(), &mut digest)
            .expect("32 bytes are 43 characters");
        Self(digest)
    }

    /// Reads a digest in its one spelling.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text: [u8; Digest::BYTES] = text.try_into().ok()?;
        let mut hash = [0; 33];
        URL_SAFE_NO_PAD.decode_slice(text, &mut hash).ok()?;
        Some(Self(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("the alphabet of base64 is ASCII")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Bytes that are encoded at a time, without padding between them because 3 divides it. Most disclosures are one chunk.
const CHUNK: usize = 768;
