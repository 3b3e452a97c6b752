//! The memory beside the data directory: a file with the newest published head.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indelible_client::{FileHeads, HeadStore, Swap};
use indelible_log::{Head, Reader};
use indelible_note::{KeyChain, SignedCheckpoint};
use tokio_util::sync::CancellationToken;

use super::{MemoryError, Remembered};
use crate::task::blocking;

/// The checkpoint file: the newest head, or one at most a second older.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    heads: FileHeads,
}

impl CheckpointFile {
    /// The memory in this file, whether it exists or not.
    pub fn at(path: PathBuf) -> Result<CheckpointFile, MemoryError> {
        let heads = FileHeads::new(&path).map_err(io_error(&path))?;
        Ok(CheckpointFile { path, heads })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path, as a memory's name.
    pub fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// The head in the file; `None` if there is no file.
    pub fn load(&self, keys: &KeyChain) -> Result<Option<Remembered>, MemoryError> {
        let Some(note) = self.heads.load().map_err(io_error(&self.path))? else {
            return Ok(None);
        };
        let place = self.place();
        match keys.open_checkpoint(&note) {
            Ok(head) => Ok(Some(Remembered { place, head })),
            Err(error) => Err(MemoryError::Foreign {
                place,
                error: Box::new(error),
            }),
        }
    }

    /// Replaces what the file holds. When this returns the new head is durable.
    pub fn store(&self, head: &SignedCheckpoint) -> Result<(), MemoryError> {
        let mut old = self.heads.load().map_err(io_error(&self.path))?;
        loop {
            let swapped = self.heads.compare_and_swap(old.as_deref(), head.note_bytes());
            match swapped.map_err(io_error(&self.path))? {
                Swap::Stored => return Ok(()),
                Swap::Lost { current } => old = current,
            }
        }
    }

    /// Removes the file and what its writers left beside it.
    pub fn forget(&self) -> Result<(), MemoryError> {
        self.heads.remove().map_err(io_error(&self.path))
    }

    /// Moves the file aside, to a name with `now` in it, seconds since 1970; returns where to.
    pub fn overrule(&self, now: u64) -> Result<PathBuf, MemoryError> {
        let mut aside = self.path.clone().into_os_string();
        aside.push(format!(".overruled-{now}"));
        let aside = PathBuf::from(aside);
        std::fs::rename(&self.path, &aside).map_err(io_error(&self.path))?;
        Ok(aside)
    }

    /// Follows the log until it has ended: the file has every head that is the newest for longer than a second, and the last one.
    /// When `stopping` is cancelled there are no more pauses.
    pub async fn follow(self, reader: Reader, stopping: CancellationToken) {
        let mut heads = reader.heads();
        let mut file = self;
        loop {
            let head: Head = heads.borrow_and_update().clone();
            let stored;
            (file, stored) = blocking(move || {
                let stored = file.store(head.checkpoint());
                (file, stored)
            })
            .await;
            if let Err(error) = stored {
                tracing::error!(%error, "the newest head is not remembered outside the data directory");
            }
            if heads.changed().await.is_err() {
                return;
            }
            // Not woken by every commit: that would cost a lone writer as much as its own waking.
            let _ = tokio::time::timeout(PAUSE, stopping.cancelled()).await;
        }
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> MemoryError {
    move |error| MemoryError::Io {
        place: path.display().to_string(),
        error,
    }
}

/// A head a second: two syncs of a disk that has better things to do.
const PAUSE: Duration = Duration::from_secs(1);
