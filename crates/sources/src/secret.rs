//! What a sender and we both know.

use std::fmt;

use zeroize::Zeroizing;

/// A secret shared with a sender, wiped when it is dropped and never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret as the sender has it: text of 16 to 256 bytes, its UTF-8 is the key.
    ///
    /// # Errors
    ///
    /// It is too short to be one (whoever holds one delivery could find it by trying), too long, or has a control character or
    /// white space at an end, which a form swallows.
    pub fn new(text: impl Into<String>) -> Result<Self, BadSecret> {
        let text = Zeroizing::new(text.into());
        let length = text.len();
        if length < BYTES_MIN {
            return Err(BadSecret::TooShort { length });
        }
        if length > BYTES_MAX {
            return Err(BadSecret::TooLong { length });
        }
        if text.chars().any(char::is_control) || text.trim() != text.as_str() {
            return Err(BadSecret::Invisible);
        }
        Ok(Self(text))
    }

    /// The secret itself, to show it to whoever sets up the sender.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// The secrets of a source: one, or two while the sender is being given a new one.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The one that the sender has, or is being given.
    pub current: Secret,
    /// The one that it had before, as long as it may still use it.
    pub previous: Option<Secret>,
}

/// What is no secret. It is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Trying would find it.
    #[error("a secret of {length} bytes is too short: it needs at least {BYTES_MIN}")]
    TooShort {
        /// How many bytes it has.
        length: usize,
    },
    /// Nobody means that.
    #[error("a secret of {length} bytes is too long: {BYTES_MAX} are the most")]
    TooLong {
        /// How many bytes it has.
        length: usize,
    },
    /// A form would not keep it as it is.
    #[error("a secret must have no control characters, and no white space at its ends")]
    Invisible,
}

/// 16 random characters of base64 are 96 bits; `openssl rand -hex 32`, which the instructions advise, has 64 characters.
const BYTES_MIN: usize = 16;
/// Four times what is advised.
const BYTES_MAX: usize = 256;
