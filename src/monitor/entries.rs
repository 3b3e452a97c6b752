//! Reads the entries of a log, bundle by bundle, and recomputes the tree from their hashes.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use indelible_client::{ForeignBytes, TreeError, TreeReader};
use indelible_merkle::{CompactRange, TILE_WIDTH};

/// How far the entries were verified.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The tree of all entries so far.
    pub verified: CompactRange,
    /// Why no further.
    pub ended: Ended,
}

/// Why no more entries were read.
#[derive(Clone, Debug)]
pub enum Ended {
    /// There are no more: the tree recomputed has the root that the log has signed.
    AtHead,
    /// There are more, and the log should be looked at in between.
    Paused,
    /// Something is served that is not of the tree.
    Foreign(ForeignBytes),
    /// A bundle or tile cannot be had.
    Unavailable(String),
}

/// The entries are those of the tree, but the tree recomputed is another: what was remembered of it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the entries are those that the log has signed, but the tree of {size} of them that this monitor remembers is not theirs: its \
     state is damaged"
)]
pub struct WrongMemory {
    /// The number of entries.
    pub size: u64,
}

/// Verifies entries behind `verified`: all that the tree has, or as many as there is time for. Each is compared with its place in
/// the tree, and in the end the tree recomputed from all of them with the head.
///
/// # Errors
/// If the two disagree, which only a wrong `verified` explains.
pub(super) async fn advance(reader: &TreeReader, verified: CompactRange) -> Result<Progress, WrongMemory> {
    let begin = Instant::now();
    let size = reader.head().size;
    let mut progress = Progress {
        ended: Ended::AtHead,
        verified,
    };
    let first = progress.verified.size() / TILE_WIDTH;
    let bundles = stream::iter(first..size.div_ceil(TILE_WIDTH));
    let mut bundles = bundles
        .map(|index| async move { (index, reader.entry_hashes(index).await) })
        .buffered(BUNDLES_AT_ONCE);
    while progress.verified.size() < size {
        if begin.elapsed() > SLICE {
            progress.ended = Ended::Paused;
            return Ok(progress);
        }
        let (index, leaves) = bundles.next().await.expect("a bundle for each entry of the tree");
        match leaves {
            Ok(leaves) => {
                // The first of them were verified when the tree ended there.
                let known = progress.verified.size() - index * TILE_WIDTH;
                let known = usize::try_from(known).expect("less than a bundle");
                progress.verified.extend(leaves[known..].to_vec());
            }
            Err(TreeError::Foreign(reason)) => {
                progress.ended = Ended::Foreign(reason);
                return Ok(progress);
            }
            Err(TreeError::Fetch(error)) => {
                progress.ended = Ended::Unavailable(error.to_string());
                return Ok(progress);
            }
        }
    }
    match progress.verified.head() == reader.head() {
        true => Ok(progress),
        false => Err(WrongMemory { size }),
    }
}

/// Four of at most 16 MiB in memory; more of them hide no more of the network's latency than that of a bundle in four.
const BUNDLES_AT_ONCE: usize = 4;

/// In between the log's head is looked at, and what was verified is remembered.
const SLICE: Duration = Duration::from_secs(30);
