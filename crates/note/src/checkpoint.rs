//! Checkpoints (C2SP tlog-checkpoint): signed notes that name a tree head.

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_merkle::TreeHead;
use thiserror::Error;

use crate::{
    key::KeyId,
    name::{BadKeyName, KeyName},
    note::{MalformedNote, NotVerified, Note, SignatureLine},
    signing::SigningKey,
    text::{self, DECIMAL_LIMIT, excerpt},
    verified::Verified,
    verifier::VerifierKey,
};

/// Reads a checkpoint and checks that the log with this key signed it.
///
/// Costs one signature verification, 45 µs. It shows what the log said, not that the log says the same to everybody: for that,
/// compare heads by consistency proofs.
///
/// # Errors
///
/// [`BadCheckpoint::Malformed`] if the bytes are no checkpoint at all, else why it is not this log's.
pub fn open_checkpoint(note: &[u8], key: &VerifierKey) -> Result<Verified<SignedCheckpoint>, BadCheckpoint> {
    Ok(SignedCheckpoint::parse(note)?.open(key)?)
}

/// Signs a tree head. The key's name becomes the origin, so that the two cannot differ.
///
/// Deterministic: the same head and key give the same bytes. Costs one signature, 18 µs. Never sign two heads that no
/// consistency proof joins.
///
/// # Panics
///
/// If the head's size is 2^63 or more, which no tree reaches and no verifier reads.
pub fn sign_checkpoint(head: TreeHead, key: &SigningKey) -> Verified<SignedCheckpoint> {
    assert!(
        head.size < DECIMAL_LIMIT,
        "a tree of {} leaves cannot have been built",
        head.size
    );
    let origin = key.name();
    // Room for the whole note, in which the origin stands twice; all the rest of it has at most 168 bytes.
    let mut text = String::with_capacity(2 * origin.as_str().len() + 168);
    text.push_str(origin.as_str());
    text.push('\n');
    text.push_str(&head.size.to_string());
    text.push('\n');
    STANDARD.encode_string(head.root.as_bytes(), &mut text);
    text.push('\n');
    let note = Note::sign(text, &[key]).expect("a key name has at most 255 bytes, none of them a control character");
    Verified::after_check(SignedCheckpoint {
        origin: origin.clone(),
        head,
        note,
    })
}

/// A well-formed checkpoint. Only inside [`Verified`] is it known who signed it.
///
/// Extension lines are read over when parsing: they stay in the note, under the signature, and mean nothing here. None are
/// written, as the specification advises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    origin: KeyName,
    head: TreeHead,
    note: Note,
}

impl SignedCheckpoint {
    /// Reads a note whose text is `origin LF size LF base64(root) LF` and optional extension lines, which are not empty.
    ///
    /// # Errors
    ///
    /// If the bytes are not a note, or its text is not that of a checkpoint. An origin must have the form of a key name.
    pub fn parse(note: &[u8]) -> Result<Self, MalformedCheckpoint> {
        let note = Note::parse(note)?;
        let mut lines = note.text().split_terminator('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(MalformedCheckpoint::TooFewLines {
                lines: note.text().split_terminator('\n').count(),
            });
        };
        let origin = origin.parse()?;
        let size = text::decimal(size).ok_or_else(|| MalformedCheckpoint::Size { found: excerpt(size) })?;
        let root = text::hash(root).ok_or_else(|| MalformedCheckpoint::Root { found: excerpt(root) })?;
        if let Some(empty) = lines.position(str::is_empty) {
            return Err(MalformedCheckpoint::EmptyExtension { line: empty + 4 });
        }
        Ok(Self {
            origin,
            head: TreeHead { size, root },
            note,
        })
    }

    /// Checks that the log with this key signed it.
    ///
    /// # Errors
    ///
    /// As [`Note::open`] with this one key; also if the key signed for an origin that is not its name.
    pub fn open(self, key: &VerifierKey) -> Result<Verified<Self>, UntrustedCheckpoint> {
        self.open_any(std::slice::from_ref(key))
    }

    /// Checks that the log signed it with at least one of these keys; the keys may be those of several logs.
    ///
    /// # Errors
    ///
    /// As [`Note::open`] with these keys; also if only keys with another name than the origin signed.
    pub fn open_any(self, keys: &[VerifierKey]) -> Result<Verified<Self>, UntrustedCheckpoint> {
        self.note.check(keys)?;
        let signed = |key: &&VerifierKey| {
            self.note
                .signatures()
                .iter()
                .any(|line| line.is_by(key.name(), key.id()))
        };
        let signers: Vec<_> = keys.iter().filter(signed).map(VerifierKey::name).collect();
        if signers.contains(&&self.origin) {
            return Ok(Verified::after_check(self));
        }
        let signer = signers
            .first()
            .expect("a note that holds was signed by one of the keys");
        Err(UntrustedCheckpoint::Origin {
            key: KeyName::clone(signer),
            origin: self.origin,
        })
    }

    /// The same checkpoint in a note of the same text, with other signature lines.
    pub(crate) fn with_note(self, note: Note) -> Self {
        Self { note, ..self }
    }

    /// The log that the checkpoint is about.
    pub fn origin(&self) -> &KeyName {
        &self.origin
    }

    /// Size and root of the log's tree.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The note, with all its signature lines.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The bytes of the note, as they are published.
    pub fn note_bytes(&self) -> &[u8] {
        self.note.as_str().as_bytes()
    }
}

impl Verified<SignedCheckpoint> {
    /// The same checkpoint, signed by this key of the log as well; as it is if that has signed it. The new line stands behind the
    /// others.
    ///
    /// # Panics
    ///
    /// If the key has another name than the origin, or the note is full: that is for checkpoints of one's own.
    pub fn also_signed(&self, key: &SigningKey) -> Self {
        assert_eq!(key.name(), self.origin(), "a log signs heads of its own");
        let mut lines = self.note().signatures().to_vec();
        if lines.iter().any(|line| line.is_by(key.name(), key.id())) {
            return self.clone();
        }
        lines.push(SignatureLine::sign(self.note().text(), key));
        let note = Note::from_lines(self.note().text().to_owned(), lines);
        let note = note.expect("a checkpoint of one's own has few lines");
        Self::after_check(SignedCheckpoint::clone(self).with_note(note))
    }
}

/// Why bytes are not a checkpoint. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedCheckpoint {
    /// They are not even a note.
    #[error(transparent)]
    Note(#[from] MalformedNote),
    /// The text ends too early.
    #[error("the text of a checkpoint is origin, size and root on a line each, here are {lines} lines")]
    TooFewLines {
        /// How many lines there are.
        lines: usize,
    },
    /// The origin is not a name that a key could have.
    #[error("line 1 of the checkpoint is not an origin: {0}")]
    Origin(#[from] BadKeyName),
    /// The size is not a number, or not in its one spelling.
    #[error("line 2 of the checkpoint is not a decimal size below 2^63 without leading zeros: {found:?}")]
    Size {
        /// How the line begins.
        found: String,
    },
    /// The root is not a hash, or not in its one spelling.
    #[error("line 3 of the checkpoint is not the base64 of a 32-byte hash: {found:?}")]
    Root {
        /// How the line begins.
        found: String,
    },
    /// An extension line is empty.
    #[error("line {line} of the checkpoint is an empty extension line")]
    EmptyExtension {
        /// The line.
        line: usize,
    },
}

/// Why a well-formed checkpoint is not one of the log whose key was given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UntrustedCheckpoint {
    /// The log's signature is missing or does not hold.
    #[error(transparent)]
    Signature(#[from] NotVerified),
    /// A key of the log signed, but not one that may sign a tree of this size.
    #[error("the key {name}+{id} may sign trees of {first} {}, this one has {size}", up_to(*last))]
    OutOfTerm {
        /// The name of the key.
        name: KeyName,
        /// Its id.
        id: KeyId,
        /// The smallest tree that it may sign.
        first: u64,
        /// The largest; `None` if it is in force.
        last: Option<u64>,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The key signed, but the head of another log.
    #[error("the checkpoint is about the log {origin}, and {key} signed it")]
    Origin {
        /// The origin that the checkpoint names.
        origin: KeyName,
        /// The name of the key.
        key: KeyName,
    },
}

/// Why [`open_checkpoint`] does not give a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadCheckpoint {
    /// The bytes are not a checkpoint, whoever signed them.
    #[error(transparent)]
    Malformed(#[from] MalformedCheckpoint),
    /// They are a checkpoint, and not this log's.
    #[error(transparent)]
    Untrusted(#[from] UntrustedCheckpoint),
}

fn up_to(last: Option<u64>) -> String {
    last.map_or_else(|| "leaves and more".to_owned(), |last| format!("to {last} leaves"))
}
