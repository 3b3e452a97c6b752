//! Why a credential is not sent. None of it shows one.

use std::io;

use super::BadToken;

/// Why a credential was not sent, which is for the caller to correct. Nothing went out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Everybody on the way could read the token.
    #[error(
        "{url} is not https, and a token would be read by everybody on the way to it; http is for this machine only (localhost, \
         127.0.0.1, [::1])"
    )]
    Cleartext {
        /// Where it would have gone.
        url: String,
    },
    /// A request can carry one of the two only.
    #[error("{url} has a name or a password in it, and there is a token too: give one of them")]
    Two {
        /// Where it would have gone, without them.
        url: String,
    },
    /// The token is for another log.
    #[error("the token is for {meant}, and is not sent to {url}")]
    OtherHost {
        /// Scheme, host and port that it is for.
        meant: String,
        /// Where it would have gone.
        url: String,
    },
    /// A certificate is shown in the handshake of TLS.
    #[error("{url} is not https, and a client certificate can be shown over https only")]
    CertificateWithoutTls {
        /// Where it would have been shown.
        url: String,
    },
    /// The token of a file cannot be sent as one.
    #[error("{path}: {reason}")]
    Token {
        /// The file.
        path: String,
        /// What is wrong.
        reason: BadToken,
    },
    /// The file of a token cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Which kind of failure.
        kind: io::ErrorKind,
        /// What the system said.
        reason: String,
    },
    /// Certificate and key are not what they should be.
    #[error("the client certificate with its key cannot be used: {reason}")]
    Certificate {
        /// What is wrong.
        reason: String,
    },
}
