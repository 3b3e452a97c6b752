//! What is known of a member.

use super::Disclosed;

/// What is known of one member of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// The leaf commits to this value.
    Disclosed(Disclosed),
    /// It was not shown; whoever keeps the log may still have it.
    Withheld,
    /// The tombstone at this index erased it.
    Erased {
        /// The index of the tombstone.
        tombstone: u64,
    },
    /// Its bytes are gone, and no tombstone says why: damage.
    Missing,
}

impl MemberState {
    /// The value, if it was shown.
    pub fn disclosed(&self) -> Option<&Disclosed> {
        match self {
            MemberState::Disclosed(disclosed) => Some(disclosed),
            MemberState::Withheld | MemberState::Erased { .. } | MemberState::Missing => None,
        }
    }
}
