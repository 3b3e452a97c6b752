//! What goes into the trail, and what comes of it.

use bytes::Bytes;
use indelible_access::signed::SignedEvent;
use indelible_event::member::{Claims, IpTrust, Member, OccurredFrom, Submitter};
use indelible_event::redact::TooDeep;
use indelible_event::{BadEvent, Disclosure, Leaf};
use indelible_index::IndexError;
use indelible_log::{Ack, AppendError, BadAttached};

/// One event on its way in.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The instance of a source that it belongs to, such as `github/acme`; for what comes by the API what the caller names.
    pub source: String,
    /// The sender's idempotency key. Without one a repeat is another event.
    pub key: Option<String>,
    /// What the sender says.
    pub claims: Claims,
    /// What it came as, if that is the sender's and not ours.
    pub raw: Option<Original>,
    /// Who the service knows sent it.
    pub submitter: Submitter,
}

/// What an event came as.
#[derive(Clone, Debug)]
pub enum Original {
    /// Bytes, which are redacted before they are kept.
    Bytes(Body),
    /// What a job has signed, checked: kept as it is, or not taken.
    Signed(SignedEvent),
}

impl Original {
    /// How many bytes it has.
    pub fn size(&self) -> usize {
        match self {
            Original::Bytes(body) => body.bytes.len(),
            Original::Signed(signed) => signed.text().len(),
        }
    }
}

/// The bytes that an event came as.
#[derive(Clone, Debug)]
pub struct Body {
    /// As they came.
    pub bytes: Bytes,
    /// What the sender calls them.
    pub content_type: String,
}

/// What became of submissions that were taken together: all of them are in the log, durable and published.
#[derive(Clone, Debug)]
pub struct Taken {
    /// For each submission, in their order.
    pub events: Vec<Accepted>,
    /// Where the new ones stand, as one run in the order of their submissions; `None` if all were known.
    pub ack: Option<Ack>,
}

/// What became of one submission.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// It is a new leaf.
    New {
        /// Its index.
        index: u64,
        /// The leaf.
        leaf: Leaf,
        /// Its members with their salts, those that the service filled in too.
        disclosures: Box<[Disclosure; Member::ALL.len()]>,
    },
    /// The same came before.
    Known {
        /// The index of the first.
        index: u64,
    },
}

impl Accepted {
    /// Where the event stands.
    pub fn index(&self) -> u64 {
        match self {
            Accepted::New { index, .. } | Accepted::Known { index } => *index,
        }
    }
}

/// Why nothing was taken of submissions that came together.
#[derive(Debug, thiserror::Error)]
#[error("event {place}: {refusal}")]
pub struct Refused {
    /// Which submission is the reason, counted from 0.
    pub place: usize,
    /// What is wrong.
    pub refusal: Refusal,
}

/// Why an event is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Sender: none, or too many at once.
    #[error("1 to {max} events can be submitted together, not {count}")]
    Count {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// Sender: source or key are empty, or longer than {max} bytes.
    #[error("`{field}` has {length} bytes; 1 to {max} are allowed")]
    Length {
        /// Which of the two.
        field: &'static str,
        /// How long it is.
        length: usize,
        /// How long it may be.
        max: usize,
    },
    /// Sender: it names a source that only the service itself has events of.
    #[error("sources that begin with `indelible/` are the log's own")]
    Reserved,
    /// Sender: it claims what only the service can know.
    #[error(transparent)]
    ServiceOnly(#[from] ServiceOnly),
    /// Sender: it names a source that it is not.
    #[error("`source` is that of a configured source, for which only its secret speaks")]
    SourceTaken,
    /// Sender: source, key or content type have the form of a secret. They say what an event is, so that no mark can stand for them.
    #[error(
        "`{field}` has something in it that has the form of a secret ({kind}), and would be kept; send another one"
    )]
    Secret {
        /// Which of the three.
        field: &'static str,
        /// The kind of secret.
        kind: &'static str,
    },
    /// Sender: it is signed, and cannot be kept as it was signed.
    #[error(transparent)]
    Signed(#[from] SignedOtherwise),
    /// Sender: its JSON lies too deep.
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
    /// Sender: it is no event that a log takes.
    #[error(transparent)]
    Event(#[from] BadEvent),
    /// Sender: it is too large.
    #[error(transparent)]
    Attached(#[from] BadAttached),
    /// Sender: the key stands for another event.
    #[error("the idempotency key stands for event {index}, which says something else")]
    Conflict {
        /// The index of that event.
        index: u64,
    },
    /// Sender: two of the submissions have one key and say different things.
    #[error("the idempotency key is that of event {other} of the same request, which says something else")]
    ConflictWithin {
        /// The other one, counted from 0.
        other: usize,
    },
    /// Nobody: it is not known yet whether an earlier try succeeded.
    #[error("an earlier try with this idempotency key has no known end; try again when the log has started anew")]
    Unresolved,
    /// Nobody: too many keys are under way.
    #[error("too many idempotency keys are under way; try again soon")]
    TooManyKeys,
    /// The tables failed.
    #[error("the table of keys failed: {0}")]
    Index(#[from] IndexError),
    /// The log takes nothing.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// No randomness for salts.
    #[error("no random bytes can be had: {0}")]
    Random(std::io::Error),
}

/// A signed event that cannot be taken: changed, or not kept, nobody could check the signature again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedOtherwise {
    /// Sent again with the same token it would be another event.
    #[error("a signed event needs a `key`: without one, whoever has the signature could send it as another event")]
    NoKey,
    /// A mark would have to be put in place of it.
    #[error(
        "something in the signed event looks like a secret ({kind}); it cannot be taken out of what is signed: leave it out, and sign again"
    )]
    Secret {
        /// The kind of secret.
        kind: &'static str,
    },
    /// It is longer than the log keeps.
    #[error(
        "the signed event has {length} bytes, and this log keeps what events came as only up to {max} bytes (`raw_kept_kib`)"
    )]
    TooLong {
        /// How long it is.
        length: usize,
        /// What is kept.
        max: usize,
    },
}

/// A claim of what only the service can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceOnly {
    /// That a time is that of receipt.
    #[error("`occurred.from` is `receipt`: leave `occurred` out, and the service says so itself")]
    Receipt,
    /// That an address is that of the connection.
    #[error("`origin.ip_trust` is `last_hop`: only the service can know that; you can report")]
    LastHop,
}

impl ServiceOnly {
    /// Lets claims pass that have no such thing in them.
    pub(super) fn check(claims: &Claims) -> Result<(), ServiceOnly> {
        let occurred = claims.occurred.as_ref();
        let origin = claims.origin.as_ref();
        if occurred.is_some_and(|occurred| occurred.from == OccurredFrom::Receipt) {
            return Err(ServiceOnly::Receipt);
        }
        if origin.is_some_and(|origin| origin.ip_trust == IpTrust::LastHop) {
            return Err(ServiceOnly::LastHop);
        }
        Ok(())
    }
}
