//! Cosignatures (C2SP tlog-cosignature): what witnesses say about a checkpoint. Ed25519 only, `cosignature/v1`.

use thiserror::Error;

use crate::{
    checkpoint::SignedCheckpoint,
    cosigner::{CosignerKey, CosigningKey},
    key::KeyId,
    name::KeyName,
    note::{MalformedNote, Note, SignatureLine},
    time::PosixTime,
    verified::Verified,
};

/// A witness has verified that the log had grown by appending only, and knew of no larger tree at that time.
///
/// Only inside [`Verified`] is it known that the witness said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    line: SignatureLine,
    time: PosixTime,
}

impl Cosignature {
    /// The line in which it stands, with name and key id of the witness.
    pub fn line(&self) -> &SignatureLine {
        &self.line
    }

    /// When the witness made it, by its own clock.
    pub fn time(&self) -> PosixTime {
        self.time
    }
}

impl SignedCheckpoint {
    /// The cosignatures of this checkpoint by witnesses that are known here, in the order of its lines.
    ///
    /// A line whose name and id together are those of no such key is ignored, as are keys of other types: a witness may have
    /// cosigned with more than one. Costs one verification (45 µs) for each line of a known key.
    ///
    /// # Errors
    ///
    /// If a line of a known key does not hold: then nothing about the note should be believed.
    pub fn cosignatures(&self, keys: &[CosignerKey]) -> Result<Vec<Verified<Cosignature>>, BadCosignature> {
        cosignatures(self.note().text(), self.note().signatures(), keys)
    }
}

impl Verified<SignedCheckpoint> {
    /// The checkpoint with more lines, of which those that are cosignatures by these keys are taken over and all others are not.
    ///
    /// A cosignature takes the place of an earlier one by the same key, and otherwise stands behind all other lines, so that
    /// the order in which witnesses answer is the order of the note. The text, and with it the log's signature, stays.
    ///
    /// # Errors
    ///
    /// If a line of a known key is no cosignature of this checkpoint, or if the note would become too large.
    pub fn with_cosignatures(&self, lines: &[SignatureLine], keys: &[CosignerKey]) -> Result<Self, NotAdded> {
        let mut merged = self.note().signatures().to_vec();
        for cosignature in cosignatures(self.note().text(), lines, keys)? {
            let line = cosignature.line();
            match merged.iter_mut().find(|old| old.is_by(line.name(), line.id())) {
                Some(old) => *old = line.clone(),
                None => merged.push(line.clone()),
            }
        }
        let note = Note::from_lines(self.note().text().to_owned(), merged)?;
        Ok(Verified::after_check(SignedCheckpoint::clone(self).with_note(note)))
    }
}

/// Checks the lines that are said to be by these keys.
pub(crate) fn cosignatures(
    text: &str,
    lines: &[SignatureLine],
    keys: &[CosignerKey],
) -> Result<Vec<Verified<Cosignature>>, BadCosignature> {
    let mut verified = Vec::new();
    for line in lines {
        // Ids collide: two known keys may share name and id, and the line is good if it holds under one of them.
        let mut candidates = keys.iter().filter(|key| line.is_by(key.name(), key.id())).peekable();
        if candidates.peek().is_none() {
            continue;
        }
        let time = candidates.find_map(|key| holds(text, line, key));
        let time = time.ok_or_else(|| BadCosignature {
            name: line.name().clone(),
            id: line.id(),
        })?;
        verified.push(Verified::after_check(Cosignature {
            line: line.clone(),
            time,
        }));
    }
    Ok(verified)
}

/// Cosigns the text of a checkpoint.
pub(crate) fn cosign(text: &str, time: PosixTime, key: &CosigningKey) -> SignatureLine {
    let public = key.private().public();
    let signature = key.private().sign(message(text, time).as_bytes());
    let payload = [&time.secs().to_be_bytes()[..], &signature].concat();
    SignatureLine::new(public.name().clone(), public.id(), payload)
}

/// The time of a cosignature, if it holds.
fn holds(text: &str, line: &SignatureLine, key: &CosignerKey) -> Option<PosixTime> {
    let (secs, signature) = line.payload().split_first_chunk()?;
    let time = PosixTime::from_secs(u64::from_be_bytes(*secs))?;
    let held = key.public().verify(message(text, time).as_bytes(), signature);
    held.is_ok().then_some(time)
}

/// The signed message (C2SP tlog-cosignature, "Ed25519 signed message").
fn message(text: &str, time: PosixTime) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A known witness is said to have cosigned this checkpoint, and has not.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the cosignature by {name}+{id} does not hold")]
pub struct BadCosignature {
    /// The name of the witness.
    pub name: KeyName,
    /// The id of its key.
    pub id: KeyId,
}

/// Why cosignatures do not come into a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAdded {
    /// One of them is not what it claims to be.
    #[error(transparent)]
    Cosignature(#[from] BadCosignature),
    /// The note would have too many lines or bytes.
    #[error("with its cosignatures the note is too large: {0}")]
    Note(#[from] MalformedNote),
}
