//! What a server can be convicted of, with the evidence.

use indelible_event::{BadEvidence, MalformedDisclosure, NotCommitted, UnreadableLeaf};
use indelible_merkle::{BadProof, Hash, HashLength};
use indelible_note::{
    BadCheckpoint, Finding, FindingKind, KeyId, KeyName, PosixTime, SignedCheckpoint, Verified, VerifierKey,
};

/// An answer that an honest, whole server does not give.
///
/// The heads in it are signed by the log's key. Show them to others: two heads of one log that contradict each other are
/// worth more than all other words about it.
#[derive(Debug, thiserror::Error)]
pub enum Misbehavior {
    /// The log has signed two histories: two heads of one size with different roots. This alone convicts the log's key.
    #[error("two heads of size {} with different roots: {} is held, {} was answered",
        .held.head().size, .held.head().root, .answered.head().root)]
    Fork {
        /// The head that was verified before.
        held: Verified<SignedCheckpoint>,
        /// The head that now came.
        answered: Verified<SignedCheckpoint>,
    },
    /// Nobody has shown that the newer head continues the older one. One of them belongs to another history, or the server
    /// hides that they belong together; ask others for a proof between them.
    #[error("the head of size {} is not shown to continue that of size {}: {reason}",
        .newer.head().size, .older.head().size)]
    Inconsistent {
        /// The head of the smaller tree.
        older: Verified<SignedCheckpoint>,
        /// The head of the larger tree.
        newer: Verified<SignedCheckpoint>,
        /// What the server brought forward instead.
        reason: Unproven,
    },
    /// A head that the log's key did not sign.
    #[error("not a head of this log: {reason}")]
    Head {
        /// The bytes that should have been a checkpoint.
        note: Vec<u8>,
        /// Why they are not one of this log.
        reason: BadCheckpoint,
    },
    /// A head that another key of the same name signed, none of which is trusted here. Either the log has changed its key, and then
    /// `GET /keys` leads from the old key to it, or somebody else has made a head.
    #[error(
        "the head is signed by {name}+{found}, and the key that is trusted is {name}+{trusted}\n\nif the log changed its key, \
         GET /keys says so: indelible key show --url URL --vkey VKEY   (follows it from the key that you trust)"
    )]
    OtherKey {
        /// The name of the keys.
        name: KeyName,
        /// The id of the key that signed.
        found: KeyId,
        /// The id of the newest key that is trusted.
        trusted: KeyId,
        /// The bytes of the checkpoint.
        note: Vec<u8>,
        /// Why it is not believed.
        reason: BadCheckpoint,
    },
    /// A proof that does not lead to the head that came with it.
    #[error("the proof does not hold for the head of size {}: {reason}", .head.head().size)]
    Proof {
        /// The head.
        head: Verified<SignedCheckpoint>,
        /// Why the proof does not hold.
        reason: BadProof,
    },
    /// An answer to something else than was asked.
    #[error(transparent)]
    Answer(#[from] BadAnswer),
}

impl Misbehavior {
    /// What speaks against the log with this key as a finding, to be shown to others. `seen` are the times at which the heads
    /// were seen, in the order in which they stand here; a single one for a single head.
    ///
    /// `None` if there is nothing to show: a proof that is only wrong convicts the server of a wrong answer, and of nothing else.
    pub fn finding(&self, key: &VerifierKey, seen: Vec<PosixTime>) -> Option<Finding> {
        let note = |head: &Verified<SignedCheckpoint>| head.note().to_string();
        let (kind, heads, hashes) = match self {
            Self::Fork { held, answered } => (FindingKind::Fork, vec![note(held), note(answered)], Vec::new()),
            Self::Inconsistent { older, newer, reason } => match reason {
                Unproven::Proof { hashes, .. } => (FindingKind::Fork, vec![note(older), note(newer)], hashes.clone()),
                // What is denied is a tree as large as the newer head's, so the older one was answered after it.
                Unproven::Denied { .. } => (FindingKind::Rollback, vec![note(newer), note(older)], Vec::new()),
            },
            Self::Head { note, .. } | Self::OtherKey { note, .. } => {
                let note = String::from_utf8(note.clone()).ok()?;
                (FindingKind::Signature, vec![note], Vec::new())
            }
            Self::Proof { .. } | Self::Answer(_) => return None,
        };
        let finding = Finding {
            kind,
            key: key.clone(),
            heads,
            hashes,
            seen,
        };
        (kind != FindingKind::Fork || finding.confirm().is_ok()).then_some(finding)
    }
}

/// Why two heads are not known to belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// The proof that was given does not hold. It may still lead to the newer head: then it shows what the older one should
    /// have been, and the log's key is convicted (see [`Misbehavior::finding`]).
    #[error("{reason}")]
    Proof {
        /// Why it does not hold.
        reason: BadProof,
        /// Its hashes.
        hashes: Vec<Hash>,
    },
    /// The server denies that it has a tree of one of the sizes, both of which the log has signed: it was rolled back.
    #[error("the server denies a tree that the log has signed: {message}")]
    Denied {
        /// The server's words.
        message: String,
    },
}

/// An answer that does not fit the question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// A part is missing.
    #[error("the answer has no {field}")]
    Missing {
        /// The part.
        field: &'static str,
    },
    /// A part that should be hashes has the wrong length.
    #[error("{field}: {reason}")]
    Hashes {
        /// The part.
        field: &'static str,
        /// Its length.
        reason: HashLength,
    },
    /// It is about another entry, by index.
    #[error("asked about entry {asked}, answered about entry {answered}")]
    Index {
        /// The index asked for.
        asked: u64,
        /// The index in the answer.
        answered: u64,
    },
    /// It is about another entry, by leaf hash.
    #[error("asked about the leaf {asked}, answered about the leaf {answered}")]
    Leaf {
        /// The leaf hash asked for.
        asked: Hash,
        /// The leaf hash in the answer.
        answered: Hash,
    },
    /// It is about a tree of another size.
    #[error("the answer is about a tree of {answered} leaves, not {asked}")]
    Size {
        /// The size of the head that was asked about or that came along.
        asked: u64,
        /// The size in the answer.
        answered: u64,
    },
    /// It acknowledges no entry, or more than were sent and not yet acknowledged, or not the whole of a batch.
    #[error("{acknowledged} entries are acknowledged, {outstanding} are outstanding")]
    Count {
        /// How many were to be acknowledged.
        outstanding: u64,
        /// How many were.
        acknowledged: u64,
    },
    /// It passes off an older entry of the log for the new one: the tree had these leaves before the entry was sent, or the
    /// stream's previous entries stand there.
    #[error("a new entry is acknowledged at index {index}, where the log had {before} entries before it")]
    NotNew {
        /// The index in the answer.
        index: u64,
        /// The smallest index that a new entry can have.
        before: u64,
    },
    /// A message of entries has none, or more than were left to send.
    #[error("{sent} entries came where 1 to {left} were due")]
    EntryCount {
        /// How many came.
        sent: u64,
        /// How many were due at most.
        left: u64,
    },
    /// An entry is none of a log of events.
    #[error("entry {index} is none of a log of events: {reason}")]
    NoEvent {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        reason: UnreadableLeaf,
    },
    /// A tombstone is passed off as an event.
    #[error("entry {index} is a tombstone, not the event that was sent")]
    Tombstone {
        /// Its index.
        index: u64,
    },
    /// What is said to be a member of an event is none.
    #[error("entry {index}: {reason}")]
    Disclosure {
        /// The index of the event.
        index: u64,
        /// What is wrong with it.
        reason: MalformedDisclosure,
    },
    /// The leaf does not commit to what was sent: the receipt proves another event.
    #[error("the receipt of event {place} is refused: {reason}")]
    NotCommitted {
        /// Which of the events sent, counted from 0.
        place: usize,
        /// What differs.
        reason: NotCommitted,
    },
    /// The event is filed under another source, and its key means nothing there.
    #[error("event {place} is filed under another source than was sent")]
    Source {
        /// Which of the events sent, counted from 0.
        place: usize,
    },
    /// Only a key makes an event the same as another.
    #[error("event {place} has no key, and entry {index} is passed off as the first of it")]
    RepeatedWithoutKey {
        /// Which of the events sent, counted from 0.
        place: usize,
        /// The index in the answer.
        index: u64,
    },
    /// What is said of an entry does not hold.
    #[error(transparent)]
    Evidence(#[from] BadEvidence),
}
