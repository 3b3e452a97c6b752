//! Fills the leaf index from the log, behind it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use indelible_index::{IndexError, LeafIndex};
use indelible_log::{ReadError, Reader};
use indelible_merkle::Hash;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Follows the log until it has ended, or until index or log cannot be read; the index then lags, which those who ask it are
/// told. Where it stands at the end is where it goes on at the next start.
///
/// Filling costs as much as appending, so it has a thread of its own that the system runs when others leave it time, and it takes
/// what has come in a while at once: nothing derived stands in the way of an append.
pub async fn fill(index: Arc<LeafIndex>, reader: Reader) {
    let runtime = Handle::current();
    let (running, ended) = oneshot::channel::<()>();
    let thread = thread::Builder::new().name("leaf-index".to_owned()).spawn(move || {
        let _running = running;
        // Where this is refused, appends are a little slower.
        let _ = rustix::process::nice(NICENESS);
        if let Err(error) = follow(&index, &reader, &runtime) {
            tracing::error!(%error, "the leaf index follows no more; proofs by leaf hash will lag");
        }
    });
    match thread {
        Ok(_) => drop(ended.await),
        Err(error) => tracing::error!(%error, "no thread can be started to fill the leaf index"),
    }
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn follow(index: &LeafIndex, reader: &Reader, runtime: &Handle) -> Result<(), FollowError> {
    let mut heads = reader.heads();
    let mut indexed = index.indexed_size()?;
    if indexed > reader.head().size() {
        // The file belongs to a log that was longer: this one was restored. The index is made anew.
        index.reset()?;
        indexed = 0;
    }
    loop {
        let size = heads.borrow_and_update().size();
        while indexed < size {
            let end = size.min(indexed + STEP);
            let leaves = leaves(reader, indexed, end)?;
            // The watermark moves in the transaction that adds the leaves: killed here, the next start repeats this step.
            index.extend(indexed, &leaves)?;
            indexed = end;
            if heads.has_changed().is_err() {
                return Ok(());
            }
        }
        if runtime.block_on(heads.changed()).is_err() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}

/// Read piece by piece, so that nobody waits long for what is read under a lock.
fn leaves(reader: &Reader, start: u64, end: u64) -> Result<Vec<Hash>, ReadError> {
    let mut leaves = Vec::new();
    let mut at = start;
    while at < end {
        let next = end.min(at + PIECE);
        leaves.extend(reader.leaf_hashes(at, next)?);
        at = next;
    }
    Ok(leaves)
}

/// Leaves in one transaction: some 100 ms of work, which a shutdown waits for.
const STEP: u64 = 65_536;

const PIECE: u64 = 2_048;

/// How far the index may be behind a log that is not busy; what it does not have yet is looked for in memory.
const PAUSE: Duration = Duration::from_millis(100);

/// As little as there is: a sixtieth of the time that others get who want to run too.
const NICENESS: i32 = 19;
