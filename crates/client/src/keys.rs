//! The keys of a log that changed its key, from a key that the caller trusts.

use indelible_note::{BadKeys, KeyChain, VerifierKey};

use crate::credential::{CredentialError, Denied};
use crate::http::LogHttp;

/// Asks the log at `url` for its keys (`GET /keys`), and follows the statements: every key of the answer has signed that it takes
/// over from the one before, or that it hands over to the next.
///
/// The answer is worth as much as `trusted`. Whoever stole that key, after the log had given it up, can make a chain of his own from
/// it; whoever has once seen the true one, or has a policy with the key's last size, is not deceived.
///
/// # Errors
/// [`KeysError::Bad`] if what the log answers does not lead from or to the key that is trusted; the others if it does not answer.
pub async fn follow_keys(http: &LogHttp, url: &str, trusted: &VerifierKey) -> Result<KeyChain, KeysError> {
    let url = format!("{}/keys", url.trim_end_matches('/'));
    let denied = |denied| KeysError::Denied {
        url: url.clone(),
        denied,
    };
    let failed = |error: reqwest::Error| match http.refused(&error) {
        Some(by_tls) => denied(by_tls),
        None => KeysError::Unreachable {
            url: url.clone(),
            reason: reasons(&error),
        },
    };
    let answer = http.get(&url)?.send().await.map_err(failed)?;
    let mut answer = http.admitted(answer).await.map_err(denied)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(KeysError::Status {
            url,
            status: answer.status().as_u16(),
        });
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&piece);
        if body.len() > ANSWER_BYTES_MAX {
            break;
        }
    }
    KeyChain::parse(&body, trusted).map_err(|reason| KeysError::Bad { url, reason })
}

/// Why the keys of a log are not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Nobody answers, or not to the end.
    #[error("{url}: {reason}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The log does not let this client in, or not now.
    #[error("{url}: {denied}")]
    Denied {
        /// What was asked for.
        url: String,
        /// What it says.
        denied: Denied,
    },
    /// The token is not for there.
    #[error(transparent)]
    NotSent(#[from] CredentialError),
    /// There are no keys to be had: it is another kind of log, or an older one.
    #[error("{url} answers with status {status}: the log does not say which keys it has had")]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer does not lead from or to the key that is trusted.
    #[error("{url}: {reason}")]
    Bad {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: BadKeys,
    },
}

/// An error with its causes: reqwest says what happened only in those.
fn reasons(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// More than the text may have: parsing says how much that is.
const ANSWER_BYTES_MAX: usize = 1_000_000;
