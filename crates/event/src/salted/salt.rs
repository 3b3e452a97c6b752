//! Salts.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// 16 random bytes in front of a value, so that its digest tells nothing.
///
/// One salt is for one value of one event, and is derived from nothing: who could make it again could undo an erasure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; Salt::BYTES]);

impl Salt {
    /// 16.
    pub const BYTES: usize = 16;

    /// A salt of bytes that the caller's source of randomness gave for nothing else.
    pub fn from_random(bytes: [u8; Salt::BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) fn text(&self) -> [u8; SALT_TEXT_BYTES] {
        let mut text = [0; SALT_TEXT_BYTES];
        URL_SAFE_NO_PAD
            .encode_slice(self.0, &mut text)
            .expect("16 bytes are 22 characters");
        text
    }

    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; Salt::BYTES + 2];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (bytes, _) = bytes[..length].split_first_chunk()?;
        (length == Salt::BYTES).then_some(Self(*bytes))
    }
}

/// Tells nothing: who learns a salt can confirm a guess.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

pub(crate) const SALT_TEXT_BYTES: usize = 22;
