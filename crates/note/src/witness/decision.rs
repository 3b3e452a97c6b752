//! The witness's side: whether a checkpoint may be cosigned.

use indelible_merkle::{BadProof, Consistent, TreeHead, check_consistency};
use thiserror::Error;

use super::{MalformedRequest, Request, SIZE_CONTENT_TYPE};
use crate::{
    checkpoint::{SignedCheckpoint, UntrustedCheckpoint},
    cosignature::cosign,
    cosigner::CosigningKey,
    name::KeyName,
    note::{MalformedNote, Note, SignatureLine},
    time::PosixTime,
    verified::Verified,
    verifier::VerifierKey,
};

/// What a witness knows of a log.
#[derive(Clone, Debug)]
pub struct KnownLog {
    /// The keys that may sign for this log; each has the log's origin as its name.
    pub keys: Vec<VerifierKey>,
    /// The head that was cosigned last, as it was stored; `None` if none ever was.
    pub latest: Option<TreeHead>,
}

/// Decides on a request, by what is known of the log that it is about: `None` if that is nothing.
///
/// The checks and their order are those of the specification. Costs a signature verification (45 µs) for each line of a known
/// key, and at most 128 hashes.
///
/// # Errors
///
/// The first check that fails; [`Refusal::status`] is its HTTP status.
pub fn decide(request: Request, known: Option<&KnownLog>) -> Result<Accepted, Refusal> {
    let head = request.checkpoint().head();
    let proof = request.proof().clone();
    let Some(known) = known else {
        return Err(Refusal::UnknownLog(request.checkpoint().origin().clone()));
    };
    let checkpoint = request.into_checkpoint().open_any(&known.keys)?;
    if proof.old_size() > head.size {
        return Err(Refusal::OldSize {
            old: proof.old_size(),
            size: head.size,
        });
    }
    let latest = known.latest.unwrap_or(TreeHead::EMPTY);
    if proof.old_size() != latest.size {
        return Err(Refusal::Conflict { size: latest.size });
    }
    match check_consistency(&proof, &latest, &head) {
        Ok(step) => Ok(Accepted {
            log_lines: lines_by(&known.keys, checkpoint.note()),
            checkpoint,
            step,
        }),
        Err(reason) => Err(Refusal::Unproven {
            checkpoint: Box::new(checkpoint),
            reason,
        }),
    }
}

/// A checkpoint that may be cosigned: the log signed it, and it continues the head that was cosigned last. Only [`decide`] makes
/// one.
///
/// The order matters, and is the witness's to keep: first replace the stored head [`old_head`](Consistent::old_head) by
/// [`new_head`](Consistent::new_head), durably and only if it still is the stored one, then cosign and answer.
#[derive(Clone, Debug)]
pub struct Accepted {
    checkpoint: Verified<SignedCheckpoint>,
    step: Consistent,
    /// One line for each key of the log that signed.
    log_lines: Vec<SignatureLine>,
}

impl Accepted {
    /// The checkpoint, which the log signed.
    pub fn checkpoint(&self) -> &Verified<SignedCheckpoint> {
        &self.checkpoint
    }

    /// From the stored head to the new one.
    pub fn step(&self) -> Consistent {
        self.step
    }

    /// Cosigns the checkpoint: the line is the body of the answer, status 200. Deterministic; costs one signature, 18 µs.
    pub fn cosign(&self, time: PosixTime, key: &CosigningKey) -> SignatureLine {
        cosign(self.checkpoint.note().text(), time, key)
    }

    /// The note to keep and to serve: the text, the lines of the log's keys, and this cosignature. What else the sender put
    /// below the text was not checked, and is left out.
    ///
    /// # Errors
    ///
    /// If the text leaves no room for the cosignature.
    pub fn cosigned_note(&self, cosignature: &SignatureLine) -> Result<Note, MalformedNote> {
        let lines = self.log_lines.iter().chain([cosignature]).cloned().collect();
        Note::from_lines(self.checkpoint.note().text().to_owned(), lines)
    }
}

/// The first line by each of the keys.
fn lines_by(keys: &[VerifierKey], note: &Note) -> Vec<SignatureLine> {
    let first_by = |key: &VerifierKey| {
        let mut lines = note.signatures().iter();
        lines.find(|line| line.is_by(key.name(), key.id())).cloned()
    };
    keys.iter().filter_map(first_by).collect()
}

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The request cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedRequest),
    /// The witness does not know the log.
    #[error("the log {0} is not known here")]
    UnknownLog(KeyName),
    /// No key that may sign for the log has signed.
    #[error(transparent)]
    Untrusted(#[from] UntrustedCheckpoint),
    /// The request proves that the tree became smaller.
    #[error("the old size {old} is larger than the size {size} of the checkpoint")]
    OldSize {
        /// The size from which the request proves.
        old: u64,
        /// The size of its checkpoint.
        size: u64,
    },
    /// The request proves from another size than that which was cosigned last. The sender can do better now.
    #[error("the size cosigned last is {size}")]
    Conflict {
        /// The size cosigned last, 0 if there is none.
        size: u64,
    },
    /// The log signed the checkpoint, and it is not shown to continue the head that was cosigned last. Worth keeping: if the
    /// sizes are equal, or a proof cannot exist, the log has forked.
    #[error("the checkpoint does not continue the one cosigned last: {reason}")]
    Unproven {
        /// The checkpoint, which the log signed.
        checkpoint: Box<Verified<SignedCheckpoint>>,
        /// What is wrong with the proof.
        reason: BadProof,
    },
}

impl Refusal {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) | Self::OldSize { .. } => 400,
            Self::Untrusted(_) => 403,
            Self::UnknownLog(_) => 404,
            Self::Conflict { .. } => 409,
            Self::Unproven { .. } => 422,
        }
    }

    /// Its content type.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => SIZE_CONTENT_TYPE,
            Self::Malformed(_)
            | Self::UnknownLog(_)
            | Self::Untrusted(_)
            | Self::OldSize { .. }
            | Self::Unproven { .. } => "text/plain; charset=utf-8",
        }
    }

    /// Its body: a size that programs read, or a sentence for people.
    pub fn body(&self) -> String {
        match self {
            Self::Conflict { size } => format!("{size}\n"),
            refusal => format!("{refusal}\n"),
        }
    }
}
