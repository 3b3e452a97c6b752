//! The body of a request, for both sides.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_merkle::ConsistencyProof;
use thiserror::Error;

use crate::{
    checkpoint::{MalformedCheckpoint, SignedCheckpoint},
    note::NOTE_BYTES_MAX,
    text::{self, excerpt},
};

/// A checkpoint that is to be cosigned, and the proof that it continues the one that the witness cosigned last.
///
/// [`Display`](fmt::Display) writes the one body that [`Request::parse`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    proof: ConsistencyProof,
    checkpoint: SignedCheckpoint,
}

impl Request {
    /// Puts a request together. The proof leads from the size that the witness cosigned last, 0 if that is unknown, to the
    /// checkpoint's; a witness refuses any other.
    pub fn new(proof: ConsistencyProof, checkpoint: SignedCheckpoint) -> Self {
        Self { proof, checkpoint }
    }

    /// Reads the body of a request: at most [`Request::BYTES_MAX`] bytes, of which at most 63 lines are hashes.
    ///
    /// # Errors
    ///
    /// If the bytes are not a request in its one spelling.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedRequest> {
        if bytes.len() > Self::BYTES_MAX {
            return Err(MalformedRequest::TooLong { length: bytes.len() });
        }
        let text = str::from_utf8(bytes).map_err(|error| MalformedRequest::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        let (proof, note) = text.split_once("\n\n").ok_or(MalformedRequest::NoCheckpoint)?;
        let mut lines = proof.split('\n');
        let first = lines.next().unwrap_or_default();
        let old_size = first
            .strip_prefix(OLD)
            .and_then(text::decimal)
            .ok_or_else(|| MalformedRequest::OldSize { found: excerpt(first) })?;
        let mut hashes = Vec::new();
        for (line, number) in lines.zip(2..) {
            if hashes.len() == HASHES_MAX {
                return Err(MalformedRequest::TooManyHashes { line: number });
            }
            hashes.push(text::hash(line).ok_or_else(|| MalformedRequest::Hash {
                line: number,
                found: excerpt(line),
            })?);
        }
        let checkpoint = SignedCheckpoint::parse(note.as_bytes())?;
        let proof = ConsistencyProof::new(old_size, checkpoint.head().size, hashes);
        Ok(Self { proof, checkpoint })
    }

    /// The proof that the checkpoint continues the tree of its [`old_size`](ConsistencyProof::old_size). Not checked.
    pub fn proof(&self) -> &ConsistencyProof {
        &self.proof
    }

    /// The checkpoint. Not checked.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    pub(crate) fn into_checkpoint(self) -> SignedCheckpoint {
        self.checkpoint
    }

    /// A note, 63 hash lines of 45 bytes, and 25 for the line with the size and the empty one.
    pub const BYTES_MAX: usize = NOTE_BYTES_MAX + HASHES_MAX * 45 + 25;
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{OLD}{}", self.proof.old_size())?;
        for hash in self.proof.hashes() {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint.note())
    }
}

/// Why bytes are not a request. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedRequest {
    /// The request is larger than anybody needs.
    #[error("the request has {length} bytes, at most {} are allowed", Request::BYTES_MAX)]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the request is not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// The offset of the first bad byte.
        at: usize,
    },
    /// The first line is not the size, or not in its one spelling.
    #[error("line 1 of the request is not {OLD:?} and a decimal below 2^63 without leading zeros: {found:?}")]
    OldSize {
        /// How the line begins.
        found: String,
    },
    /// A line of the proof is not a hash, or not in its one spelling.
    #[error("line {line} of the request is not the base64 of a 32-byte hash: {found:?}")]
    Hash {
        /// The line.
        line: usize,
        /// How it begins.
        found: String,
    },
    /// The proof is longer than the specification allows.
    #[error("line {line} of the request is a hash too many, at most {HASHES_MAX} are allowed")]
    TooManyHashes {
        /// The line of the first hash too many.
        line: usize,
    },
    /// No empty line, hence no checkpoint behind it.
    #[error("the request has no empty line with a checkpoint behind it")]
    NoCheckpoint,
    /// What stands below the empty line is not a checkpoint.
    #[error("below the first empty line of the request: {0}")]
    Checkpoint(#[from] MalformedCheckpoint),
}

const OLD: &str = "old ";
const HASHES_MAX: usize = 63;
