//! Reads the entries of a log, bundle by bundle, and recomputes the tree from their hashes.

use std::time::{Duration, Instant};

use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, StreamExt};
use indelible_client::{PatientSource, TileError, Trunk, check_leaves};
use indelible_merkle::{CompactRange, Hash, TILE_WIDTH, TileId, TilePath};

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
    /// Something is served that is not of the tree: what.
    Foreign(String),
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
pub(super) async fn advance(trunk: &mut Trunk, verified: CompactRange) -> Result<Progress, WrongMemory> {
    let begin = Instant::now();
    let head = trunk.head();
    let source = trunk.source().clone();
    let mut progress = Progress {
        ended: Ended::AtHead,
        verified,
    };
    let mut wanted = (progress.verified.size() / TILE_WIDTH)..head.size.div_ceil(TILE_WIDTH);
    let mut under_way = FuturesOrdered::new();
    while progress.verified.size() < head.size {
        if begin.elapsed() > SLICE {
            progress.ended = Ended::Paused;
            return Ok(progress);
        }
        while under_way.len() < BUNDLES_AT_ONCE
            && let Some(index) = wanted.next()
        {
            // The tile first, from which it is known what the bundle has to be; one tile serves for all that is above others.
            let due = trunk.hashes(TileId { level: 0, index }).await.map(<[Hash]>::to_vec);
            let path = TilePath::of_bundle(index, head.size).expect("the tree has entries there");
            under_way.push_back(match due {
                Ok(due) => bundle(source.clone(), path, due).left_future(),
                Err(error) => std::future::ready(Err(error)).right_future(),
            });
        }
        match under_way.next().await.expect("a bundle for each entry of the tree") {
            Ok((path, leaves)) => {
                // The first of them were verified when the tree ended there.
                let known = progress.verified.size() - path.index() * TILE_WIDTH;
                let known = usize::try_from(known).expect("less than a bundle");
                progress.verified.extend(leaves[known..].to_vec());
            }
            Err(error) => {
                progress.ended = Ended::of(&error);
                return Ok(progress);
            }
        }
    }
    match progress.verified.head() == head {
        true => Ok(progress),
        false => Err(WrongMemory { size: head.size }),
    }
}

impl Ended {
    /// What an error of the files says.
    pub(super) fn of(error: &TileError) -> Ended {
        match error {
            TileError::Fetch(error) => Ended::Unavailable(error.to_string()),
            TileError::Wrong(_) | TileError::Root { .. } => Ended::Foreign(error.to_string()),
        }
    }
}

/// A bundle that has these leaf hashes, with its path.
async fn bundle(source: PatientSource, path: TilePath, due: Vec<Hash>) -> Result<(TilePath, Vec<Hash>), TileError> {
    let body = source.file(&path).await?;
    check_leaves(&path, &body, &due)?;
    Ok((path, due))
}

/// Four of at most 16 MiB in memory; more of them hide no more of the network's latency than that of a bundle in four.
const BUNDLES_AT_ONCE: usize = 4;

/// In between the log's head is looked at, and what was verified is remembered.
const SLICE: Duration = Duration::from_secs(30);
