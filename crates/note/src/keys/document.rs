//! All keys of a log in one text: the first key, and the statements that lead to the last.

use std::fmt;

use thiserror::Error;

use super::chain::{BrokenChain, KeyChain};
use crate::{
    key::{KeyId, MalformedKey},
    name::KeyName,
    note::NOTE_BYTES_MAX,
    verifier::VerifierKey,
};

impl KeyChain {
    /// Reads the keys of a log: the vkey of the first one and LF; then for each change an empty line and the statement.
    ///
    /// The first key and every change are believed for the sake of `trusted`, which must be among the keys: it has signed the
    /// statement that led to it, and the one that led away. At most 1,000,000 bytes.
    ///
    /// # Errors
    ///
    /// If the bytes are not that, a change does not follow from the one in front, or `trusted` is none of the keys.
    pub fn parse(bytes: &[u8], trusted: &VerifierKey) -> Result<Self, BadKeys> {
        let chain = Self::parse_unrooted(bytes)?;
        match chain.term_of(trusted) {
            Some(_) => Ok(chain),
            None => Err(BadKeys::Unrelated {
                name: trusted.name().clone(),
                trusted: trusted.id(),
            }),
        }
    }

    /// The same for a text that is trusted itself, as one's own file is: its first key is believed as it stands there.
    ///
    /// # Errors
    ///
    /// If the bytes are not that, or a change does not follow from the one in front.
    pub fn parse_unrooted(bytes: &[u8]) -> Result<Self, BadKeys> {
        if bytes.len() > KEYS_BYTES_MAX {
            return Err(BadKeys::TooLong { length: bytes.len() });
        }
        let text = str::from_utf8(bytes).map_err(|error| BadKeys::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        let (genesis, mut rest) = text.split_once('\n').ok_or(BadKeys::NoKey)?;
        let mut chain = Self::of(genesis.parse()?);
        let mut number = 1;
        while !rest.is_empty() {
            let (statement, behind) = split_statement(rest).ok_or(BadKeys::Separator { number })?;
            chain
                .follow(statement.as_bytes())
                .map_err(|reason| BadKeys::Change { number, reason })?;
            (rest, number) = (behind, number + 1);
        }
        Ok(chain)
    }
}

/// The text that [`KeyChain::parse`] reads.
impl fmt::Display for KeyChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.genesis())?;
        for change in self.changes() {
            write!(f, "\n{}", change.note())?;
        }
        Ok(())
    }
}

/// Takes the empty line and the note behind it off the front. A statement has no empty line in its text, and no note has one among
/// its signatures, so that the second empty line is where the next statement begins.
fn split_statement(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('\n')?;
    let signatures = text.find("\n\n")? + 2;
    let end = text[signatures..]
        .find("\n\n")
        .map_or(text.len(), |empty| signatures + empty + 1);
    Some(text.split_at(end))
}

/// Why a text does not tell the keys of a log. Changes are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadKeys {
    /// The text is larger than anybody needs.
    #[error("the keys have {length} bytes, at most {KEYS_BYTES_MAX} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the keys are not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// The offset of the first bad byte.
        at: usize,
    },
    /// There is no first line.
    #[error("the first line, which is the log's first public key, is missing")]
    NoKey,
    /// The first line is no key.
    #[error("the first line is not a public key: {0}")]
    Key(#[from] MalformedKey),
    /// A statement does not begin or end where it should.
    #[error("change {number} is not an empty line and a note")]
    Separator {
        /// Which one.
        number: usize,
    },
    /// A statement does not lead from the key in front of it to another one.
    #[error("change {number}: {reason}")]
    Change {
        /// Which one.
        number: usize,
        /// Why not.
        reason: BrokenChain,
    },
    /// The key that the caller knows the log by is none of these.
    #[error("the key {name}+{trusted} is none of these keys, and none of them follows from it")]
    Unrelated {
        /// The name of that key.
        name: KeyName,
        /// Its id.
        trusted: KeyId,
    },
}

/// As large as a note: more than the 0.35 MB that 256 changes of two signatures have.
const KEYS_BYTES_MAX: usize = NOTE_BYTES_MAX;
