//! API tokens: what they look like, and what the log keeps of them.
//!
//! ```text
//! idl_ + 52 characters of base32 (32 random bytes) + 7 of base32 (their CRC-32C)
//! ```
//!
//! The beginning and the check sum are for scanners that look for leaked secrets: `idl_[a-z2-7]{59}`, and a text that fails the sum is
//! none. The log keeps SHA-256 of the text, which needs no salt: nobody can try out 2^256 tokens.

use std::fmt;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What every token begins with.
pub const PREFIX: &str = "idl_";

/// The bytes that are random.
pub const RANDOM_BYTES: usize = 32;

/// A token, wiped when it is dropped and never printed.
pub struct Token(Zeroizing<String>);

/// What the log keeps of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

/// What a token is called: the first 8 bytes of its hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId([u8; 8]);

/// What is not hex of the right length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {0} bytes in lowercase hex")]
pub struct NotHex(usize);

impl Token {
    /// The token of these random bytes.
    pub fn new(random: &[u8; RANDOM_BYTES]) -> Token {
        let mut text = String::with_capacity(PREFIX.len() + 59);
        text.push_str(PREFIX);
        let code = |bytes: &[u8]| Zeroizing::new(BASE32_NOPAD.encode(bytes).to_ascii_lowercase());
        text.push_str(&code(random));
        text.push_str(&code(&crc32c::crc32c(random).to_be_bytes()));
        Token(Zeroizing::new(text))
    }

    /// The token itself, to show it once to whoever is to have it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the log keeps of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.expose())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

impl TokenHash {
    /// Of whatever somebody sends as a token. It takes as long for every text of the same length; what is then looked up is the hash, of
    /// which a sender knows nothing that it could come closer by.
    pub fn of(text: &str) -> TokenHash {
        TokenHash(Sha256::digest(text.as_bytes()).into())
    }

    /// What the token is called.
    pub fn id(&self) -> TokenId {
        let mut id = [0; 8];
        id.copy_from_slice(&self.0[..8]);
        TokenId(id)
    }
}

impl TokenId {
    /// Its bytes.
    pub(crate) fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

macro_rules! hex {
    ($name:ident, $bytes:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotHex;

            fn from_str(text: &str) -> Result<Self, NotHex> {
                let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| NotHex($bytes))?;
                Ok($name(bytes.try_into().map_err(|_| NotHex($bytes))?))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(de::Error::custom)
            }
        }
    };
}

hex!(TokenHash, 32);
hex!(TokenId, 8);

#[cfg(test)]
mod tests {
    use super::*;

    /// As a scanner would look for it, which knows the form only from what stands above.
    fn is_token(text: &str) -> bool {
        let form = regex::Regex::new("^idl_[a-z2-7]{59}$").unwrap();
        let decode = |part: &str| BASE32_NOPAD.decode(part.to_ascii_uppercase().as_bytes()).ok();
        form.is_match(text)
            && decode(&text[4..56])
                .zip(decode(&text[56..]))
                .is_some_and(|(random, sum)| crc32c::crc32c(&random).to_be_bytes()[..] == sum[..])
    }

    #[test]
    fn has_the_form_that_scanners_look_for() {
        let token = Token::new(&[7; RANDOM_BYTES]);
        let text = token.expose();
        assert!(is_token(text));
        for place in 4..text.len() {
            let mut wrong = text.as_bytes().to_vec();
            wrong[place] = if wrong[place] == b'a' { b'b' } else { b'a' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert!(!is_token(&wrong), "{place}");
        }
    }

    #[test]
    fn is_not_shown() {
        let token = Token::new(&[9; RANDOM_BYTES]);
        assert!(!format!("{token:?} {:?}", token.hash()).contains(&token.expose()[4..20]));
    }

    #[test]
    fn hashes_are_written_in_hex() {
        let hash = TokenHash::of("x");
        let text = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<TokenHash>(&text).unwrap(), hash);
        assert!(text.contains(&hash.id().to_string()));
        assert!(serde_json::from_str::<TokenHash>("\"2d71\"").is_err());
    }
}
