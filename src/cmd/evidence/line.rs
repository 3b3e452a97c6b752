//! A line that was checked, with the tree in which it was found.

use indelible_event::{BadEvidence, CheckedLine, EvidenceLine, EvidenceVerifier};
use indelible_note::PosixTime;

use super::signature::{BadSignature, JobSignature};

/// In which tree an entry is proved to be.
#[derive(Clone, Debug)]
pub(in crate::cmd) struct Place {
    /// The name of the log.
    pub(in crate::cmd) origin: String,
    /// How many entries the tree has.
    pub(in crate::cmd) size: u64,
    /// When a witness still knew no tree that has the entry, if that is known.
    pub(in crate::cmd) not_before: Option<PosixTime>,
    /// By which key the job that submitted it has signed it, if it has, and that is shown.
    pub(in crate::cmd) signature: Option<JobSignature>,
}

/// A line that holds, and where it was found.
#[derive(Clone, Debug)]
pub(in crate::cmd) struct Checked {
    /// The tree.
    pub(in crate::cmd) place: Place,
    /// The line.
    pub(in crate::cmd) line: CheckedLine,
}

/// A line that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::cmd) enum BadLine {
    /// The entry is not in the log, or is not what is shown.
    #[error(transparent)]
    Evidence(#[from] BadEvidence),
    /// It is not what a job is said to have signed.
    #[error(transparent)]
    Signature(#[from] BadSignature),
}

impl Checked {
    /// Checks a line.
    pub(in crate::cmd) fn new(line: EvidenceLine, verifier: &mut EvidenceVerifier) -> Result<Checked, BadLine> {
        let checkpoint = line.receipt().checkpoint();
        let mut place = Place {
            origin: checkpoint.origin().to_string(),
            size: checkpoint.head().size,
            not_before: None,
            signature: None,
        };
        let line = verifier.check(line)?;
        if let CheckedLine::Event(event) = &line {
            place.signature = JobSignature::of(event)?;
        }
        Ok(Checked { place, line })
    }
}
