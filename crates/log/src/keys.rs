//! The keys of a log: that of its description, and those that it changed to, as its journal has it.

use indelible_note::{BrokenChain, KeyChain, VerifierKey};
use indelible_store::journal::{FramePlace, Journal, JournalError, Replayed};

use crate::description::{BadDescription, Description};

/// Why it is not known which keys a log has.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The genesis frame describes a log that this program does not know.
    #[error(transparent)]
    Description(#[from] BadDescription),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A change of keys in the journal does not hold.
    #[error(transparent)]
    Change(#[from] BadChange),
}

/// A change of keys that does not follow from what is in front of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the change of keys in segment {}, byte {}, does not hold: {problem}", .place.segment, .place.offset)]
pub struct BadChange {
    /// The frame.
    pub place: FramePlace,
    /// What is wrong.
    pub problem: ChangeProblem,
}

/// What is wrong with a change of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeProblem {
    /// It does not lead from the key in force to another.
    #[error(transparent)]
    Chain(#[from] BrokenChain),
    /// It stands behind another number of entries than it says.
    #[error("it is for a log of {stated} entries, and stands behind {found}")]
    Place {
        /// The size in the statement.
        stated: u64,
        /// The entries in front of the frame.
        found: u64,
    },
    /// No start would find it.
    #[error("it does not begin a segment, so that no start finds it")]
    Unseen,
}

/// The keys of the log with this journal. Reads the header of each segment's first frame, and costs 90 µs a change.
///
/// # Errors
///
/// If a change does not follow from the key that was in force.
pub fn keys(journal: &dyn Journal) -> Result<KeyChain, KeysError> {
    let description = Description::of(&journal.genesis().description)?;
    keys_from(description.vkey, &journal.key_changes()?)
}

/// The chain that begins with the key of a log's description and goes on with the key changes of its journal.
///
/// # Errors
///
/// If one does not follow from the key that was in force.
pub fn keys_from(genesis: VerifierKey, changes: &[Replayed]) -> Result<KeyChain, KeysError> {
    let mut keys = KeyChain::of(genesis);
    for change in changes {
        follow(&mut keys, change)?;
    }
    Ok(keys)
}

/// Goes on to the next key.
pub(crate) fn follow(keys: &mut KeyChain, change: &Replayed) -> Result<(), BadChange> {
    let Replayed { frame, place, .. } = change;
    let bad = |problem| BadChange { place: *place, problem };
    let mut longer = keys.clone();
    longer.follow(&frame.note).map_err(|error| bad(error.into()))?;
    let stated = longer.changes().last().map_or(0, |change| change.first_size());
    if stated != frame.first {
        return Err(bad(ChangeProblem::Place {
            stated,
            found: frame.first,
        }));
    }
    *keys = longer;
    Ok(())
}
