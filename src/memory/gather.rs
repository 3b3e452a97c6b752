//! All memories of a log, and which of them contradict it.

use indelible_note::KeyChain;

use super::{CheckpointFile, Consent, MemoryError, Remembered, ask};
use crate::config::Config;

/// What the memories of a log remember.
#[derive(Debug)]
pub struct Gathered {
    /// The heads, that in the checkpoint file first.
    pub heads: Vec<Remembered>,
    /// Those that did not answer: [`MemoryError::Silent`] each.
    pub silent: Vec<MemoryError>,
}

/// A head that the log does not continue.
#[derive(Debug)]
pub struct Contradiction {
    /// The head.
    pub remembered: Remembered,
    /// [`MemoryError::Later`] or [`MemoryError::OtherRoot`].
    pub error: MemoryError,
}

/// Reads the checkpoint file and asks the URLs that are configured, which takes at most 5 s.
///
/// # Errors
/// [`MemoryError::Foreign`] if one of them holds something else than a head under one of the `keys`; [`MemoryError::Silent`] if one does not
/// answer although the configuration requires it.
pub async fn gather(file: &CheckpointFile, config: &Config, keys: &KeyChain) -> Result<Gathered, MemoryError> {
    let mut heads: Vec<Remembered> = file.load(keys)?.into_iter().collect();
    let mut silent = Vec::new();
    for answer in ask(&config.memories, keys).await {
        match answer {
            Ok(remembered) => heads.push(remembered),
            Err(error @ MemoryError::Silent { .. }) if !config.memories_required => silent.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(Gathered { heads, silent })
}

/// Those heads that a log does not continue, by `check`, and that nobody has given up.
pub fn contradictions(
    heads: Vec<Remembered>,
    given_up: &[Consent],
    check: impl Fn(&Remembered) -> Result<(), MemoryError>,
) -> Result<Vec<Contradiction>, MemoryError> {
    let mut found = Vec::new();
    for remembered in heads {
        match check(&remembered) {
            Ok(()) => {}
            Err(error) if error.is_refuted() => {
                if !given_up.iter().any(|consent| consent.covers(&remembered)) {
                    found.push(Contradiction { remembered, error });
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
