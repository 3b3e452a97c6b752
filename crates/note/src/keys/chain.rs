//! Keys that follow each other, and the heads that each of them may sign.

use thiserror::Error;

use super::change::{BadKeyChange, KeyChange, MalformedKeyChange};
use crate::{
    checkpoint::{BadCheckpoint, SignedCheckpoint, UntrustedCheckpoint},
    key::KeyId,
    name::KeyName,
    verified::Verified,
    verifier::VerifierKey,
};

/// The keys of one log, each of which handed over to the next; for a log that never changed its key, that one.
///
/// Of a head it is known how large it is, and so which of the keys may have signed it. A key counts up to the size at which it
/// was changed: whoever steals it afterwards signs no future.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChain {
    /// Not empty; the last one is in force.
    terms: Vec<KeyTerm>,
    /// What leads from each to the next.
    changes: Vec<Verified<KeyChange>>,
}

/// A key, and the sizes of the heads that it may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTerm {
    key: VerifierKey,
    first_size: u64,
    last_size: Option<u64>,
}

impl KeyTerm {
    /// The key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The smallest tree that it may sign.
    pub fn first_size(&self) -> u64 {
        self.first_size
    }

    /// The largest; `None` for the key in force.
    pub fn last_size(&self) -> Option<u64> {
        self.last_size
    }

    fn covers(&self, size: u64) -> bool {
        self.first_size <= size && self.last_size.is_none_or(|last| size <= last)
    }
}

impl KeyChain {
    /// The chain that begins, and for now ends, with this key.
    pub fn of(genesis: VerifierKey) -> Self {
        Self {
            terms: vec![KeyTerm {
                key: genesis,
                first_size: 0,
                last_size: None,
            }],
            changes: Vec::new(),
        }
    }

    /// Follows a statement to the next key.
    ///
    /// # Errors
    ///
    /// If the key in force did not make it, or it leads to a key that was in force before, or back to a smaller tree. The chain
    /// is what it was then.
    pub fn follow(&mut self, statement: &[u8]) -> Result<&VerifierKey, BrokenChain> {
        let change = KeyChange::parse(statement)?.open(self.current())?;
        self.push(change)?;
        Ok(self.current())
    }

    /// The name that all its keys have: the log's origin.
    pub fn origin(&self) -> &KeyName {
        self.genesis().name()
    }

    /// The first key.
    pub fn genesis(&self) -> &VerifierKey {
        &self.terms[0].key
    }

    /// The key in force.
    pub fn current(&self) -> &VerifierKey {
        &self.last().key
    }

    /// All keys with what they may sign, in the order in which they were in force.
    pub fn terms(&self) -> &[KeyTerm] {
        &self.terms
    }

    /// The statements, of which each leads from a key to the next.
    pub fn changes(&self) -> &[Verified<KeyChange>] {
        &self.changes
    }

    /// What this key may sign, if it is one of the log's.
    pub fn term_of(&self, key: &VerifierKey) -> Option<&KeyTerm> {
        self.terms.iter().find(|term| term.key == *key)
    }

    /// The chain as it was when the log had this size: without the changes at larger ones.
    pub fn up_to(&self, size: u64) -> Self {
        let mut chain = Self::of(self.genesis().clone());
        for change in self.changes.iter().filter(|change| change.first_size() <= size) {
            chain
                .push(change.clone())
                .expect("it follows in the whole chain as well");
        }
        chain
    }

    /// Checks that a key of the log signed a checkpoint, one that may sign a tree of that size.
    ///
    /// # Errors
    ///
    /// As [`SignedCheckpoint::open_any`]; [`UntrustedCheckpoint::OutOfTerm`] if only keys of the log did that may not.
    pub fn open(&self, checkpoint: SignedCheckpoint) -> Result<Verified<SignedCheckpoint>, UntrustedCheckpoint> {
        let size = checkpoint.head().size;
        let (able, others): (Vec<_>, Vec<_>) = self.terms.iter().partition(|term| term.covers(size));
        let able: Vec<VerifierKey> = able.into_iter().map(|term| term.key.clone()).collect();
        let lines = checkpoint.note().signatures();
        let other = others.into_iter().find(|term| {
            let is_by = |line: &crate::note::SignatureLine| line.is_by(term.key.name(), term.key.id());
            lines.iter().any(is_by)
        });
        let out_of_term = other.map(|term| UntrustedCheckpoint::OutOfTerm {
            name: term.key.name().clone(),
            id: term.key.id(),
            first: term.first_size,
            last: term.last_size,
            size,
        });
        checkpoint
            .open_any(&able)
            .map_err(|reason| match (reason, out_of_term) {
                (UntrustedCheckpoint::Signature(_), Some(out_of_term)) => out_of_term,
                (reason, _) => reason,
            })
    }

    /// Reads a checkpoint and [opens](KeyChain::open) it.
    ///
    /// # Errors
    ///
    /// [`BadCheckpoint::Malformed`] if the bytes are no checkpoint at all, else why it is not this log's.
    pub fn open_checkpoint(&self, note: &[u8]) -> Result<Verified<SignedCheckpoint>, BadCheckpoint> {
        Ok(self.open(SignedCheckpoint::parse(note)?)?)
    }

    fn last(&self) -> &KeyTerm {
        self.terms.last().expect("a chain begins with a key")
    }

    fn push(&mut self, change: Verified<KeyChange>) -> Result<(), BrokenChain> {
        let size = change.first_size();
        let before = self.last().first_size;
        if size < before {
            return Err(BrokenChain::Backwards { size, before });
        }
        let new = change.new_key();
        if self
            .terms
            .iter()
            .any(|term| term.key.public().is_same_point(new.public()) || term.key.id() == new.id())
        {
            return Err(BrokenChain::Again {
                name: new.name().clone(),
                id: new.id(),
            });
        }
        if self.changes.len() == CHANGES_MAX {
            return Err(BrokenChain::TooLong);
        }
        let new = new.clone();
        self.terms.last_mut().expect("a chain begins with a key").last_size = Some(size);
        self.terms.push(KeyTerm {
            key: new,
            first_size: size,
            last_size: None,
        });
        self.changes.push(change);
        Ok(())
    }
}

/// The chain of a log that never changed its key.
impl From<VerifierKey> for KeyChain {
    fn from(key: VerifierKey) -> Self {
        Self::of(key)
    }
}

/// Why a statement does not lead on to the next key of a log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BrokenChain {
    /// It is no change of keys.
    #[error(transparent)]
    Malformed(#[from] MalformedKeyChange),
    /// Those who must have made it did not.
    #[error(transparent)]
    Untrusted(#[from] BadKeyChange),
    /// The new key was in force before. It may have been stolen since.
    #[error("the key {name}+{id} was in force before, or one with its id was, and does not come again")]
    Again {
        /// The name of the key.
        name: KeyName,
        /// Its id.
        id: KeyId,
    },
    /// The change is said to have happened before the one in front of it.
    #[error("the key is changed at size {size}, and the one before was at {before} already")]
    Backwards {
        /// The size of this change.
        size: u64,
        /// That of the one in front.
        before: u64,
    },
    /// The log has changed its key more often than anybody needs.
    #[error("a log changes its key at most {CHANGES_MAX} times: make a new log")]
    TooLong,
}

/// One a month for 21 years. A statement has at most 1,371 bytes (four lines of 664, two signature lines of 353, an empty line): all
/// of them 0.35 MB. Verifying 512 signatures at a start takes 23 ms.
pub(super) const CHANGES_MAX: usize = 256;
