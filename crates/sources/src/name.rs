//! What a configured source is called.

use std::{fmt, str::FromStr};

/// The name of a configured source: its kind and which one of them, such as `github/acme`. It is the `source` of every event that
/// comes in by it, and with the sender's key the identity of the event: it must not change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName {
    text: String,
    slash: usize,
}

impl SourceName {
    /// What kind of source it is, such as `github`.
    pub fn kind(&self) -> &str {
        &self.text[..self.slash]
    }

    /// Which one of its kind, such as `acme`: the last part of the URL that the sender is given.
    pub fn instance(&self) -> &str {
        &self.text[self.slash + 1..]
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for SourceName {
    type Err = BadSourceName;

    fn from_str(text: &str) -> Result<Self, BadSourceName> {
        let bad = || BadSourceName {
            found: text.chars().take(2 * PART_BYTES_MAX).collect(),
        };
        let (kind, instance) = text.split_once('/').ok_or_else(bad)?;
        let is_part = |part: &str| {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
            (1..=PART_BYTES_MAX).contains(&part.len())
                && part.bytes().all(is_plain)
                && part.as_bytes()[0].is_ascii_alphanumeric()
        };
        if !is_part(kind) || !is_part(instance) {
            return Err(bad());
        }
        Ok(Self {
            text: text.to_owned(),
            slash: kind.len(),
        })
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is not the name of a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is not a kind, a slash and a name, each of a-z, 0-9, `-`, `_` and `.`, at most 64 of them: github/acme"
)]
pub struct BadSourceName {
    /// What it is instead.
    pub found: String,
}

/// A label of a domain name has at most 63; a login of GitHub 39.
const PART_BYTES_MAX: usize = 64;
