//! What is wrong with the witnesses, for health and the operator.

use std::fmt;

/// Something that somebody should look after. What it says is public: no URLs, no bytes of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Newer heads have waited for a quorum for longer than one should.
    NoQuorum,
    /// A witness does not answer.
    Silent {
        /// What the policy calls it.
        witness: String,
    },
    /// A witness could not be asked at the start, and has not agreed to the log since.
    Unasked {
        /// What the policy calls it.
        witness: String,
    },
    /// A witness will not cosign.
    Refuses {
        /// What the policy calls it.
        witness: String,
        /// Why, in a few words.
        words: String,
    },
    /// The head that is to be served cannot be kept, and is not served therefore.
    NotKept,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Alarm::NoQuorum => f.write_str("the newest heads lack the quorum of the witnesses"),
            Alarm::Silent { witness } => write!(f, "the witness {witness} does not answer"),
            Alarm::Unasked { witness } => {
                write!(
                    f,
                    "at the start the witness {witness} could not be asked which head it knows"
                )
            }
            Alarm::Refuses { witness, words } => write!(f, "the witness {witness} does not cosign: {words}"),
            Alarm::NotKept => f.write_str("the witnessed head cannot be written to its file"),
        }
    }
}
