//! Memories over the network: whatever answers `indelible.v1` GetTreeHead with a head under a key of the log.

use std::time::Duration;

use futures_util::future::join_all;
use indelible_client::{Client, ConnectError, Error, MemoryHeads, Misbehavior, Options};
use indelible_note::KeyChain;

use super::{MemoryError, Remembered};

/// Asks all of them at once, and gives their heads in the same order. Takes at most 5 s.
///
/// # Errors
/// [`MemoryError::Silent`] for one that does not answer with a head, [`MemoryError::Foreign`] if the head is of another log.
pub(super) async fn ask(urls: &[String], keys: &KeyChain) -> Vec<Result<Remembered, MemoryError>> {
    join_all(urls.iter().map(|url| async move {
        let answer = tokio::time::timeout(TIMEOUT, ask_one(url, keys)).await;
        answer.unwrap_or_else(|_| Err(silent(url, format!("no answer within {TIMEOUT:?}"))))
    }))
    .await
}

async fn ask_one(url: &str, keys: &KeyChain) -> Result<Remembered, MemoryError> {
    let options = Options {
        timeout: TIMEOUT,
        ..Options::default()
    };
    let client = Client::connect_with_keys(url, keys.clone(), MemoryHeads::new(), options)
        .await
        .map_err(|error: ConnectError| silent(url, error.to_string()))?;
    let head = client.head().await.map_err(|error| match &error {
        Error::Misbehaved(misbehavior) => match misbehavior.as_ref() {
            Misbehavior::Head { reason, .. } | Misbehavior::OtherKey { reason, .. } => MemoryError::Foreign {
                place: url.to_owned(),
                error: Box::new(reason.clone()),
            },
            _ => silent(url, error.to_string()),
        },
        _ => silent(url, error.to_string()),
    })?;
    Ok(Remembered {
        place: url.to_owned(),
        head,
    })
}

fn silent(url: &str, reason: String) -> MemoryError {
    MemoryError::Silent {
        place: url.to_owned(),
        reason,
    }
}

/// A start waits as long for a memory that does not answer, and no longer.
const TIMEOUT: Duration = Duration::from_secs(5);
