//! A head from before, whose tree lacks entries: the other end of the time in which they were logged.

use std::path::Path;

use indelible_event::{CheckedLine, EvidenceLine, EvidenceTrust};
use indelible_note::{NotWitnessed, PosixTime, SignedCheckpoint, Witnessed};

use crate::cmd::Failure;
use crate::cmd::files::read_at_most;

/// Reads a checkpoint.
pub(super) fn read_checkpoint(path: &Path) -> Result<SignedCheckpoint, Failure> {
    let checkpoint = SignedCheckpoint::parse(&read_at_most(path, NOTE_BYTES_MAX)?);
    Ok(checkpoint.map_err(|error| format!("{} is no checkpoint: {error}", path.display()))?)
}

/// A head that satisfies the policy, and which of the lines of an evidence file it lacks.
#[derive(Debug)]
pub(super) struct Lacking {
    head: Witnessed,
    lacked: u64,
}

impl Lacking {
    /// Opens the head under the policy; `None` if it does not satisfy it.
    pub(super) fn open(path: &Path, trust: &EvidenceTrust) -> Result<Result<Lacking, NotWitnessed>, Failure> {
        let EvidenceTrust::Policy(policy) = trust else {
            return Err("--lacking needs a --policy".into());
        };
        let opened = policy.open(read_checkpoint(path)?);
        Ok(opened.map(|head| Lacking { head, lacked: 0 }))
    }

    /// Holds a line that was checked against the head: it must be of the same log, and of the same history as far as that shows.
    pub(super) fn see(&mut self, checkpoint: &SignedCheckpoint, index: u64) -> Result<(), String> {
        let lacking = self.head.checkpoint();
        if lacking.origin() != checkpoint.origin() {
            return Err(format!(
                "the evidence is of the log {}, the earlier head of {}",
                checkpoint.origin(),
                lacking.origin()
            ));
        }
        let (old, new) = (lacking.head(), checkpoint.head());
        if old.size == new.size && old.root != new.root {
            return Err(format!(
                "the log has signed two different trees of {} entries",
                new.size
            ));
        }
        self.lacked += u64::from(index >= old.size);
        Ok(())
    }

    /// Whether it lacks any of the lines that were seen; if not, it is no earlier head.
    pub(super) fn lacks_any(&self) -> Result<(), String> {
        match self.lacked {
            0 => Err(format!(
                "all entries of the evidence are in the tree of {} entries: the head is not an earlier one",
                self.head.checkpoint().head().size
            )),
            _ => Ok(()),
        }
    }

    /// When a witness still knew no tree that has the entry; `None` if the head has it, or nobody vouches at such a time.
    pub(super) fn not_before(&self, line: &CheckedLine) -> Option<PosixTime> {
        let (index, not_after) = match line {
            CheckedLine::Event(event) => (event.index(), event.not_after()),
            CheckedLine::Tombstone(tombstone) => (tombstone.index(), tombstone.not_after()),
        };
        let lacks = index >= self.head.checkpoint().head().size;
        lacks.then(|| self.head.last_seen_until(not_after)).flatten()
    }
}

/// The head of a line, and its index.
pub(super) fn place_of(line: &EvidenceLine) -> (SignedCheckpoint, u64) {
    (line.receipt().checkpoint().clone(), line.index())
}

/// What a note has at most.
const NOTE_BYTES_MAX: usize = 1_000_000;
