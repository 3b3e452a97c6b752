//! The lies.

/// What the server does instead of telling the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Nothing: it is honest.
    #[default]
    None,
    /// A bit of the signature is flipped.
    BadSignature,
    /// What should be a head is cut off.
    TornHead,
    /// The head is left out.
    NoHead,
    /// The head is that of the tree without its last entry. Not a lie where the newest head is asked for, only late.
    OldHead,
    /// The index is one too large.
    WrongIndex,
    /// The proof is for the entry before.
    OtherProof,
    /// The proof is left out.
    NoProof,
    /// Another entry is put into the log, or answered about.
    OtherEntry,
    /// One more entry is acknowledged than was sent.
    TooManyAcknowledged,
    /// Acknowledgements of nothing.
    NothingAcknowledged,
    /// The consistency proof is left out.
    NoConsistency,
    /// A bit of the consistency proof is flipped, or it has a hash too many.
    WrongConsistency,
    /// A hash is one byte short.
    TornHash,
    /// An entry that is in the log already is acknowledged again instead of being appended.
    Replay,
    /// What is appended is kept, and the stream is cut before that is acknowledged.
    CutAfterAppend,
    /// The stream is ended in good order while entries are outstanding.
    EndWithout,
    /// One of the members of an event is not of its leaf.
    OtherSalt,
    /// One of the members of an event is left out.
    MemberLess,
    /// The leaf commits to a second actor in place of another member.
    TwoActors,
    /// An event is filed under another source.
    OtherSource,
    /// An event is filed without its key.
    NoKey,
    /// An event is said to have other raw bytes.
    OtherRaw,
    /// An event is said to be the first one of the log, sent again.
    Repeated,
    /// A member is said to be erased.
    Erased,
    /// What is appended is a leaf of no event.
    NoEvent,
    /// Calls are refused.
    Refuse,
    /// Whoever calls is not known.
    Stranger,
    /// Whoever calls may not.
    NoRole,
    /// No lie either: acknowledging takes a tenth of a second.
    Slow,
    /// Nobody answers.
    Silence,
}
