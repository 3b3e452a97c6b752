//! Fills the leaf index from the log, behind it.

use std::sync::Arc;

use indelible_index::{IndexError, LeafIndex};
use indelible_log::{ReadError, Reader};

use crate::task::blocking;

/// Follows the log until it has ended and all of it is indexed, or until index or log cannot be read; the index then lags,
/// which those who ask it are told.
pub async fn fill(index: Arc<LeafIndex>, reader: Reader) {
    let mut heads = reader.heads();
    loop {
        let size = heads.borrow_and_update().size();
        let (index, reader) = (index.clone(), reader.clone());
        if let Err(error) = blocking(move || catch_up(&index, &reader, size)).await {
            tracing::error!(%error, "the leaf index follows no more; proofs by leaf hash will lag");
            return;
        }
        if heads.changed().await.is_err() {
            return;
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn catch_up(index: &LeafIndex, reader: &Reader, size: u64) -> Result<(), FollowError> {
    let mut indexed = index.indexed_size()?;
    if indexed > size {
        // The file belongs to a log that was longer: this one was restored. The index is made anew.
        index.reset()?;
        indexed = 0;
    }
    while indexed < size {
        let end = size.min(indexed + STEP);
        // The watermark moves in the transaction that adds the leaves: killed here, the next start repeats this step.
        index.extend(indexed, &reader.leaf_hashes(indexed, end)?)?;
        indexed = end;
    }
    Ok(())
}

/// Leaves in one transaction: some milliseconds of work.
const STEP: u64 = 8_192;
