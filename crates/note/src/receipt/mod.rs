//! Receipts (C2SP tlog-proof): all that a stranger needs to check, offline, that an entry is in a log.

mod witnessed;

pub use self::witnessed::{NotLacking, WitnessedReceipt};

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_merkle::{BadProof, Hash, Included, InclusionProof, check_inclusion};
use thiserror::Error;

use crate::{
    checkpoint::{MalformedCheckpoint, SignedCheckpoint, UntrustedCheckpoint},
    keys::KeyChain,
    note::NOTE_BYTES_MAX,
    policy::NotWitnessed,
    text::{self, excerpt},
    verified::Verified,
    verifier::VerifierKey,
};

/// A claim that an entry stands at an index of a log, with the proof: a file with the extension `.tlog-proof`.
///
/// It does not hold the entry. [`Display`](fmt::Display) writes the one text that [`Receipt::parse`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Never empty.
    extra: Option<Vec<u8>>,
    index: u64,
    /// From the sibling of the leaf to the child of the root.
    hashes: Vec<Hash>,
    checkpoint: SignedCheckpoint,
}

impl Receipt {
    /// Puts a receipt together. Nothing is checked here; a receipt that does not [verify](Receipt::verify) may not be readable.
    pub fn new(index: u64, hashes: Vec<Hash>, checkpoint: SignedCheckpoint) -> Self {
        Self {
            extra: None,
            index,
            hashes,
            checkpoint,
        }
    }

    /// Reads the text of a receipt: at most 1,100,000 bytes, of which at most 63 lines are hashes. The cost is linear.
    ///
    /// # Errors
    ///
    /// If the bytes are not a receipt in its one spelling. A receipt that was read may still prove nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedReceipt> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(MalformedReceipt::TooLong { length: bytes.len() });
        }
        let text = str::from_utf8(bytes).map_err(|error| MalformedReceipt::NotUtf8 {
            at: error.valid_up_to(),
        })?;
        let (proof, note) = text.split_once("\n\n").ok_or(MalformedReceipt::NoCheckpoint)?;
        let mut lines = proof.split('\n').zip(1..).peekable();

        let (first, _) = lines.next().unwrap_or_default();
        if first != FIRST_LINE {
            return Err(MalformedReceipt::Version { found: excerpt(first) });
        }
        let extra = match lines.next_if(|(line, _)| line.starts_with(EXTRA)) {
            Some((line, _)) => Some(parse_extra(line).ok_or_else(|| MalformedReceipt::Extra { found: excerpt(line) })?),
            None => None,
        };
        let (line, number) = lines.next().ok_or(MalformedReceipt::NoIndex)?;
        let index = line
            .strip_prefix(INDEX)
            .and_then(text::decimal)
            .ok_or_else(|| MalformedReceipt::Index {
                line: number,
                found: excerpt(line),
            })?;
        let mut hashes = Vec::new();
        for (line, number) in lines {
            if hashes.len() == HASHES_MAX {
                return Err(MalformedReceipt::TooManyHashes { line: number });
            }
            let hash = text::hash(line);
            hashes.push(hash.ok_or_else(|| MalformedReceipt::Hash {
                line: number,
                found: excerpt(line),
            })?);
        }

        let checkpoint = SignedCheckpoint::parse(note.as_bytes())?;
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint,
        })
    }

    /// Checks that the log with this key has the leaf at [`Receipt::index`], in the order of the specification: the checkpoint's
    /// signature and origin, then the inclusion proof against its head.
    ///
    /// The leaf's hash comes from the caller, who has the entry: a receipt proves nothing about an entry that was not hashed.
    /// Costs one signature verification (45 µs) and at most 63 hashes. The extra data is under no signature and stays unchecked.
    ///
    /// # Errors
    ///
    /// If the checkpoint is not this log's, or the proof does not lead from the leaf to its root.
    pub fn verify(&self, leaf: Hash, key: &VerifierKey) -> Result<VerifiedReceipt, BadReceipt> {
        self.verified(leaf, self.checkpoint.clone().open(key)?)
    }

    /// The same for a log that may have changed its key: the checkpoint must be signed by one that may sign trees of its size.
    ///
    /// # Errors
    ///
    /// As [`Receipt::verify`].
    pub fn verify_in(&self, leaf: Hash, keys: &KeyChain) -> Result<VerifiedReceipt, BadReceipt> {
        self.verified(leaf, keys.open(self.checkpoint.clone())?)
    }

    fn verified(&self, leaf: Hash, checkpoint: Verified<SignedCheckpoint>) -> Result<VerifiedReceipt, BadReceipt> {
        let included = self.check_included(leaf)?;
        Ok(VerifiedReceipt { included, checkpoint })
    }

    /// The index at which the entry is said to stand.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The proof: from the sibling of the leaf to the child of the root.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Data that came with the receipt and that nothing vouches for. Not empty.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The checkpoint whose tree is said to have the entry.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Checks the proof against the head of the checkpoint, whoever signed it.
    fn check_included(&self, leaf: Hash) -> Result<Included, BadProof> {
        let head = self.checkpoint.head();
        let proof = InclusionProof::new(self.index, head.size, self.hashes.clone());
        check_inclusion(leaf, &proof, &head)
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "{EXTRA}{}", STANDARD.encode(extra))?;
        }
        writeln!(f, "{INDEX}{}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint.note())
    }
}

/// What a receipt has proved; only [`Receipt::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedReceipt {
    included: Included,
    checkpoint: Verified<SignedCheckpoint>,
}

impl VerifiedReceipt {
    /// The leaf is in the tree of the checkpoint.
    pub fn included(&self) -> &Included {
        &self.included
    }

    /// The log signed the checkpoint.
    pub fn checkpoint(&self) -> &Verified<SignedCheckpoint> {
        &self.checkpoint
    }
}

/// Why bytes are not a receipt. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedReceipt {
    /// The receipt is larger than anybody needs.
    #[error("the receipt has {length} bytes, at most {RECEIPT_BYTES_MAX} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the receipt is not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// The offset of the first bad byte.
        at: usize,
    },
    /// It is something else, or a version that this crate does not know.
    #[error("line 1 of the receipt is not {FIRST_LINE:?} but {found:?}")]
    Version {
        /// How the line begins.
        found: String,
    },
    /// The extra data is not in its one spelling. Without data the line is left out.
    #[error("line 2 of the receipt is not {EXTRA:?} and base64: {found:?}")]
    Extra {
        /// How the line begins.
        found: String,
    },
    /// The line with the index is missing.
    #[error("the receipt has no index")]
    NoIndex,
    /// The index is not a number, or not in its one spelling.
    #[error("line {line} of the receipt is not {INDEX:?} and a decimal below 2^63 without leading zeros: {found:?}")]
    Index {
        /// The line, 2 or 3.
        line: usize,
        /// How it begins.
        found: String,
    },
    /// A line of the proof is not a hash, or not in its one spelling.
    #[error("line {line} of the receipt is not the base64 of a 32-byte hash: {found:?}")]
    Hash {
        /// The line.
        line: usize,
        /// How it begins.
        found: String,
    },
    /// The proof is longer than in any tree.
    #[error("line {line} of the receipt is a hash too many, at most {HASHES_MAX} are allowed")]
    TooManyHashes {
        /// The line of the first hash too many.
        line: usize,
    },
    /// No empty line, hence no checkpoint behind it.
    #[error("the receipt has no empty line with a checkpoint behind it")]
    NoCheckpoint,
    /// What stands below the empty line is not a checkpoint.
    #[error("below the first empty line of the receipt: {0}")]
    Checkpoint(#[from] MalformedCheckpoint),
}

/// Why a well-formed receipt does not prove that the entry is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadReceipt {
    /// The checkpoint is not one of this log.
    #[error(transparent)]
    Checkpoint(#[from] UntrustedCheckpoint),
    /// The checkpoint does not satisfy the policy.
    #[error(transparent)]
    Policy(#[from] NotWitnessed),
    /// The log signed the checkpoint, but the entry is not at this index of its tree, or the proof is damaged.
    #[error("the entry is not proved to be in the log: {0}")]
    Inclusion(#[from] BadProof),
}

fn parse_extra(line: &str) -> Option<Vec<u8>> {
    text::base64(line.strip_prefix(EXTRA)?).filter(|data| !data.is_empty())
}

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";
/// Trees have fewer than 2^63 leaves.
const HASHES_MAX: usize = 63;
/// A note, and 100,000 bytes for 63 hash lines of 45 bytes (2,835), two short lines and 72 kB of extra data in base64.
const RECEIPT_BYTES_MAX: usize = NOTE_BYTES_MAX + 100_000;
