//! The statement that a log has changed its key.

use std::fmt;

use thiserror::Error;

use crate::{
    key::{KeyId, MalformedKey},
    name::KeyName,
    note::{MalformedNote, NotVerified, Note},
    signing::SigningKey,
    text::{self, DECIMAL_LIMIT, excerpt},
    verified::Verified,
    verifier::VerifierKey,
};

/// That from some size on another key signs the heads of a log: a note of four lines, by the old key and the new one.
///
/// The old key gives its power away, the new one takes it: so neither can be drawn into a chain that its owner knows nothing of.
/// [`Display`](fmt::Display) writes the note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    old: VerifierKey,
    new: VerifierKey,
    first_size: u64,
    note: Note,
}

impl KeyChange {
    /// Makes the statement. The old key has signed the head of `first_size` leaves and signs no larger one; the new key may sign it
    /// again, and signs all that follow.
    ///
    /// Deterministic: the same keys and size give the same bytes.
    ///
    /// # Errors
    ///
    /// If the two keys have different names, or are the same key.
    ///
    /// # Panics
    ///
    /// If the size is 2^63 or more, which no tree reaches.
    pub fn sign(old: &SigningKey, new: &SigningKey, first_size: u64) -> Result<Verified<Self>, MalformedKeyChange> {
        assert!(first_size < DECIMAL_LIMIT, "a tree of {first_size} leaves cannot exist");
        let (public, successor) = (old.verifier(), new.verifier());
        check_pair(&public, &successor)?;
        let text = format!("{FIRST_LINE}\n{public}\n{successor}\n{first_size}\n");
        let note = Note::sign(text, &[old, new]).expect("keys and numbers hold no control character, and are short");
        Ok(Verified::after_check(Self {
            old: public,
            new: successor,
            first_size,
            note,
        }))
    }

    /// Reads a note whose text is `indelible key change v1`, old vkey, new vkey and first size, a line each, and nothing else.
    ///
    /// # Errors
    ///
    /// If the bytes are not that in its one spelling, or the keys cannot follow each other.
    pub fn parse(note: &[u8]) -> Result<Self, MalformedKeyChange> {
        let note = Note::parse(note)?;
        let lines: Vec<&str> = note.text().split_terminator('\n').collect();
        let &[first, old, new, size] = lines.as_slice() else {
            return Err(MalformedKeyChange::Lines { lines: lines.len() });
        };
        if first != FIRST_LINE {
            return Err(MalformedKeyChange::FirstLine { found: excerpt(first) });
        }
        let key = |line, vkey: &str| vkey.parse().map_err(|reason| MalformedKeyChange::Key { line, reason });
        let (old, new) = (key(2, old)?, key(3, new)?);
        check_pair(&old, &new)?;
        let first_size = text::decimal(size).ok_or_else(|| MalformedKeyChange::FirstSize { found: excerpt(size) })?;
        Ok(Self {
            old,
            new,
            first_size,
            note,
        })
    }

    /// Checks that the key in force made the statement, and that the new key agreed.
    ///
    /// Costs two signature verifications, 90 µs.
    ///
    /// # Errors
    ///
    /// If it is by another key, or one of the two signatures is missing or does not hold.
    pub fn open(self, in_force: &VerifierKey) -> Result<Verified<Self>, BadKeyChange> {
        if self.old != *in_force {
            return Err(BadKeyChange::NotInForce {
                name: self.old.name().clone(),
                stated: self.old.id(),
                in_force: in_force.id(),
            });
        }
        for key in [&self.old, &self.new] {
            self.note.check(std::slice::from_ref(key))?;
        }
        Ok(Verified::after_check(self))
    }

    /// The key that was in force.
    pub fn old(&self) -> &VerifierKey {
        &self.old
    }

    /// The key that is in force from then on.
    pub fn new_key(&self) -> &VerifierKey {
        &self.new
    }

    /// The size of the tree at the change: the last that the old key signs, and the first that the new one does.
    pub fn first_size(&self) -> u64 {
        self.first_size
    }

    /// The note, with all its signature lines.
    pub fn note(&self) -> &Note {
        &self.note
    }
}

impl fmt::Display for KeyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}

/// Refuses keys of which the second cannot follow the first.
fn check_pair(old: &VerifierKey, new: &VerifierKey) -> Result<(), MalformedKeyChange> {
    if old.name() != new.name() {
        return Err(MalformedKeyChange::Names {
            old: old.name().clone(),
            new: new.name().clone(),
        });
    }
    match old.public().is_same_point(new.public()) {
        true => Err(MalformedKeyChange::SameKey),
        false => Ok(()),
    }
}

/// Why bytes are not a change of keys. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedKeyChange {
    /// They are not even a note.
    #[error(transparent)]
    Note(#[from] MalformedNote),
    /// The text has too many lines, or too few.
    #[error("a change of keys has 4 lines of text, here are {lines}")]
    Lines {
        /// How many there are.
        lines: usize,
    },
    /// It is something else, or a version that this crate does not know.
    #[error("line 1 of the change is not {FIRST_LINE:?} but {found:?}")]
    FirstLine {
        /// How the line begins.
        found: String,
    },
    /// A key cannot be used.
    #[error("line {line} of the change is no public key: {reason}")]
    Key {
        /// The line.
        line: usize,
        /// What is wrong with it.
        reason: MalformedKey,
    },
    /// The size is not a number, or not in its one spelling.
    #[error("line 4 of the change is not a decimal size below 2^63 without leading zeros: {found:?}")]
    FirstSize {
        /// How the line begins.
        found: String,
    },
    /// The keys are of two logs.
    #[error(
        "the key {old} cannot be changed for one with another name, {new}: the name is the log's origin, and stays"
    )]
    Names {
        /// The name of the old key.
        old: KeyName,
        /// The name of the new one.
        new: KeyName,
    },
    /// Old and new are one key.
    #[error("the new key is the old one")]
    SameKey,
}

/// Why a well-formed change of keys is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadKeyChange {
    /// It is by a key that has no say.
    #[error("the change of keys is by {name}+{stated}, but the key in force is {name}+{in_force}")]
    NotInForce {
        /// The name of the key that is to be changed.
        name: KeyName,
        /// Its id.
        stated: KeyId,
        /// The id of the key that is in force.
        in_force: KeyId,
    },
    /// The old key or the new one did not sign it.
    #[error("old key and new key must both sign the change: {0}")]
    Signature(#[from] NotVerified),
}

const FIRST_LINE: &str = "indelible key change v1";
