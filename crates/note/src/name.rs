//! Key names (C2SP signed-note, "Format").

use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;

/// The name of a key, and of a log also its origin: by custom a URL prefix without scheme.
///
/// It is not empty and holds no Unicode whitespace, no `+` and no control character, so that it stands in a line of a note, in
/// the text of a key and in an error message without quoting. It has at most 255 bytes, since the signed messages of
/// cosignatures (C2SP tlog-cosignature) have one byte for its length. That limit and the refusal of control characters are ours;
/// signed-note has the other rules. Cloning shares the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(Arc<str>);

impl KeyName {
    /// The name as it is written in notes and keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = BadKeyName;

    fn from_str(name: &str) -> Result<Self, BadKeyName> {
        if name.is_empty() {
            return Err(BadKeyName::Empty);
        }
        if name.len() > NAME_BYTES_MAX {
            return Err(BadKeyName::TooLong { bytes: name.len() });
        }
        let forbidden = |c: char| c == '+' || c.is_whitespace() || c.is_control();
        match name.char_indices().find(|&(_, c)| forbidden(c)) {
            Some((at, character)) => Err(BadKeyName::Character { character, at }),
            None => Ok(Self(name.into())),
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a [`KeyName`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadKeyName {
    /// There is no text.
    #[error("a key name is not empty")]
    Empty,
    /// The name is longer than a cosignature could carry.
    #[error("a key name has at most {NAME_BYTES_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// A character that a key name cannot hold, and the byte at which it stands.
    #[error("a key name holds no whitespace, control character or '+', this one has {character:?} at byte {at}")]
    Character {
        /// The first such character.
        character: char,
        /// Its offset in bytes.
        at: usize,
    },
}

const NAME_BYTES_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_may_hold() {
        for good in [
            "a",
            "ci.example.com/audit",
            "PeterNeumann",
            "example.com/größe",
            "日本",
            "a-b_c~d:8080/?q=1",
        ] {
            assert_eq!(good.parse::<KeyName>().unwrap().as_str(), good);
        }
        assert_eq!("".parse::<KeyName>(), Err(BadKeyName::Empty));
        let longest = "ä".repeat(127) + "b";
        assert_eq!(longest.parse::<KeyName>().unwrap().to_string(), longest);
        assert_eq!(
            (longest + "b").parse::<KeyName>(),
            Err(BadKeyName::TooLong { bytes: 256 })
        );
        // Space, tab, LF, next line, no-break space, line separator, ideographic space; plus; NUL, escape, delete, C1.
        for bad in "\u{20}\t\n\u{85}\u{a0}\u{2028}\u{3000}+\0\u{1b}\u{7f}\u{9b}".chars() {
            let expected = BadKeyName::Character { character: bad, at: 2 };
            assert_eq!(format!("ab{bad}c").parse::<KeyName>(), Err(expected));
        }
    }
}
