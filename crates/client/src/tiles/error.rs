//! Why a file of a log cannot be had.

use std::io;
use std::time::Duration;

use crate::credential::{CredentialError, Denied};
use crate::http::HttpError;

/// What was given is no place of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place:?} is neither a URL that begins with http:// or https:// nor a folder")]
pub struct BadPlace {
    /// What was given.
    pub place: String,
}

/// Why the files of a log cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum NoSource {
    /// What was given is no place of a log.
    #[error(transparent)]
    Place(#[from] BadPlace),
    /// Requests cannot be made, or would not be safe.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// Why there are no bytes. None of these says anything about what the log has signed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// The log does not have it, as it says: status 404, or no such file.
    #[error("{what} is not there")]
    Absent {
        /// The URL or path.
        what: String,
    },
    /// The server wants to be asked later, or is broken: status 429 or 5xx.
    #[error("{what}: the server answered {status}")]
    Busy {
        /// The URL.
        what: String,
        /// The HTTP status.
        status: u16,
        /// When it wants to be asked again, if it says so in seconds.
        after: Option<Duration>,
    },
    /// The server does not let this client in: status 401 or 403, or no TLS with its certificate.
    #[error("{what}: {denied}")]
    Denied {
        /// The URL.
        what: String,
        /// What it says.
        denied: Denied,
    },
    /// The token is not for where the file is.
    #[error("{what}: {reason}")]
    NotSent {
        /// The URL.
        what: String,
        /// Why not.
        reason: CredentialError,
    },
    /// The server answers with something else than the file, and would again.
    #[error("{what}: the server answered {status}")]
    Status {
        /// The URL.
        what: String,
        /// The HTTP status.
        status: u16,
    },
    /// More bytes than any such file has.
    #[error("{what} has more than {limit} bytes")]
    TooLong {
        /// The URL or path.
        what: String,
        /// The most that are read.
        limit: usize,
    },
    /// The connection failed, or there is none.
    #[error("{what}: {reason}")]
    Network {
        /// The URL.
        what: String,
        /// What happened, causes included.
        reason: String,
    },
    /// The file cannot be read.
    #[error("{what}: {reason}")]
    File {
        /// The path.
        what: String,
        /// Which kind of failure.
        kind: io::ErrorKind,
        /// What the system said.
        reason: String,
    },
}

impl FetchError {
    /// Whether asking again after a while may help.
    pub fn is_temporary(&self) -> bool {
        match self {
            FetchError::Busy { .. } | FetchError::Network { .. } => true,
            FetchError::Absent { .. }
            | FetchError::Denied { .. }
            | FetchError::NotSent { .. }
            | FetchError::Status { .. }
            | FetchError::TooLong { .. }
            | FetchError::File { .. } => false,
        }
    }
}
