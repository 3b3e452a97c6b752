//! What can go wrong, told apart by whose fault it is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use indelible_event::NotCommitted;
use indelible_merkle::{BATCH_MAX, BadBatch, ENTRY_MAX, Hash, OutOfTree};
use indelible_note::{BadCheckpoint, NotVerified, UntrustedCheckpoint};
use tonic::{Code, Status};

use crate::append::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX};
use crate::credential::{CredentialError, Denied, Shown, denied_by_status, denied_by_tls};
use crate::misbehavior::{BadAnswer, Misbehavior};

/// Why a call gave no value. In every case the held head is what it was, or has moved to a newer one that was verified.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The server's fault: its answer contradicts itself, or what the log has signed before. Keep the evidence.
    #[error("the server misbehaved: {0}")]
    Misbehaved(#[source] Arc<Misbehavior>),
    /// The server does not let this client in, or not now.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The server says no for another reason. The codes are those of the service's description.
    #[error("the server refused ({code:?}): {message}")]
    Refused {
        /// Which kind of no.
        code: Code,
        /// The server's words.
        message: String,
    },
    /// The connection failed, or could not be made.
    #[error("the connection to the server failed: {}", .0.message())]
    Network(#[source] Arc<Status>),
    /// The server sent nothing for as long as the options allow.
    #[error("the server did not answer within {after:?}")]
    TimedOut {
        /// How long the client waited.
        after: Duration,
    },
    /// The server ended a stream from which more was due.
    #[error("the server ended the stream too early")]
    Ended,
    /// The caller's fault: no server could answer this.
    #[error(transparent)]
    Input(#[from] BadInput),
    /// The caller's claim does not hold: the log has another entry there, and has proved that one.
    #[error("entry {index} of the log has the leaf hash {found}, not {claimed}")]
    Differs {
        /// Where.
        index: u64,
        /// The leaf hash that the caller gave.
        claimed: Hash,
        /// The leaf hash that is in the tree.
        found: Hash,
    },
    /// The caller's key stands for an event that says something else than was sent, and is proved to be in the log. The service compares
    /// the hashes of raw bytes, where there are any: what a sender makes of the same bytes may have changed since.
    #[error("the key of event {place} stands for entry {index}, which says something else: {reason}")]
    KeyOfAnother {
        /// Which of the events sent, counted from 0.
        place: usize,
        /// The index of the first event with the key.
        index: u64,
        /// What differs.
        reason: NotCommitted,
    },
    /// The head store could not be read or written.
    #[error("the head store failed: {0}")]
    HeadStore(#[source] Arc<io::Error>),
    /// What the head store holds is no head of this log: it belongs to another log, or was damaged.
    #[error("the head store does not hold a head of this log: {0}{way_out}", way_out = way_out(.0))]
    ForeignHead(#[from] BadCheckpoint),
    /// Other processes kept moving the head in the store.
    #[error("the head store was moved by others {tries} times in a row")]
    Contended {
        /// How often it was tried.
        tries: usize,
    },
    /// The runtime in which the client was connected has shut down.
    #[error("the runtime of the client has shut down")]
    Stopped,
}

/// What to do about a held head that another key has signed, as that of a log which has changed its key.
fn way_out(reason: &BadCheckpoint) -> &'static str {
    match reason {
        BadCheckpoint::Untrusted(UntrustedCheckpoint::Signature(NotVerified::NoKnownKey { .. })) => {
            "\n\nif the log changed its key, GET /keys leads from one to the other: indelible key show --output log.keys, and then \
             --vkey log.keys"
        }
        _ => "",
    }
}

impl Error {
    /// Tells what the server said from what the connection did to it: only the latter has a cause on this side.
    pub(crate) fn of_status(status: Status, shown: Shown) -> Error {
        match std::error::Error::source(&status) {
            Some(source) => match denied_by_tls(source, shown) {
                Some(denied) => denied.into(),
                None => Error::Network(Arc::new(status)),
            },
            None => match denied_by_status(&status, shown) {
                Some(denied) => denied.into(),
                None => Error::Refused {
                    code: status.code(),
                    message: status.message().to_owned(),
                },
            },
        }
    }

    /// Whether the service's description promises, for a refusal like this one, that nothing was written.
    pub(crate) fn says_nothing_was_written(&self) -> bool {
        match self {
            Error::Denied(_) => true,
            Error::Refused { code, .. } => matches!(
                code,
                Code::InvalidArgument | Code::AlreadyExists | Code::FailedPrecondition | Code::Unimplemented
            ),
            _ => false,
        }
    }
}

impl From<Misbehavior> for Error {
    fn from(misbehavior: Misbehavior) -> Error {
        Error::Misbehaved(Arc::new(misbehavior))
    }
}

impl From<BadAnswer> for Error {
    fn from(answer: BadAnswer) -> Error {
        Misbehavior::Answer(answer).into()
    }
}

/// Why an append gave no receipt, told apart by what the caller must reckon with.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// Nothing was sent, or the server says that it wrote nothing. Appending again cannot make it twice.
    #[error("nothing was appended: {0}")]
    NotAppended(#[source] Error),
    /// It may or may not be in the log, now or soon. Whoever appends it again may find it there twice.
    #[error("it may or may not be in the log: {0}")]
    Unconfirmed(#[source] Error),
}

/// Why a client could not be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL or the CA certificate is no such thing.
    #[error("cannot use {url:?} with these options")]
    Endpoint {
        /// The URL as it was given.
        url: String,
        /// What is wrong.
        source: tonic::transport::Error,
    },
    /// There is something to show, and the URL does not say to whom.
    #[error("{url:?} has no host that a token or certificate could be for")]
    NoHost {
        /// The URL.
        url: String,
    },
    /// What shows the server who asks would not be safe.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The server does not let this client in: not with its certificate, or not without one.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Nobody answers there, or TLS does not come about.
    #[error("cannot connect to {url}")]
    Unreachable {
        /// The URL as it was given.
        url: String,
        /// What happened.
        source: tonic::transport::Error,
    },
    /// The head that was verified last could not be loaded.
    #[error(transparent)]
    Held(#[from] Error),
}

/// What a caller asked for that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadInput {
    /// An entry too long for the log.
    #[error("entry {place} has {length} bytes, at most {ENTRY_MAX} are allowed")]
    EntryTooLong {
        /// Which of the entries given, counted from 0.
        place: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// No entries to append, or too many at once.
    #[error("a batch has 1 to {BATCH_ENTRIES_MAX} entries, not {count}")]
    BatchCount {
        /// How many there were.
        count: usize,
    },
    /// Too many bytes to append at once.
    #[error("a batch has at most {BATCH_BYTES_MAX} bytes, counting 4 for each entry besides its own, not {bytes}")]
    BatchBytes {
        /// How many there were.
        bytes: usize,
    },
    /// Leaves that cannot be proved at once, at most [`BATCH_MAX`] of them in increasing order.
    #[error("leaves to prove at once, at most {BATCH_MAX} in increasing order: {0}")]
    Leaves(#[from] BadBatch),
    /// A checkpoint that this log did not sign.
    #[error("this is no head of the log: {0}")]
    ForeignHead(#[from] UntrustedCheckpoint),
    /// Entries or heads in an order or at a place that the tree does not have.
    #[error(transparent)]
    OutOfTree(#[from] OutOfTree),
}
