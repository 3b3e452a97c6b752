//! The files of a log as they should be, for whoever needs many of them: asked for again when asking may help, and of the length
//! that their path says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use indelible_merkle::{Hash, TileContent, TilePath, bundle};
use tokio::time::{Instant, sleep};

use super::{FetchError, TileError, TileSource, Wrong};

/// For how long a file is asked for that does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The pause after the first failure; each further one is twice as long, up to 30 s, or as long as the server says.
    pub first_pause: Duration,
    /// When no pause is begun any more, counted from the first attempt. Zero asks once.
    pub limit: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            first_pause: Duration::from_millis(250),
            limit: Duration::from_secs(60),
        }
    }
}

/// A [`TileSource`] that is asked patiently. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct PatientSource {
    source: TileSource,
    patience: Patience,
    bytes: Arc<AtomicU64>,
}

impl PatientSource {
    /// The files of this source.
    pub fn new(source: TileSource, patience: Patience) -> PatientSource {
        PatientSource {
            source,
            patience,
            bytes: Arc::default(),
        }
    }

    /// The newest checkpoint, unverified.
    ///
    /// # Errors
    ///
    /// If it cannot be had.
    pub async fn checkpoint(&self) -> Result<Bytes, FetchError> {
        self.patiently(|| self.source.checkpoint()).await
    }

    /// The tile or bundle of exactly this width, taken from the full one where the partial one is gone. A tile has the length that
    /// its width says; of a bundle nothing is known.
    ///
    /// # Errors
    ///
    /// If it cannot be had, or has another length.
    pub async fn file(&self, path: &TilePath) -> Result<Bytes, TileError> {
        let gone = match self.exactly(path).await {
            Err(TileError::Fetch(gone @ FetchError::Absent { .. })) if path.to_full() != *path => gone,
            result => return result,
        };
        let full = path.to_full();
        match self.exactly(&full).await {
            Ok(body) => beginning(&body, path).map_err(|wrong| wrong.of(full).into()),
            // What is missing is what was asked for; that the full one is missing too is only to be expected.
            Err(TileError::Fetch(FetchError::Absent { .. })) => Err(TileError::Fetch(gone)),
            Err(error) => Err(error),
        }
    }

    /// The hashes of a tile, of which only their number is known to be right.
    ///
    /// # Errors
    ///
    /// As [`PatientSource::file`].
    pub async fn hashes(&self, path: &TilePath) -> Result<Vec<Hash>, TileError> {
        let body = self.file(path).await?;
        Ok(Hash::split(&body).expect("a tile has as many bytes as its hashes"))
    }

    /// The bytes of all files that came, checkpoints included.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    async fn exactly(&self, path: &TilePath) -> Result<Bytes, TileError> {
        let body = match self.patiently(|| self.source.file(path)).await {
            Ok(body) => body,
            Err(FetchError::TooLong { limit, .. }) => {
                let (expected, found) = (limit, limit + 1);
                return Err(Wrong::Length { expected, found }.of(*path).into());
            }
            Err(error) => return Err(TileError::Fetch(error)),
        };
        match tile_bytes(path) {
            Some(expected) if expected != body.len() => {
                let found = body.len();
                Err(Wrong::Length { expected, found }.of(*path).into())
            }
            _ => Ok(body),
        }
    }

    async fn patiently<F>(&self, ask: impl Fn() -> F) -> Result<Bytes, FetchError>
    where
        F: Future<Output = Result<Bytes, FetchError>>,
    {
        let begin = Instant::now();
        let mut pause = self.patience.first_pause;
        loop {
            let error = match ask().await {
                Ok(body) => {
                    self.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
                    return Ok(body);
                }
                Err(error) => error,
            };
            let wanted = match &error {
                FetchError::Busy { after: Some(after), .. } => pause.max(*after),
                _ => pause,
            };
            if !error.is_temporary() || begin.elapsed() + wanted > self.patience.limit {
                return Err(error);
            }
            sleep(wanted).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

/// As much of a full tile or bundle as a partial one has.
fn beginning(full: &Bytes, path: &TilePath) -> Result<Bytes, Wrong> {
    let length = match tile_bytes(path) {
        Some(length) => length,
        None => bundle::beginning(full, width(path)).map_err(Wrong::Entries)?.len(),
    };
    Ok(full.slice(..length))
}

/// How many bytes a tile has; a bundle may have any number.
fn tile_bytes(path: &TilePath) -> Option<usize> {
    matches!(path.content(), TileContent::Hashes { .. }).then(|| width(path) * Hash::BYTES)
}

fn width(path: &TilePath) -> usize {
    usize::try_from(path.width()).expect("a tile is at most 256 wide")
}

const PAUSE_MAX: Duration = Duration::from_secs(30);
