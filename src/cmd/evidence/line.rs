//! A line that was checked, with the tree in which it was found.

use indelible_event::{BadEvidence, CheckedLine, EvidenceLine, EvidenceVerifier};
use indelible_note::PosixTime;

/// In which tree an entry is proved to be.
#[derive(Clone, Debug)]
pub(in crate::cmd) struct Place {
    /// The name of the log.
    pub(in crate::cmd) origin: String,
    /// How many entries the tree has.
    pub(in crate::cmd) size: u64,
    /// When a witness still knew no tree that has the entry, if that is known.
    pub(in crate::cmd) not_before: Option<PosixTime>,
}

/// A line that holds, and where it was found.
#[derive(Clone, Debug)]
pub(in crate::cmd) struct Checked {
    /// The tree.
    pub(in crate::cmd) place: Place,
    /// The line.
    pub(in crate::cmd) line: CheckedLine,
}

impl Checked {
    /// Checks a line.
    pub(in crate::cmd) fn new(line: EvidenceLine, verifier: &mut EvidenceVerifier) -> Result<Checked, BadEvidence> {
        let checkpoint = line.receipt().checkpoint();
        let place = Place {
            origin: checkpoint.origin().to_string(),
            size: checkpoint.head().size,
            not_before: None,
        };
        let line = verifier.check(line)?;
        Ok(Checked { place, line })
    }
}
